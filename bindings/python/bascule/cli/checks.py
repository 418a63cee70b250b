"""What ``bascule test`` runs: each check is a program, its output shown as it comes and its test count read from it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Counter = Callable[[str], int]


@dataclass(frozen=True)
class Outcome:
    """How a check went: its tests that passed (0 for a linter), and a few words."""

    title: str
    ok: bool
    passed: int
    summary: str


@dataclass(frozen=True)
class Check:
    """One program to run in the tree. Exit code 0 is success, and a test program must have counted at least one."""

    title: str
    command: list[str]
    tree: Path
    count: Counter | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def run(self) -> Outcome:
        program = shutil.which(self.command[0])
        if program is None:
            return Outcome(self.title, False, 0, f"{self.command[0]} is not installed: ./bascule setup")
        code, text = stream([program, *self.command[1:]], self.tree, self.environment)
        if self.count is None:
            return Outcome(self.title, code == 0, 0, "clean" if code == 0 else f"exit code {code}")
        passed = self.count(text)
        ok = code == 0 and passed > 0
        reason = "" if ok else (f", exit code {code}" if code else ", and a run without tests is no success")
        return Outcome(self.title, ok, passed, f"{passed} passed{reason}")


def stream(command: list[str], folder: Path, extra: dict[str, str]) -> tuple[int, str]:
    """Runs a program without standard input, shows its output as it comes, and returns its exit code and output."""
    kept: list[str] = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **extra},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            sys.stdout.write(line)
            kept.append(line)
        sys.stdout.flush()
    return child.returncode, "".join(kept)


def ctest_count(text: str) -> int:
    """Passed tests of ctest's closing line ``100% tests passed, 0 tests failed out of 57``."""
    found = re.search(r"(\d+) tests failed out of (\d+)", text)
    return int(found[2]) - int(found[1]) if found else 0


def pytest_count(text: str) -> int:
    """Passed tests of pytest's closing line ``== 12 passed, 1 skipped in 0.34s ==``."""
    found = re.findall(r"(\d+) passed", text)
    return int(found[-1]) if found else 0


def unit(tree: Path, keyword: str | None, fix: bool) -> Iterator[Check]:
    """No sockets, no daemons: C++ by ctest, Python by pytest."""
    yield ctest("unit", tree, keyword)
    yield pytest("pytest tests/unit_py", tree, "tests/unit_py", keyword)


def functional(tree: Path, keyword: str | None, fix: bool) -> Iterator[Check]:
    """C++ parts against a real peer, by ctest; the whole platform, by pytest."""
    yield ctest("functional", tree, keyword)
    if any((tree / "tests/functional").rglob("test_*.py")):
        yield pytest("pytest tests/functional", tree, "tests/functional", keyword)


def ctest(label: str, tree: Path, keyword: str | None) -> Check:
    selected = ["-R", keyword] if keyword else []
    command = ["ctest", "--preset", "dev", "-L", f"^{label}$", "--progress", *selected]
    return Check(f"ctest {label}", command, tree, ctest_count)


def pytest(title: str, tree: Path, folder: str, keyword: str | None) -> Check:
    selected = ["-k", keyword] if keyword else []
    return Check(title, [sys.executable, "-m", "pytest", folder, *selected], tree, pytest_count)


def by_pytest(kind: str) -> Callable[[Path, str | None, bool], Iterator[Check]]:
    """A folder under tests/ that only pytest runs; nothing until it holds a test."""

    def part(tree: Path, keyword: str | None, fix: bool) -> Iterator[Check]:
        if any((tree / "tests" / kind).rglob("test_*.py")):
            yield pytest(f"pytest tests/{kind}", tree, f"tests/{kind}", keyword)

    return part


def lint(tree: Path, keyword: str | None, fix: bool) -> Iterator[Check]:
    """ruff, mypy and clang-format."""
    python = [sys.executable, "-m"]
    yield Check("ruff check", [*python, "ruff", "check", *(["--fix"] if fix else [])], tree)
    yield Check("mypy", [*python, "mypy"], tree)
    listed = subprocess.run(
        ["git", "ls-files", "*.cpp", "*.hpp", "*.c", "*.h"], cwd=tree, capture_output=True, text=True, check=False
    )
    formatter = str(Path(sys.executable).parent / "clang-format")  # pinned in .venv: versions disagree
    mode = ["-i"] if fix else ["--dry-run", "--Werror"]
    yield Check("clang-format", [formatter, *mode, *listed.stdout.split()], tree)


PARTS: dict[str, Callable[[Path, str | None, bool], Iterator[Check]]] = {
    "unit": unit,
    "functional": functional,
    "security": by_pytest("security"),
    "interop": by_pytest("interop"),
    "chaos": by_pytest("chaos"),
    "lint": lint,
}
