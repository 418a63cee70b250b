"""``bascule routes``: the HTTP routes of every service that runs, from the contracts they announce."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from bascule.cli.broker import broker_option, broker_url
from bascule.cli.options import data_option


@click.command("routes")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@broker_option
@data_option
def command(as_json: bool, broker: str | None, data: Path | None) -> None:
    """Show verb, path, service and method of every route, and how many instances serve it."""
    routes = asyncio.run(_routes(broker_url(broker, data)))
    if as_json:
        click.echo(json.dumps(routes, indent=2))
        return
    width = max((len(each["path"]) for each in routes), default=0)
    for each in routes:
        lock = "" if each["auth"] == "public" else "  (token)"
        click.echo(f"{each['verb']:<7}{each['path']:<{width + 2}}{each['method']}  x{each['instances']}{lock}")


async def _routes(url: str) -> list[dict[str, Any]]:
    from bascule.connection import Connection
    from bascule.discovery import describe, find_services

    routes = []
    async with Connection(url, name="cli") as connection:
        for announced in await find_services(connection):
            document = json.loads(await asyncio.to_thread(describe, connection, announced.service))
            for method in document["services"][announced.service]["methods"]:
                routes += [
                    {
                        "verb": each["verb"], "path": each["path"], "method": f"{announced.service}.{method['name']}",
                        "auth": method.get("auth") or "", "instances": len(announced.instances),
                    }
                    for each in method.get("http") or []
                ]  # fmt: skip
    return sorted(routes, key=lambda each: (each["path"], each["verb"]))
