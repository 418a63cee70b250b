"""``bascule restart``: single processes of a running platform."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bascule.cli.options import data_option, layout_of
from bascule.platform.platform import group_of
from bascule.platform.status import wait_serving
from bascule.platform.supervisor import Supervisor


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@data_option
def command(names: tuple[str, ...], data: Path | None) -> None:
    """Drain and stop processes, then start them again: after a new build, say.

    The configuration stays what `up` wrote. Exit code 1 when one does not serve again within a minute.
    """
    layout = layout_of(data)
    supervisor = Supervisor(layout)
    groups = {name: group_of(supervisor, name) for name in names}
    for name, group in groups.items():
        if supervisor.states()[name].pid:
            supervisor.stop(group, name)
        supervisor.start(group, name)
    late = wait_serving(layout, set(names), seconds=60)
    for name in names:
        click.echo(f"  {name} {'does not serve yet: bascule logs ' + name if name in late else 'serves again'}")
    if late:
        sys.exit(1)
