"""What is served on a broker: services announce themselves, and describe themselves when asked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from bascule import dynamic
from bascule.connection import Connection
from bascule.contract import Registry

ANNOUNCE = "bascule.announce"


@dataclass
class Announced:
    """One service, and the instances of it that answered."""

    service: str
    address: str
    digest: str
    instances: set[str] = field(default_factory=set)


async def find_services(connection: Connection, quiet: float = 1.0, most: float = 4.0) -> list[Announced]:
    """Asks who serves, until nobody new has answered for ``quiet`` seconds, at most ``most``."""
    engine = connection.attach()
    found: dict[str, Announced] = {}
    loop = asyncio.get_running_loop()
    last_news = loop.time()

    def heard(message: dict[str, Any]) -> None:
        nonlocal last_news
        said = json.loads(message["body"] or b"{}")
        if said.get("state") != "up":
            return
        known = found.setdefault(said["service"], Announced(said["service"], said["address"], said["digest"]))
        if said["instance"] not in known.instances:
            known.instances.add(said["instance"])
            last_news = loop.time()

    engine.listen(ANNOUNCE, ["topic"], heard)
    until = loop.time() + most
    while loop.time() < min(last_news + quiet, until):
        # Again and again: the subscription may stand only after the first question.
        engine.send(ANNOUNCE, ["topic"], "who", b'{"state":"who"}', "application/json")
        await asyncio.sleep(0.2)
    return [found[name] for name in sorted(found)]


def describe(connection: Connection, service: str, timeout: float = 5.0) -> str:
    """A service's descriptor, by its platform method. Blocks."""
    return connection.open().call(f"rpc.{service}", "bascule.describe", b"", timeout).decode()


def registry_of(connection: Connection, service: str, timeout: float = 5.0) -> Registry:
    """A registry with classes of everything in a service's contract. Blocks."""
    return dynamic.load(describe(connection, service, timeout))
