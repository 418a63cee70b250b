"""What `accepted` promises: it survives kill -9, an I/O error, a restart; and damage is told, never passed over."""

from __future__ import annotations

import pathlib
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from proton import Data, Message, Terminus, symbol
from proton.reactor import LinkOption
from proton.utils import BlockingConnection, LinkDetached, SendException

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]


class DurableGroup(LinkOption):
    def apply(self, link) -> None:
        link.source.capabilities.put_array(False, Data.SYMBOL)
        link.source.capabilities.enter()
        for name in ("topic", "shared", "global"):
            link.source.capabilities.put_symbol(symbol(name))
        link.source.capabilities.exit()
        link.source.durability = Terminus.DELIVERIES
        link.source.expiry_policy = Terminus.EXPIRE_NEVER


def send(connection: BlockingConnection, address: str, *bodies: object) -> None:
    sender = connection.create_sender(address)
    for body in bodies:
        sender.send(Message(body=body, durable=True))


def take_all(connection: BlockingConnection, address: str, count: int) -> list[Any]:
    receiver = connection.create_receiver(address, credit=100)
    bodies = []
    for _ in range(count):
        bodies.append(receiver.receive(timeout=30).body)
        receiver.accept()
    receiver.close()
    return bodies


def test_what_was_accepted_survives_kill_and_what_was_settled_does_not(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path
) -> None:
    broker = start_broker("--data", str(tmp_path))
    connection = connect(broker.url)
    send(connection, "q", *range(10))
    assert take_all(connection, "q", 4) == [0, 1, 2, 3]
    sender = connection.create_sender("q", name="more")
    sender.send(Message(body="volatile", durable=False))
    sender.send(Message(body="last", durable=True))  # its flush covers the four settlements before it
    broker.kill()
    connection = connect(start_broker("--data", str(tmp_path)).url)
    assert take_all(connection, "q", 7) == [4, 5, 6, 7, 8, 9, "last"]


def test_durable_subscription_and_its_messages_survive(start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path) -> None:
    broker = start_broker("--data", str(tmp_path))
    connection = connect(broker.url)
    connection.create_receiver("events.shop.*", credit=0, name="billing|1", options=DurableGroup())
    send(connection, "events.shop.OrderPlaced", "placed")
    broker.kill()
    connection = connect(start_broker("--data", str(tmp_path)).url)
    send(connection, "events.shop.OrderShipped", "shipped")
    receiver = connection.create_receiver("events.shop.*", credit=10, name="billing|2", options=DurableGroup())
    assert [receiver.receive(timeout=30).body for _ in range(2)] == ["placed", "shipped"]


def test_orderly_restart(start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path) -> None:
    broker = start_broker("--data", str(tmp_path))
    connection = connect(broker.url)
    send(connection, "q", "a")
    connection.close()
    assert broker.stop() == 0
    connection = connect(start_broker("--data", str(tmp_path)).url)
    assert take_all(connection, "q", 1) == ["a"]




def journal_files(data: pathlib.Path) -> list[pathlib.Path]:
    return sorted((data / "journal").glob("*.journal"))


def tool(broker: Any, name: str, data: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*broker.command[:1], name, "--data", str(data)], capture_output=True, text=True, timeout=180, check=False)


def test_a_damaged_message_stops_its_queue_by_file_and_offset_and_no_other(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path
) -> None:
    broker = start_broker("--data", str(tmp_path))
    send(connect(broker.url), "q", *[f"message {n}" for n in range(20)])
    send(connect(broker.url), "other", "whole")
    broker.kill()
    whole = tool(broker, "verify", tmp_path)
    assert (whole.returncode, "21 messages live" in whole.stdout) == (0, True)

    damaged = journal_files(tmp_path)[0]
    content = bytearray(damaged.read_bytes())
    content[content.index(b"message 7")] ^= 1
    damaged.write_bytes(content)
    stopped = start_broker("--data", str(tmp_path))
    assert re.search(rf"{damaged.name} is damaged at offset \d+.*bascule-broker compact", stopped.log_text())
    connection = connect(stopped.url)
    with pytest.raises(LinkDetached, match=rf"internal-error.*{damaged.name} is damaged at offset"):
        connection.create_receiver("q").receive(timeout=30)
    with pytest.raises(SendException):
        connection.create_sender("q").send(Message(body="not taken", durable=True))
    assert take_all(connection, "other", 1) == ["whole"]
    stopped.kill()
    found = tool(broker, "verify", tmp_path)
    assert (found.returncode, "damaged at offset" in found.stdout) == (1, True)
    assert tool(broker, "dump", tmp_path).stdout.count('"damaged":true') == 1
    assert tool(broker, "compact", tmp_path).returncode == 0
    assert list(tmp_path.glob("journal.old/*.journal"))
    connection = connect(start_broker("--data", str(tmp_path)).url)
    assert take_all(connection, "q", 19) == [f"message {n}" for n in range(20) if n != 7]


def test_damage_that_cannot_be_put_down_to_a_queue_is_refused(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path
) -> None:
    broker = start_broker("--data", str(tmp_path))
    send(connect(broker.url), "q", "first", "second")
    broker.kill()
    damaged = journal_files(tmp_path)[0]
    content = bytearray(damaged.read_bytes())
    content[content.index(b"BTCH") + 16] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(RuntimeError, match=rf"{damaged.name} is damaged at offset \d+.*bascule-broker compact"):
        start_broker("--data", str(tmp_path))


def test_one_folder_serves_one_broker(start_broker: StartBroker, tmp_path: pathlib.Path) -> None:
    start_broker("--data", str(tmp_path))
    with pytest.raises(RuntimeError, match="in use by another broker"):
        start_broker("--data", str(tmp_path))


def test_health_and_metrics(start_broker: StartBroker, connect: Connect) -> None:
    import httpx

    broker = start_broker(config='[broker]\nmetrics = "127.0.0.1:0"\n')
    send(connect(broker.url), "orders", "a", "b")
    base = broker.endpoints["metrics"]
    assert httpx.get(base + "/readyz", timeout=60).status_code == 200
    text = httpx.get(base + "/metrics", timeout=60).text
    assert 'bascule_broker_queue_messages{queue="orders"} 2' in text
    assert "bascule_broker_connections 1" in text
