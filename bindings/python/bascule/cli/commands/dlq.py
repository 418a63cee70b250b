"""``bascule dlq``: messages that could not be processed."""

from __future__ import annotations

import click

from bascule.cli import queues

EPILOG = """\b
Examples:
  bascule dlq list
  bascule dlq peek events.shop.OrderPlaced::catalog
  bascule dlq redrive orders --rate 50       back to where they came from, gently
"""


def address_of(name: str) -> str:
    from bascule.management import DEAD_LETTERS

    return name if name.startswith(DEAD_LETTERS) else DEAD_LETTERS + name


@click.group("dlq", epilog=EPILOG)
def command() -> None:
    """Look at dead letters, and send them back. NAME is the queue they came from."""


@command.command("list")
@queues.json_option
@queues.target_options
def list_queues(as_json: bool, target: queues.Target) -> None:
    """Show the queues of dead letters."""
    with queues.management(target) as management:
        nodes = [node for node in management.nodes() if node.is_dead_letters]
    queues.show_nodes(nodes, as_json)


@command.command("peek")
@click.argument("name")
@queues.count_option
@queues.json_option
@queues.target_options
def peek(name: str, count: int, as_json: bool, target: queues.Target) -> None:
    """Show dead letters: why, after how many attempts, and what they say."""
    with queues.management(target) as management:
        queues.show_messages(management.peek(address_of(name), count), as_json)


@command.command("redrive")
@click.argument("name")
@queues.paced
@queues.target_options
def redrive(name: str, limit: int | None, rate: float | None, target: queues.Target) -> None:
    """Send dead letters back to where they came from, oldest first. Ctrl-C stops; what has gone is gone."""
    with queues.management(target) as management:
        queues.follow(management.redrive(address_of(name), limit, rate), "sent back")


@command.command("purge")
@click.argument("name")
@queues.yes_option
@queues.target_options
def purge(name: str, yes: bool, target: queues.Target) -> None:
    """Remove the dead letters of a queue for good."""
    yes or click.confirm(f"remove every dead letter of {name}?", abort=True)
    with queues.management(target) as management:
        click.echo(f"{management.purge(address_of(name))} removed")
