"""A backlog larger than memory, messages larger than memory, watermarks: seen from a client."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from proton import Delivery, Message, Timeout
from proton.utils import BlockingConnection, LinkDetached

from support.streaming import Stream

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]

MIB = 1 << 20


def metric(broker: Any, name: str) -> float:
    text = httpx.get(broker.endpoints["metrics"] + "/metrics", timeout=30).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in the metrics"
    return float(found[1])


def eventually(holds: Callable[[], bool]) -> None:
    """Asks again until it holds, for 60 s: each question is a request to the broker."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end


def config(**settings: object) -> str:
    lines = [f"{key} = {value if isinstance(value, int) else repr(value)}" for key, value in settings.items()]
    return "[broker]\nmetrics = '127.0.0.1:0'\n" + "\n".join(lines) + "\n"


def peak(broker: Any) -> int:
    """The most resident bytes it ever had."""
    status = pathlib.Path(f"/proc/{broker.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


@pytest.mark.parametrize("durable", [True, False])
def test_a_backlog_is_not_kept_in_memory(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path, durable: bool
) -> None:
    # A message that is in no journal leaves when its file has it: on a slow disk the producer waits for it at memory_high.
    broker = start_broker("--data", str(tmp_path), config=config(memory_pages="4MiB", memory_high="16MiB"))
    before = broker.rss()
    connection = connect(broker.url)
    sender = connection.create_sender("q")
    body = os.urandom(64 << 10)
    for n in range(1000):
        sender.send(Message(id=n, body=body, durable=durable))
    assert peak(broker) < before + 32 * MIB, "of 64 MiB that wait"
    eventually(lambda: metric(broker, "bascule_broker_message_memory_bytes") < 10 * MIB)
    assert durable or metric(broker, "bascule_broker_paged_out_messages") > 500
    receiver = connection.create_receiver("q", credit=20)
    for n in range(1000):
        message = receiver.receive(timeout=30)
        assert (message.id, bytes(message.body) == body, message.durable) == (n, True, durable)
        receiver.accept()
    assert broker.rss() < before + 48 * MIB


# MiB; with 1024 it is the gigabyte that docs/broker.md speaks of: some 15 s.
LARGE = int(os.environ.get("BASCULE_LARGE_MESSAGE", "256"))


def encoded(durable: bool, size: int, digest: Any) -> Iterator[bytes]:
    """A message of so many MiB, each different, a part at a time; digest hears what is behind the header."""
    yield b"\0Sp\xc0\x02\x01" + (b"A" if durable else b"B")
    part = os.urandom(MIB - 8)
    for n in range(-1, size):
        body = b"\0Su\xb0" + (size * MIB).to_bytes(4, "big") if n < 0 else n.to_bytes(8, "big") + part
        digest.update(body)
        yield body


@pytest.mark.parametrize("durable", [True, False])
def test_a_large_message_passes_in_bounded_memory(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path, durable: bool
) -> None:
    size = LARGE if durable else 64
    settings = config(max_message_size="2GiB", max_queue_bytes="8GiB")
    broker = start_broker("--data", str(tmp_path), config=settings)
    sent, received = hashlib.sha256(), hashlib.sha256()
    producer = Stream(broker.url)
    assert producer.send("q", encoded(durable, size, sent)) == Delivery.ACCEPTED
    producer.close()
    connect(broker.url).create_sender("q").send(Message(id="behind", body="small", durable=durable))
    assert len(list((tmp_path / "journal").glob("*.body"))) == 1
    most = peak(broker)
    if durable:
        broker.kill()
        broker = start_broker("--data", str(tmp_path), config=settings)
    header = 11  # bytes of the one that the broker writes: durable, priority, no ttl, first-acquirer
    behind_header = bytearray()

    def take(part: bytes) -> None:
        received.update(part if len(behind_header) == header else part[header:])
        behind_header.extend(part[: header - len(behind_header)])

    consumer = Stream(broker.url)
    consumer.receive("q", take)
    consumer.close()
    assert behind_header.startswith(b"\0Sp") and received.digest() == sent.digest()
    connection = connect(broker.url)
    receiver = connection.create_receiver("q", credit=1)
    assert receiver.receive(timeout=30).id == "behind"
    receiver.accept()
    assert max(most, peak(broker)) < 32 * MIB
    connection.create_sender("other").send(Message(body="settled by now", durable=True))
    eventually(lambda: not list((tmp_path / "journal").glob("*.body")))  # its file goes with it


def test_a_damaged_large_body_is_called_off_and_stops_its_queue(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path
) -> None:
    broker = start_broker("--data", str(tmp_path))
    connect(broker.url).create_sender("q").send(Message(body=os.urandom(MIB), durable=True))
    (file,) = (tmp_path / "journal").glob("*.body")
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    connection = connect(broker.url)
    with pytest.raises(LinkDetached, match=rf"internal-error.*{file.name} is damaged at offset \d+"):
        connection.create_receiver("q", credit=1).receive(timeout=30)
    with pytest.raises(LinkDetached, match="internal-error"):
        connect(broker.url).create_receiver("q", credit=1).receive(timeout=30)


def test_memory_high_stops_producers_and_consumers_make_room(start_broker: StartBroker, connect: Connect) -> None:
    """In memory only: nothing can be paged out."""
    broker = start_broker(config=config(memory_high="1MiB"))
    producer, consumer = connect(broker.url), connect(broker.url)
    sender = producer.create_sender("q")
    sent = 0
    with contextlib.suppress(Timeout):
        while True:
            if sender.link.credit == 0 and metric(broker, "bascule_broker_memory_high") == 1:
                producer.wait(lambda: sender.link.credit > 0, timeout=0.5)  # given before it was high
            sender.send(Message(id=sent, body=b"x" * 10_000), timeout=60)
            sent += 1
            assert sent <= 1100, "what it had credit for, and no more"
    assert sent >= 100
    assert metric(broker, "bascule_broker_memory_high") == 1
    assert "memory-high watermark: publishers get no credit" in broker.log_text()
    receiver = consumer.create_receiver("q", credit=10)
    for n in range(sent):
        assert receiver.receive(timeout=30).id == n
        receiver.accept()
    connect(broker.url).create_sender("q").send(Message(body="again"))
    assert metric(broker, "bascule_broker_memory_high") == 0
    assert "memory-high watermark is clear" in broker.log_text()


def test_disk_low_stops_producers_and_consumers_go_on(
    start_broker: StartBroker, connect: Connect, tmp_path: pathlib.Path
) -> None:
    broker = start_broker("--data", str(tmp_path))
    connect(broker.url).create_sender("q").send(Message(body="waits", durable=True))
    broker.stop()
    # No disk has that much.
    broker = start_broker("--data", str(tmp_path), config=config(disk_low="1000000GiB"))
    with pytest.raises(Exception, match="imed out"):
        connect(broker.url, timeout=1).create_sender("q").send(Message(body="more", durable=True))
    assert metric(broker, "bascule_broker_disk_low") == 1
    assert "disk-low watermark: publishers get no credit" in broker.log_text()
    assert connect(broker.url).create_receiver("q", credit=1).receive(timeout=30).body == "waits"
    connect(broker.url).create_sender("rpc.shop.Orders").send(Message(body="requests go on"))
