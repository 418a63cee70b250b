"""``bascule queues``: the broker's queues and topics."""

from __future__ import annotations

import click

from bascule.cli import queues

EPILOG = """\b
Examples:
  bascule queues list
  bascule queues peek rpc.shop.Catalog --count 3
  bascule queues move orders.old orders --rate 100
  bascule queues list --http http://127.0.0.1:8161 --token-file token      over HTTP instead of AMQP
"""


@click.group("queues", epilog=EPILOG)
def command() -> None:
    """Look at the broker's queues and topics, and mend them."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Dynamic nodes of clients too.")
@queues.json_option
@queues.target_options
def list_nodes(everything: bool, as_json: bool, target: queues.Target) -> None:
    """Show every queue and topic, and what is in it."""
    with queues.management(target) as management:
        nodes = management.nodes()
    queues.show_nodes([node for node in nodes if everything or not node.address.startswith("temporary.")], as_json)


@command.command("declare")
@click.argument("name")
@click.option("--topic", is_flag=True, help="A topic instead of a queue.")
@queues.target_options
def declare(name: str, topic: bool, target: queues.Target) -> None:
    """Make a node that stays although nobody uses it."""
    with queues.management(target) as management:
        management.declare(name, "topic" if topic else "queue")
    click.echo(f"{name} is there")


@command.command("delete")
@click.argument("name")
@queues.yes_option
@queues.target_options
def delete(name: str, yes: bool, target: queues.Target) -> None:
    """Delete a node with all its messages."""
    yes or click.confirm(f"delete {name} and every message in it?", abort=True)
    with queues.management(target) as management:
        management.delete(name)
    click.echo(f"{name} is gone")


@command.command("purge")
@click.argument("name")
@queues.yes_option
@queues.target_options
def purge(name: str, yes: bool, target: queues.Target) -> None:
    """Remove the messages of a queue that nobody holds."""
    yes or click.confirm(f"remove every message of {name}?", abort=True)
    with queues.management(target) as management:
        click.echo(f"{management.purge(name)} removed")


@command.command("peek")
@click.argument("name")
@queues.count_option
@queues.json_option
@queues.target_options
def peek(name: str, count: int, as_json: bool, target: queues.Target) -> None:
    """Show the oldest messages and leave them where they are."""
    with queues.management(target) as management:
        queues.show_messages(management.peek(name, count), as_json)


@command.command("move")
@click.argument("name")
@click.argument("to")
@queues.paced
@queues.target_options
def move(
    name: str, to: str, limit: int | None, rate: float | None, target: queues.Target
) -> None:  # fmt: skip
    """Move messages from one queue to another, oldest first. Ctrl-C stops; what has gone is gone."""
    with queues.management(target) as management:
        queues.follow(management.move(name, to, limit, rate), "moved")
