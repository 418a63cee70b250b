"""``bascule status``: what runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from bascule.cli.options import data_option, layout_of
from bascule.cli.view import process_table
from bascule.errors import NotRunning
from bascule.platform import status


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@data_option
def command(as_json: bool, data: Path | None) -> None:
    """Show every process: state, process id, restarts, where it listens.

    \b
    --json prints {"processes": [{"name", "pid", "state", "restarts", "uptime_s", "endpoints"}]}; state is running
    (it serves), starting, backoff, fatal, stopping, stopped or exited. Exit code 3: the platform is not running.
    """
    try:
        processes = status.collect(layout_of(data))
    except NotRunning:
        if not as_json:
            raise
        click.echo(json.dumps(status.as_json([])))
        sys.exit(NotRunning.exit_code)
    click.echo(json.dumps(status.as_json(processes), indent=2) if as_json else process_table(processes))
