"""``bascule logs``: what processes wrote."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from bascule.cli.options import data_option, layout_of
from bascule.errors import PlatformError
from bascule.platform.logs import LogFile, last_lines

COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on, until Ctrl-C.")
@click.option("-n", "--lines", default=20, show_default=True, help="Of each process, from the end.")
@data_option
def command(names: tuple[str, ...], follow: bool, lines: int, data: Path | None) -> None:
    """Show the logs of all processes, or of those named (orders, broker, gateway, postgres, supervisord, ...)."""
    layout = layout_of(data)
    known = sorted(file.stem for file in layout.logs.glob("*.log"))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise PlatformError(f"no log of {unknown[0]} in {layout.logs}; there are: {', '.join(known) or 'none'}")
    chosen = list(names) or [name for name in known if name not in ("supervisord", "watch")]
    width = max((len(name) for name in chosen), default=0)

    def show(name: str, line: str) -> None:
        colour = COLOURS[known.index(name) % len(COLOURS)]
        prefix = click.style(f"{name:{width}} | ", fg=colour) if len(chosen) > 1 else ""
        click.echo(prefix + line)

    files = {name: LogFile(layout.log_file(name)) for name in chosen}
    for name in chosen:
        for line in last_lines(layout.log_file(name), lines):
            show(name, line)
    try:
        while follow:
            for name, file in files.items():
                for line in file.new_lines():
                    show(name, line)
            sys.stdout.flush()
            time.sleep(0.1)
    except KeyboardInterrupt:
        sys.exit(130)
