"""tools/setup/packages.sh: what is missing of a list, with stand-ins for dpkg-query and apt-cache on PATH."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]

DPKG = """#!/bin/sh
# Says what dpkg-query would of the packages in $INSTALLED; names that it does not know go to standard error.
for name in "$@"; do
  case " $INSTALLED " in *" $name "*) echo "$name installed" ;; esac
  case " $REMOVED " in *" $name "*) echo "$name config-files" ;; esac
done
exit 1
"""
APT = """#!/bin/sh
case " $AVAILABLE " in *" $2 "*) echo "  Candidate: 1.0-1" ;; *) echo "  Candidate: (none)" ;; esac
"""


@pytest.fixture
def missing(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs missing_packages on a list, given what is installed, removed and available."""
    (tmp_path / "tools/packages").mkdir(parents=True)
    for name, text in (("dpkg-query", DPKG), ("apt-cache", APT)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run(listed: str, installed: str = "", available: str = "", removed: str = "") -> list[str]:
        (tmp_path / "tools/packages/debian.txt").write_text(listed)
        script = f". {TREE}/tools/setup/say.sh; . {TREE}/tools/setup/packages.sh; missing_packages debian"
        environment = {
            "BASCULE_ROOT": str(tmp_path),
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "INSTALLED": installed,
            "AVAILABLE": available,
            "REMOVED": removed,
        }
        done = subprocess.run(["sh", "-eu", "-c", script], env=environment, capture_output=True, text=True)
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout.split()

    return run


def test_nothing_is_missing_when_all_is_installed(missing) -> None:  # type: ignore[no-untyped-def]
    assert missing("# a comment\ncmake\n\nninja-build # and why\n", installed="cmake ninja-build") == []


def test_what_is_not_installed_is_named_in_the_lists_order(missing) -> None:  # type: ignore[no-untyped-def]
    assert missing("cmake\ng++\nninja-build\n", installed="g++") == ["cmake", "ninja-build"]


def test_a_removed_package_is_missing(missing) -> None:  # type: ignore[no-untyped-def]
    assert missing("cmake\n", removed="cmake") == ["cmake"]


def test_any_alternative_satisfies(missing) -> None:  # type: ignore[no-untyped-def]
    assert missing("boost1.81|boost\n", installed="boost", available="boost1.81 boost") == []


def test_the_first_alternative_that_apt_has_is_chosen(missing) -> None:  # type: ignore[no-untyped-def]
    assert missing("boost1.81|boost1.83|boost\n", available="boost1.83 boost") == ["boost1.83"]


def test_with_no_alternative_available_the_last_is_named(missing) -> None:  # type: ignore[no-untyped-def]
    assert missing("boost1.81|boost\n") == ["boost"]


def test_a_package_that_is_only_for_its_command(missing) -> None:  # type: ignore[no-untyped-def]
    """A toolchain that came from elsewhere is not installed a second time."""
    assert missing("sh=dash\nno-such-command=other-package\n") == ["other-package"]
    assert missing("no-such-command=other-package\n", installed="other-package") == []
