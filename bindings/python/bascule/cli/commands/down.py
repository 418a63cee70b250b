"""``bascule down``: stop what `up --detach` started."""

from __future__ import annotations

from pathlib import Path

import click

from bascule.cli.options import data_option, layout_of
from bascule.errors import NotRunning
from bascule.platform import orphans
from bascule.platform.platform import stop


@click.command()
@data_option
def command(data: Path | None) -> None:
    """Drain and stop everything: gateway, services, broker, PostgreSQL. The data stays."""
    layout = layout_of(data)
    try:
        stop(layout, lambda line: click.echo(f"  {line}"))
        click.echo("Stopped.")
    except NotRunning:
        left = orphans.find(layout)
        orphans.end(left)
        click.echo(
            f"Nothing was running{f' but {len(left)} processes without a supervisor, now ended' if left else ''}."
        )
