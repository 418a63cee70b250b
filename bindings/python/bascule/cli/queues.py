"""What ``bascule queues`` and ``bascule dlq`` share: the connection, the table, a message on a line, progress."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bascule.cli.broker import broker_url
from bascule.cli.view import table

LONGEST = 200  # bytes of a body that is shown

if TYPE_CHECKING:
    from bascule.management import Management, Node, Peeked


@contextlib.contextmanager
def management(broker: str | None, data: Path | None) -> Iterator[Management]:
    from bascule.connection import Connection
    from bascule.management import Management

    with Connection(broker_url(broker, data), name="cli") as connection:
        yield Management(connection)


def show_nodes(nodes: list[Node], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(node) for node in nodes], indent=2))
        return
    if not nodes:
        click.echo("none")
        return
    head = ["ADDRESS", "KIND", "MESSAGES", "UNSETTLED", "SCHEDULED", "BYTES", "CONSUMERS"]
    click.echo(table(head, [row(node) for node in nodes]))


def row(node: Node) -> list[str]:
    messages = click.style(str(node.messages), fg="red" if node.is_dead_letters and node.messages else None)
    counts = [messages, *map(str, (node.unsettled, node.scheduled, node.bytes, node.consumers))]
    return [node.address, node.kind, *(counts if node.kind == "queue" else ["-"] * 5)]


def show_messages(messages: list[Peeked], as_json: bool) -> None:
    for each in messages:
        shown: dict[str, Any] = {"position": each.position, "delivery_count": each.delivery_count}
        shown |= describe(each.message)
        click.echo(json.dumps(shown, ensure_ascii=False) if as_json else line(shown))
    if not messages and not as_json:
        click.echo("no messages")


def line(shown: dict[str, Any]) -> str:
    head = f"{shown['position']}  attempts={shown['delivery_count']}"
    rest = (f"{key}={value}" for key, value in shown.items() if key not in ("position", "delivery_count"))
    return "  ".join([head, *rest])


def describe(message: bytes) -> dict[str, Any]:
    """A message's properties and annotations by name, and its body when that is a short text."""
    from bascule import _native

    found = _native.describe_message(message)
    body = found.pop("body")
    text = body.decode("utf-8", "replace")
    readable = len(body) <= LONGEST and text.isprintable()
    return {**found, "body": text if readable else f"({len(body)} bytes)"}


def follow(counts: Iterator[int], what: str) -> None:
    """Shows progress on a terminal, and at the end how many; Ctrl-C stops between two requests."""
    moved, interactive = 0, sys.stderr.isatty()
    try:
        for moved in counts:
            if interactive:
                click.echo(f"\r{moved} {what}", nl=False, err=True)
    except KeyboardInterrupt:
        click.echo(f"\nstopped: {moved} {what}", err=True)
        raise SystemExit(130) from None
    click.echo(f"\r{moved} {what}" if interactive else f"{moved} {what}")
