"""tools/setup/interop.sh: when the foreign clients are wanted, made, made again, and what is said when they cannot be."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
SETUP = "".join(f". {TREE}/tools/setup/{name}.sh; " for name in ("say", "packages", "interop"))


def run(script: str, root: Path = TREE, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "BASCULE_ROOT": str(root), **environment}
    return subprocess.run(["sh", "-eu", "-c", SETUP + script], env=variables, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("test", True),
        ("test interop", True),
        ("test unit interop", True),
        ("test -k durable", True),
        ("test --verbose", True),
        ("test unit", False),
        ("test unit -k interop", False),
        ("test lint functional", False),
    ],
)
def test_when_they_are_wanted(arguments: str, wanted: bool) -> None:
    assert run(f"wants_interop {arguments}").returncode == (0 if wanted else 1)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one client, whose making writes a line to `made`."""
    (tmp_path / "tools/setup").mkdir(parents=True)
    (tmp_path / "tools/setup/interop.sh").write_text("")
    (tmp_path / "tests/interop/clients/mine").mkdir(parents=True)
    (tmp_path / "tests/interop/clients/mine/source").write_text("one")
    return tmp_path


MAKE = 'make_mine() { echo made >>"$BASCULE_ROOT/made"; }; '


def times_made(tree: Path) -> int:
    made = tree / "made"
    return len(made.read_text().splitlines()) if made.exists() else 0


def test_made_once_and_again_when_it_changed(tree: Path) -> None:
    for source, times in (("one", 1), ("one", 1), ("two", 2)):
        (tree / "tests/interop/clients/mine/source").write_text(source)
        assert run(MAKE + "ensure_client mine sh echo version", tree).returncode == 0
        assert times_made(tree) == times
    assert run(MAKE + "ensure_client mine sh echo other-version", tree).returncode == 0
    assert times_made(tree) == 3


def test_without_its_toolchain_it_says_what_to_install(tree: Path) -> None:
    (tree / "tools/packages").mkdir()
    (tree / "tools/packages/interop.txt").write_text("no-such-command=golang-go\n")
    assert run(MAKE + "ensure_client mine no-such-command echo 1", tree).returncode == 0
    said = (tree / "build/interop/mine.missing").read_text()
    assert "no-such-command" in said
    assert "golang-go" in said
    assert times_made(tree) == 0


def test_what_cannot_be_made_is_told_and_tried_again(tree: Path) -> None:
    at_once = 'sleep() { echo "slept $1"; }; '
    failing = at_once + 'make_mine() { echo the registry is away; return 1; }; ensure_client mine sh echo 1'
    done = run(failing, tree)
    assert done.returncode == 0
    assert done.stdout.count("slept") == 3
    assert "the registry is away" in done.stderr
    assert "build/interop/mine/log" in (tree / "build/interop/mine.missing").read_text()
    assert run(MAKE + "ensure_client mine sh echo 1", tree).returncode == 0
    assert times_made(tree) == 1
    assert not (tree / "build/interop/mine.missing").exists()


def test_a_registry_that_answers_the_second_time_is_enough(tree: Path) -> None:
    second = 'sleep() { :; }; make_mine() { test -f "$BASCULE_ROOT/tried" || { touch "$BASCULE_ROOT/tried"; return 1; }; }; '
    assert run(second + "ensure_client mine sh echo 1", tree).returncode == 0
    assert (tree / "build/interop/mine/key").exists()
    assert not (tree / "build/interop/mine.missing").exists()
