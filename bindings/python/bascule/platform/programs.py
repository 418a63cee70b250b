"""Finding the programs that a platform runs: $BASCULE_BIN, the tree's build, PATH; in that order."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from bascule.errors import PlatformError


class Programs:
    """Where to look. Immutable."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    @classmethod
    def of_tree(cls, tree: Path | None, environment: Mapping[str, str] = os.environ) -> Programs:
        named = environment.get("BASCULE_BIN")
        if named:
            return cls([Path(named)])
        return cls([tree / "build" / "dev" / "bin"] if tree else [])

    def find(self, name: str, directory: Path) -> Path | None:
        """The program, or None. A name with a slash is a path from `directory`."""
        if "/" in name:
            path = directory / name
            return path if os.access(path, os.X_OK) else None
        for folder in self._folders:
            if os.access(folder / name, os.X_OK):
                return folder / name
        found = shutil.which(name)
        return Path(found) if found else None

    def resolve(self, command: list[str], directory: Path) -> list[str] | None:
        """The command with its program's full path and {python} filled in; None when there is no such program."""
        program = sys.executable if command[0] == "{python}" else self.find(command[0], directory)
        if program is None:
            return None
        return [str(program), *(word.replace("{python}", sys.executable) for word in command[1:])]

    def need(self, name: str, command: list[str], directory: Path) -> list[str]:
        resolved = self.resolve(command, directory)
        if resolved is None:
            looked = ", ".join([*(str(folder) for folder in self._folders), "PATH"])
            raise PlatformError(
                f"{name}: no program `{command[0]}` in {looked}: build it (./bascule setup), or set BASCULE_BIN to "
                "the folder that holds it; --without SERVICE leaves a service out"
            )
        return resolved
