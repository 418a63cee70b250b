"""``bascule test``: GoogleTest through ctest, pytest, linters."""

from __future__ import annotations

import os
import sys
import time

import click

from bascule.cli.checks import PARTS, Outcome
from bascule.tree import find_tree


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(sorted(PARTS)))
@click.option("-k", "keyword", metavar="PATTERN", help="Only the tests that match (ctest -R, pytest -k).")
@click.option(
    "--brokers",
    metavar="NAMES",
    help="Of interop: embedded, rabbitmq-3, rabbitmq-4, artemis, separated by commas, or all. [default: all but rabbitmq-4]",
)
@click.option("--fix", is_flag=True, help="Let the linters rewrite what they can.")
def command(parts: tuple[str, ...], keyword: str | None, brokers: str | None, fix: bool) -> None:
    """Run every test, or only the PARTS named.

    \b
    unit        the C++ unit tests, by ctest, and the Python ones, by pytest; no sockets
    functional  C++ parts against a real database or broker, by ctest; the whole platform over HTTP
                and AMQP, by pytest
    security    hostile bytes, credentials, TLS, access lists
    interop     other people's AMQP clients and brokers
    chaos       processes killed, disks and networks failing, under load
    lint        ruff, mypy --strict and clang-format
    """
    if brokers:
        os.environ["BASCULE_BROKERS"] = brokers
    tree = find_tree()
    outcomes: list[Outcome] = []
    for name in parts or list(PARTS):
        for check in PARTS[name](tree, keyword, fix):
            click.secho(f"── {name}: {check.title}", bold=True)
            sys.stdout.flush()
            started = time.monotonic()
            outcome = check.run()
            outcomes.append(outcome)
            click.echo(f"   {outcome.summary} in {time.monotonic() - started:.1f} s")
    passed = sum(outcome.passed for outcome in outcomes)
    failed = [outcome.title for outcome in outcomes if not outcome.ok]
    click.secho("── all of it", bold=True)
    for outcome in outcomes:
        click.echo(f"   {'ok    ' if outcome.ok else 'FAILED'} {outcome.title}: {outcome.summary}")
    if failed:
        click.secho(f"{passed} passed, but these failed: {', '.join(failed)}", fg="red")
        sys.exit(1)
    click.secho(f"{passed} passed", fg="green")
