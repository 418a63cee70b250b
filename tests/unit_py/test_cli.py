"""The command line as a person meets it: help, wrong usage, nothing running."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bascule.cli import cli
from bascule.cli.view import duration, table

TREE = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bascule", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("name", sorted(cli.list_commands(click.Context(cli))))
def test_every_command_explains_itself(name: str) -> None:
    shown = run(name, "--help")  # a process of its own: a command may replace its process by another program
    assert shown.returncode == 0, shown.stderr
    assert "usage" in shown.stdout.lower()
    assert "unavailable" not in shown.stdout


def test_help_names_exit_codes_and_examples() -> None:
    shown = CliRunner().invoke(cli, ["--help"])
    assert "Exit codes:" in shown.output
    assert "Examples:" in shown.output


def test_status_of_nothing_is_exit_code_3_and_still_json(tmp_path: Path) -> None:
    done = run("status", "--json", "--data", str(tmp_path))
    assert done.returncode == 3
    assert json.loads(done.stdout) == {"processes": []}
    done = run("status", "--data", str(tmp_path))
    assert done.returncode == 3
    assert "./bascule up" in done.stderr


def test_down_of_nothing_is_fine(tmp_path: Path) -> None:
    done = run("down", "--data", str(tmp_path))
    assert done.returncode == 0
    assert "Nothing was running" in done.stdout


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run("logs", "ordrs", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "no log of ordrs" in done.stderr


def test_nonsense_is_wrong_usage(tmp_path: Path) -> None:
    assert run("frobnicate").returncode == 2
    assert run("up", "--http-port", "99999", "--data", str(tmp_path)).returncode == 2
    assert run("up", "--http-port", "x", "--data", str(tmp_path)).returncode == 2


def test_columns_line_up_whatever_the_colour() -> None:
    shown = table(["A", "B"], [[click.style("run", fg="green"), "1"], ["starting", "2"]])
    lines = click.unstyle(shown).splitlines()
    assert [line.index(last) for line, last in zip(lines, "B12", strict=True)] == [10, 10, 10]


def test_durations() -> None:
    assert [duration(s) for s in (None, 5, 65, 3700)] == ["-", "5s", "1m05s", "1h01m"]
