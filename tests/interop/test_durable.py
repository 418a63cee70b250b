"""What a broker that was killed keeps, and connections that are silent: on brokers of their own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from interop.clients import BY_NAME, LIBRARIES, Library
from interop.conftest import Programs
from interop.driver import AmqpError, text, texts
from interop.pairs import EACH
from support.daemons import Daemon, daemon


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory, programs: Programs) -> Iterator[Daemon]:
    """A broker that every client sent durable messages to, which was killed, and started again on its data."""
    data = str(tmp_path_factory.mktemp("data"))

    def settings(name: str) -> tuple[str, dict[str, object], Path]:
        folder = tmp_path_factory.mktemp(name)
        return "bascule-broker", {"broker": {"listen": "127.0.0.1:0", "data": data}}, folder

    with daemon(*settings("first")) as first:
        for client in (library for library in LIBRARIES if not library.missing()):
            connection = programs.get(client).connect(first.amqp)
            messages = [text(f"{client.name} {n}", header={"durable": True}) for n in range(5)]
            connection.sender(f"kept.{client.name}").accepted(*messages)
            receiver = connection.receiver(f"kept.{client.name}", credit=2)
            receiver.take(2)
            connection.sender(f"kept.{client.name}").accepted(text("last", header={"durable": True}))
            connection.sender(f"events.kept.{client.name}", capabilities=["topic"])
            options: dict[str, Any] = {"capabilities": ["topic", "shared", "global"], "durable": 2, "expires": "never"}
            connection.receiver(f"events.kept.{client.name}", name=f"{client.name}|1", **options)
            connection.sender(f"events.kept.{client.name}").accepted(text("event", header={"durable": True}))
        first.process.kill()
        first.process.wait()
    with daemon(*settings("second")) as second:
        yield second


@pytest.mark.feature("Accepted durable messages survive kill -9; settled ones stay away")
@EACH
def test_durable_messages_survive(client: Library, restarted: Daemon, programs: Programs) -> None:
    connection = programs.get(client).connect(restarted.amqp)
    receiver = connection.receiver(f"kept.{client.name}", credit=10)
    assert texts(receiver.take(4)) == [*(f"{client.name} {n}" for n in (2, 3, 4)), "last"]
    assert not receiver.receive(timeout=0.1)
    connection.close()


@pytest.mark.feature("A durable subscription and its messages survive kill -9")
@EACH
def test_durable_subscriptions_survive(client: Library, restarted: Daemon, programs: Programs) -> None:
    connection = programs.get(client).connect(restarted.amqp)
    options: dict[str, Any] = {"capabilities": ["topic", "shared", "global"], "durable": 2, "expires": "never"}
    receiver = connection.receiver(f"events.kept.{client.name}", name=f"{client.name}|2", credit=1, **options)
    assert texts(receiver.take(1)) == ["event"]
    connection.close()


PATIENCE = (2.0, 10.0)  # seconds; the second for a machine too busy to send something each second
EVERY = list(BY_NAME.values())


@pytest.fixture(scope="module")
def silences(tmp_path_factory: pytest.TempPathFactory, programs: Programs) -> Iterator[dict[str, Exception | None]]:
    """How each client got over a silence, all at once: both sides give up on a peer that is silent for so long."""

    def silent(client: Library, url: str, patience: float) -> Exception | None:
        try:
            connection = programs.get(client).connect(url, heartbeat=patience)
            sender = connection.sender(f"silent.{client.name}")
            connection.idle(patience * 2.25)
            sender.accepted(text("still here"))
            connection.close()
        except AmqpError as error:
            return error
        return None

    found: dict[str, Exception | None] = {}
    for patience in PATIENCE:
        again = [c for c in EVERY if not c.missing() and (c.name not in found or found[c.name] is not None)]
        settings: dict[str, object] = {"broker": {"listen": "127.0.0.1:0", "idle_timeout": f"{patience:g}s"}}
        folder = tmp_path_factory.mktemp("silent")
        with daemon("bascule-broker", settings, folder) as broker, ThreadPoolExecutor(len(EVERY)) as pool:
            running = {c.name: pool.submit(silent, c, broker.amqp, patience) for c in again}
            found |= {name: result.result(120) for name, result in running.items()}
        if not any(found.values()):
            break
    yield found


@pytest.mark.feature("Heartbeats, both ways")
@pytest.mark.parametrize("client", EVERY, ids=[client.name for client in EVERY])
def test_a_silent_connection_stays(client: Library, silences: dict[str, Exception | None], programs: Programs) -> None:
    programs.get(client)
    assert silences[client.name] is None
