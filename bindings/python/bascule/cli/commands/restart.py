"""``bascule restart``: single processes of a running platform."""

from __future__ import annotations

from pathlib import Path

import click

from bascule.cli.options import data_option, layout_of
from bascule.platform.platform import group_of
from bascule.platform.supervisor import Supervisor


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@data_option
def command(names: tuple[str, ...], data: Path | None) -> None:
    """Drain and stop processes, then start them again: after a new build, say.

    A platform that was started from `up` keeps its configuration; for another one, stop it and start it again.
    """
    supervisor = Supervisor(layout_of(data))
    groups = {name: group_of(supervisor, name) for name in names}
    for name, group in groups.items():
        if supervisor.states()[name].pid:
            supervisor.stop(group, name)
        supervisor.start(group, name)
        click.echo(f"  {name} restarted")
