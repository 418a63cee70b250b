"""Where the source tree is, for the commands that work on it."""

from __future__ import annotations

import os
from pathlib import Path

from bascule.errors import PlatformError


def find_tree() -> Path:
    """The tree: $BASCULE_ROOT, or the nearest folder above this file or the working directory that holds one."""
    named = os.environ.get("BASCULE_ROOT")
    candidates = [Path(named)] if named else [*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents]
    for folder in candidates:
        if (folder / "bascule").is_file() and (folder / "CMakePresets.json").is_file():
            return folder
    where = f"BASCULE_ROOT={named}" if named else "here or above"
    raise PlatformError(f"no Bascule source tree ({where}): run this from a checkout, or set BASCULE_ROOT to one")
