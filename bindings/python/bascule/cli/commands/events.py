"""``bascule events``: look at events as they pass."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from bascule.cli.broker import broker_option, broker_url
from bascule.cli.options import data_option


@click.group("events")
def command() -> None:
    """Look at events."""


@command.command("tail")
@click.argument("pattern", default="events.#")
@click.option("--count", "-n", type=int, default=0, help="End after so many.  [default: go on until Ctrl-C]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@broker_option
@data_option
def tail(pattern: str, count: int, as_json: bool, broker: str | None, data: Path | None) -> None:
    """Print events live, decoded by the contracts of the services that run: bascule events tail 'events.shop.*'"""
    try:
        asyncio.run(_tail(broker_url(broker, data), pattern, count, as_json))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def _tail(url: str, pattern: str, count: int, as_json: bool) -> None:
    from bascule.connection import Connection

    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    async with Connection(url, name="cli") as connection:
        connection.attach().listen(pattern, ["topic"], messages.put_nowait)
        registries = await _registries(connection)
        click.echo(f"listening to {pattern}; {len(registries)} event types known", err=True)
        shown = 0
        while count == 0 or shown < count:
            message = await messages.get()
            if message.get("cloudEvents_type", "") not in registries:
                registries = await _registries(connection)  # a service that started meanwhile
            click.echo(_line(registries, message, as_json))
            shown += 1


async def _registries(connection: Any) -> dict[str, Any]:
    """For each event type, a registry that can decode it."""
    from bascule.discovery import find_services, registry_of

    known: dict[str, Any] = {}
    for announced in await find_services(connection):
        registry = await asyncio.to_thread(registry_of, connection, announced.service)
        known |= {name: registry for name, described in registry.types.items() if described["kind"] == "struct"}
    return known


def _line(registries: dict[str, Any], message: dict[str, Any], as_json: bool) -> str:
    from bascule.failures import DecodeError
    from bascule.json_mapping import to_json

    kind = message.get("cloudEvents_type", "")
    registry, body = registries.get(kind), message["body"]
    data: Any = f"({len(body)} bytes, no contract known)"
    if registry is not None:
        try:
            _, _, value = registry.plan(kind).decode_message(body, message["content_type"].endswith("binary"))
            data = to_json(registry, {"ref": kind}, value)
        except DecodeError as error:
            data = f"(undecodable: {error})"
    event = {"type": kind, "id": message.get("cloudEvents_id", ""), "source": message.get("cloudEvents_source", "")}
    event |= {"key": message.get("group_id", ""), "traceparent": message.get("traceparent", ""), "data": data}
    if as_json:
        return json.dumps(event, ensure_ascii=False)
    return f"{event['type']}  key={event['key']}  from {event['source']}  {json.dumps(data, ensure_ascii=False)}"
