"""./bascule itself, in a copy of the tree's scripts, with stand-ins for apt so that nothing is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
FAKES = {
    "dpkg-query": "exit 1",
    "apt-cache": 'echo "  Candidate: 1"',
    "apt-get": 'echo "apt-get $*" >>"$FAKE_LOG"; exit "${APT_FAILS:-0}"',
    "sudo": 'if [ "$1" = -n ]; then exit "${SUDO_ASKS:-0}"; fi; echo "sudo" >>"$FAKE_LOG"; exec "$@"',
    "id": 'echo "${FAKE_UID:-0}"',
}


class Entry:
    """A copy of the entry script in a tree that needs one package."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.log = folder / "log"
        self._fakes = folder / "fakes"
        shutil.copytree(TREE / "tools" / "setup", self.tree / "tools" / "setup")
        shutil.copy(TREE / "bascule", self.tree / "bascule")
        (self.tree / "tools" / "packages").mkdir()
        (self.tree / "tools" / "packages" / "debian.txt").write_text("cmake\n")
        self._fakes.mkdir()
        for name, text in FAKES.items():
            (self._fakes / name).write_text(f"#!/bin/sh\n{text}\n")
            (self._fakes / name).chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": f"{self._fakes}:{os.environ['PATH']}", "FAKE_LOG": str(self.log), "HOME": "/nowhere"}
        return subprocess.run(
            [str(self.tree / "bascule"), *arguments],
            env={**variables, **environment}, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180,
            start_new_session=True,  # no terminal
        )  # fmt: skip

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    return Entry(tmp_path)


@pytest.mark.parametrize("arguments", [(), ("help",), ("up", "--help"), ("test", "-h")])
def test_help_needs_no_set_up_and_does_none(entry: Entry, arguments: tuple[str, ...]) -> None:
    done = entry.run(*arguments)
    assert done.returncode == 0
    assert "Usage: ./bascule" in done.stdout
    assert entry.calls() == []
    assert not (entry.tree / ".venv").exists()


def test_before_the_set_up_a_command_says_what_comes_first(entry: Entry) -> None:
    done = entry.run("status")
    assert done.returncode == 1
    assert "run ./bascule up" in done.stderr


def test_the_exact_line_is_printed_and_nothing_installed_without_consent(entry: Entry) -> None:
    done = entry.run("up")
    assert done.returncode == 1
    assert "apt-get install -y --no-install-recommends cmake" in done.stderr
    assert "give -y" in done.stderr
    assert entry.calls() == []


@pytest.mark.parametrize(
    ("arguments", "environment"), [(("up", "-y"), {}), (("test", "--yes"), {}), (("up",), {"CI": "true"})]
)
def test_with_consent_the_printed_line_is_run(
    entry: Entry, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    done = entry.run(*arguments, APT_FAILS="100", **environment)
    assert done.returncode == 1
    assert "apt-get could not install" in done.stderr
    assert entry.calls()[-1].endswith("-o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 --no-install-recommends cmake")


def test_who_is_not_root_installs_by_sudo(entry: Entry) -> None:
    done = entry.run("up", "-y", FAKE_UID="1000", APT_FAILS="100")
    assert "sudo apt-get install" in done.stderr
    assert entry.calls()[0] == "sudo"


def test_a_sudo_that_asks_for_a_password_where_nobody_can_give_it(entry: Entry) -> None:
    done = entry.run("up", "-y", FAKE_UID="1000", SUDO_ASKS="1")
    assert done.returncode == 1
    assert "sudo wants a password" in done.stderr
    assert "no terminal" in done.stderr
    assert "apt-get install -y --no-install-recommends cmake" in done.stderr
    assert entry.calls() == []


def test_ci_false_is_no_consent(entry: Entry) -> None:
    assert entry.run("up", CI="false").returncode == 1
    assert entry.calls() == []
