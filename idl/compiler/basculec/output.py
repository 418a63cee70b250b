"""Writes what was generated, touching only what changed, so that a build repeats no work."""

from __future__ import annotations

import os
from pathlib import Path

from basculec.errors import ToolError


class Output:
    """Files by path. Nothing is on disk before write(); a path given twice must hold the same text."""

    def __init__(self) -> None:
        self.files: dict[Path, str] = {}
        self.marks: dict[Path, str] = {}

    def add(self, path: Path, text: str, only_over: str = "") -> None:
        """`only_over`: a file that is there and does not hold this text is a person's, and stays."""
        if self.files.setdefault(path, text) != text:
            raise ToolError(f"{path}: two contracts make this file; give them different file names or namespaces")
        self.marks[path] = only_over

    def write(self) -> list[Path]:
        """The paths that changed."""
        changed = []
        for path, text in self.files.items():
            try:
                if path.is_file():
                    there = path.read_text(encoding="utf-8", errors="replace")
                    if there == text or self.marks[path] not in there:
                        continue
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary = path.with_name(f".{path.name}.{os.getpid()}")
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(path)
            except OSError as wrong:
                raise ToolError(
                    f"{path}: cannot be written: {wrong.strerror}; give a folder you may write to"
                ) from None
            changed.append(path)
        return changed


def depfile(targets: list[Path], sources: list[Path]) -> str:
    """Make's syntax, as ninja reads it."""

    def escaped(path: Path) -> str:
        return str(path).replace("\\", "\\\\").replace(" ", "\\ ").replace("$", "$$").replace("#", "\\#")

    return f"{escaped(targets[0])}: {' '.join(escaped(s) for s in sources)}\n"
