"""``bascule queues``: the broker's queues and topics."""

from __future__ import annotations

from pathlib import Path

import click

from bascule.cli import queues
from bascule.cli.broker import broker_option
from bascule.cli.options import data_option

EPILOG = """\b
Examples:
  bascule queues list
  bascule queues peek rpc.shop.Catalog --count 3
  bascule queues move orders.old orders --rate 100
"""

json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group("queues", epilog=EPILOG)
def command() -> None:
    """Look at the broker's queues and topics, and mend them."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Dynamic nodes of clients too.")
@json_option
@broker_option
@data_option
def list_nodes(everything: bool, as_json: bool, broker: str | None, data: Path | None) -> None:
    """Show every queue and topic, and what is in it."""
    with queues.management(broker, data) as management:
        nodes = management.nodes()
    queues.show_nodes([node for node in nodes if everything or not node.address.startswith("temporary.")], as_json)


@command.command("declare")
@click.argument("name")
@click.option("--topic", is_flag=True, help="A topic instead of a queue.")
@broker_option
@data_option
def declare(name: str, topic: bool, broker: str | None, data: Path | None) -> None:
    """Make a node that stays although nobody uses it."""
    with queues.management(broker, data) as management:
        management.declare(name, "topic" if topic else "queue")
    click.echo(f"{name} is there")


@command.command("delete")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@broker_option
@data_option
def delete(name: str, yes: bool, broker: str | None, data: Path | None) -> None:
    """Delete a node with all its messages."""
    yes or click.confirm(f"delete {name} and every message in it?", abort=True)
    with queues.management(broker, data) as management:
        management.delete(name)
    click.echo(f"{name} is gone")


@command.command("purge")
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@broker_option
@data_option
def purge(name: str, yes: bool, broker: str | None, data: Path | None) -> None:
    """Remove the messages of a queue that nobody holds."""
    yes or click.confirm(f"remove every message of {name}?", abort=True)
    with queues.management(broker, data) as management:
        click.echo(f"{management.purge(name)} removed")


@command.command("peek")
@click.argument("name")
@click.option("--count", "-n", type=click.IntRange(1, 100), default=10, show_default=True)
@json_option
@broker_option
@data_option
def peek(name: str, count: int, as_json: bool, broker: str | None, data: Path | None) -> None:
    """Show the oldest messages and leave them where they are."""
    with queues.management(broker, data) as management:
        queues.show_messages(management.peek(name, count), as_json)


@command.command("move")
@click.argument("name")
@click.argument("to")
@click.option("--limit", type=click.IntRange(1), help="So many at most.  [default: all]")
@click.option("--rate", type=click.FloatRange(0.1), help="Messages a second.  [default: as fast as it goes]")
@broker_option
@data_option
def move(
    name: str, to: str, limit: int | None, rate: float | None, broker: str | None, data: Path | None
) -> None:  # fmt: skip
    """Move messages from one queue to another, oldest first. Ctrl-C stops; what has gone is gone."""
    with queues.management(broker, data) as management:
        queues.follow(management.move(name, to, limit, rate), "moved")
