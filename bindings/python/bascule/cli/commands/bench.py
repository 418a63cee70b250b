"""``bascule bench``: the figures that the README quotes, beside their peers."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from bascule.cli.benchmarks import discover, figures, render
from bascule.errors import PlatformError
from bascule.tree import find_tree


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print the array of figures instead of a table.")
@click.option("--list", "only_list", is_flag=True, help="Print the names of the benchmarks.")
def command(names: tuple[str, ...], as_json: bool, only_list: bool) -> None:
    """Measure everything, or only the benchmarks named; peers run in the same session, alternating.

    \b
    --json prints [{"name", "unit", "value", "p50_us", "p99_us", "cpu_us", "peers": {...}, "ratio": {...}}].
    A benchmark is bench/NAME/run, a program that prints that array.
    """
    tree = find_tree()
    known = discover(tree)
    if only_list:
        click.echo("\n".join(known))
        return
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no benchmark {unknown[0]}; there are: {', '.join(known) or 'none yet'}")
    everything: list[dict[str, Any]] = []
    failed = False
    for name in names or known:
        click.echo(f"bench {name} ...", err=True)
        try:
            everything += figures(tree, name)
        except PlatformError as error:
            click.secho(str(error), fg="red", err=True)
            failed = True
    click.echo(json.dumps(everything, indent=2) if as_json else render(everything))
    if failed:
        sys.exit(1)
