"""What is wrong with a contract, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Where:
    """A place in a contract's source; line 0 is the file as a whole."""

    path: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


class ContractError(Exception):
    """The contract cannot be compiled. `problems` are whole sentences `file:line: message; what to do`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class ToolError(Exception):
    """The compiler cannot do its work here: Thrift's compiler is missing, a file cannot be written."""


class Problems:
    """Collects problems, so that one run reports all of them."""

    def __init__(self) -> None:
        self._found: list[tuple[Where, str]] = []

    def add(self, where: Where, message: str) -> None:
        if (where, message) not in self._found:
            self._found.append((where, message))

    def raise_any(self) -> None:
        if self._found:
            raise ContractError(f"{where}: {message}" for where, message in sorted(self._found))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)
    return found[0] if found else None
