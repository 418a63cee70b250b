"""``bascule doctor``: what stands in the way, and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bascule.cli.options import app_option, application_of, data_option, layout_of
from bascule.platform.checkup import examine
from bascule.platform.programs import Programs
from bascule.tree import find_tree

MARKS = {"ok": ("ok   ", "green"), "note": ("note ", "yellow"), "wrong": ("WRONG", "red")}


@click.command()
@data_option
@app_option
def command(data: Path | None, app: Path | None) -> None:
    """Look at the system, the build, PostgreSQL, ports and processes; say what is wrong and what to do.

    Exit code 1 when something is wrong.
    """
    found_wrong = 0
    for finding in examine(layout_of(data), application_of(app), Programs.of_tree(find_tree())):
        mark, colour = MARKS[finding.verdict]
        click.echo(f"{click.style(mark, fg=colour)}  {finding.title:<12} {finding.text}")
        found_wrong += finding.verdict == "wrong"
    if found_wrong:
        sys.exit(1)
