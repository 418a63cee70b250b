"""Queues as an independent client sees them: outcomes, credit, competing consumers, expiry, dynamic nodes, the relay."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from proton import Data, Message, Timeout, symbol, timestamp, ulong
from proton.reactor import AtMostOnce, LinkOption
from proton.utils import BlockingConnection, LinkDetached, SendException

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]


class Capability(LinkOption):
    """Terminus capabilities of both ends."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def apply(self, link) -> None:
        terminus = link.source if link.is_receiver else link.target
        terminus.capabilities.put_array(False, Data.SYMBOL)
        terminus.capabilities.enter()
        for name in self.names:
            terminus.capabilities.put_symbol(symbol(name))
        terminus.capabilities.exit()


def drain(receiver, count: int) -> list:
    bodies = []
    for _ in range(count):
        bodies.append(receiver.receive(timeout=30).body)
        receiver.accept()
    return bodies


def is_empty(connection: BlockingConnection, address: str) -> bool:
    """Nothing is available: the broker answers a drain with no message."""
    receiver = connection.create_receiver(address, credit=0, name=f"drain-{uuid.uuid4().hex}")
    receiver.link.drain(1)
    connection.wait(lambda: receiver.link.credit == 0, msg="the drain's answer")
    found = receiver.fetcher.has_message
    receiver.close()
    return not found


def test_fifo_and_accept(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(100):
        sender.send(Message(body=f"m{n}"))
    receiver = connection.create_receiver(address, credit=10)
    assert drain(receiver, 100) == [f"m{n}" for n in range(100)]
    receiver.close()
    assert is_empty(connection, address)


def test_every_section_is_forwarded_untouched(connect: Connect, address: str) -> None:
    connection = connect()
    sent = Message(
        body={"k": [1, 2.5, "three", None, True], "id": uuid.UUID(int=7), "when": timestamp(1700000000000)},
        id=ulong(42),
        user_id=b"me",
        subject="subject",
        reply_to="reply",
        correlation_id="c-1",
        content_type=symbol("application/x"),
        content_encoding=symbol("identity"),
        creation_time=1.7e9,
        group_id="g",
        group_sequence=3,
        reply_to_group_id="rg",
        durable=True,
        priority=7,
        ttl=60.0,
        properties={"a": 1, "b": "two"},
        annotations={symbol("x-opt-a"): "kept"},
        instructions={symbol("x-opt-i"): "hop"},
    )
    connection.create_sender(address).send(sent)
    receiver = connection.create_receiver(address, credit=1)
    got = receiver.receive(timeout=30)
    receiver.accept()
    for name in (
        "body",
        "id",
        "user_id",
        "subject",
        "reply_to",
        "correlation_id",
        "content_type",
        "content_encoding",
        "creation_time",
        "group_id",
        "group_sequence",
        "reply_to_group_id",
        "durable",
        "priority",
        "properties",
        "annotations",
    ):
        assert getattr(got, name) == getattr(sent, name), name
    assert 0 < got.ttl <= 60.0
    assert not got.instructions, "delivery annotations are for the next hop only"
    assert got.first_acquirer and got.delivery_count == 0


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_000, 65_536, 1_000_000, 5_000_000])
def test_bodies_of_any_size(connect: Connect, address: str, size: int) -> None:
    connection = connect()
    body = bytes(n % 251 for n in range(min(size, 4096))) * (size // 4096 + 1)
    connection.create_sender(address).send(Message(body=body[:size]))
    receiver = connection.create_receiver(address, credit=1)
    assert bytes(receiver.receive(timeout=30).body) == body[:size]
    receiver.accept()


def test_outcomes_decide_what_comes_next(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="work"))
    receiver = connection.create_receiver(address, credit=1)
    assert receiver.receive(timeout=30).delivery_count == 0
    receiver.release(delivered=False)  # RELEASED: not counted
    receiver.flow(1)
    again = receiver.receive(timeout=30)
    assert (again.delivery_count, again.first_acquirer) == (0, False)
    receiver.fetcher.unsettled[-1].local.failed = True
    receiver.release(delivered=True)  # MODIFIED with delivery-failed
    receiver.flow(1)
    assert receiver.receive(timeout=30).delivery_count == 1
    receiver.reject()
    receiver.close()
    assert is_empty(connection, address)


def test_a_lost_consumer_gives_its_messages_to_the_next(connect: Connect, address: str, shared_broker: Any) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="work"))
    script = (
        "import sys; from proton.utils import BlockingConnection\n"
        "receiver = BlockingConnection(sys.argv[1]).create_receiver(sys.argv[2], credit=1)\n"
        "print(receiver.receive(timeout=30).body, flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, shared_broker.url, address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as dying:
        assert dying.stdout is not None and dying.stdout.readline() == "work\n"
        dying.kill()
    survivor = connection.create_receiver(address, credit=1)
    assert survivor.receive(timeout=30).delivery_count == 1
    survivor.accept()


def test_an_orderly_detach_does_not_count_as_an_attempt(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="work"))
    for _ in range(12):  # more often than max_deliveries
        receiver = connection.create_receiver(address, credit=1)
        assert receiver.receive(timeout=30).delivery_count == 0
        receiver.close()


def test_presettled_receiver(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="once"))
    receiver = connection.create_receiver(address, credit=1, options=AtMostOnce())
    assert receiver.receive(timeout=30).body == "once"
    receiver.close()
    assert is_empty(connection, address)


def test_presettled_sender(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address, options=AtMostOnce())
    for n in range(50):
        sender.send(Message(body=n))
    receiver = connection.create_receiver(address, credit=50)
    assert drain(receiver, 50) == list(range(50))


def test_expired_messages_are_never_delivered(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    sender.send(Message(body="short", ttl=0.02))
    sent = time.monotonic()
    while time.monotonic() < sent + 0.025:
        sender.send(Message(body="long", ttl=60))
    receiver = connection.create_receiver(address, credit=2)
    assert receiver.receive(timeout=30).body == "long"


def test_competing_consumers_share(connect: Connect, address: str) -> None:
    connection = connect()
    one = connection.create_receiver(address, credit=100, name="one")
    two = connect().create_receiver(address, credit=100)
    sender = connection.create_sender(address)
    for n in range(20):
        sender.send(Message(body=n))
    got = drain(one, 10) + drain(two, 10)
    assert sorted(got) == list(range(20))


def test_dynamic_node_and_anonymous_relay(connect: Connect) -> None:
    connection, other = connect(), connect()
    replies = connection.create_receiver(None, dynamic=True, credit=10)
    name = replies.link.remote_source.address
    assert name.startswith("temporary.") and len(name) >= 32
    relay = other.create_sender(None)
    relay.send(Message(body="hello", address=name))
    assert replies.receive(timeout=30).body == "hello"
    with pytest.raises(LinkDetached, match="resource-locked"):
        other.create_receiver(name)
    replies.close()
    with pytest.raises(SendException):
        relay.send(Message(body="too late", address=name))
    with pytest.raises(SendException):
        relay.send(Message(body="nowhere"))
    relay.send(Message(body="nobody listens, as a topic may", address="events.nobody.Listens"))


def test_offered_capabilities(connect: Connect) -> None:
    offered = connect().conn.remote_offered_capabilities
    assert {"ANONYMOUS-RELAY", "SHARED-SUBS"} <= {str(name) for name in offered}


def test_wrong_kind_is_refused_with_what_to_do(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address, options=Capability("queue"))
    with pytest.raises(LinkDetached, match="precondition-failed.*capability"):
        connection.create_sender(address, options=Capability("topic"), name="other")


def test_messages_larger_than_allowed_end_the_link_and_nothing_else(
    start_broker: StartBroker, connect: Connect
) -> None:
    broker = start_broker(config='[broker]\nmax_message_size = "100KiB"\n')
    connection = connect(broker.url)
    assert connection.create_sender("q").link.remote_max_message_size == 100 * 1024
    with pytest.raises(LinkDetached, match="message-size-exceeded"):
        connection.create_sender("q", name="big").send(Message(body=b"x" * 300_000))
    connection.create_sender("q", name="fine").send(Message(body=b"x" * 90_000))
    assert broker.alive()


def test_full_queue_rejects_with_a_reason(start_broker: StartBroker, connect: Connect) -> None:
    broker = start_broker(config='[broker]\nmax_queue_messages = 3\noverflow = "reject"\n')
    connection = connect(broker.url)
    sender = connection.create_sender("q")
    for n in range(3):
        sender.send(Message(body=n))
    with pytest.raises(SendException):
        sender.send(Message(body=4))
    receiver = connection.create_receiver("q", credit=1)
    assert drain(receiver, 1) == [0]
    receiver.close()  # and with it the accept is there
    sender.send(Message(body=5))


def test_unknown_address_without_auto_creation(start_broker: StartBroker, connect: Connect) -> None:
    broker = start_broker(config="[broker]\nauto_create = false\n")
    with pytest.raises(LinkDetached, match="not-found"):
        connect(broker.url).create_sender("q")


def test_sigterm_drains(start_broker: StartBroker, connect: Connect) -> None:
    broker = start_broker()
    connection = connect(broker.url)
    connection.create_sender("q")
    assert broker.stop() == 0
    with pytest.raises(Exception, match="shutting down"):
        connection.create_sender("another")


def test_bad_configuration_names_file_and_line(start_broker: StartBroker) -> None:
    with pytest.raises(RuntimeError, match=r"bascule.toml:2.*max_conections"):
        start_broker(config="[broker]\nmax_conections = 3\n")


def test_unsettled_messages_are_bounded_whatever_the_credit(start_broker: StartBroker, connect: Connect) -> None:
    broker = start_broker(config="[broker]\nmax_unsettled = 5\n")
    connection = connect(broker.url)
    sender = connection.create_sender("q")
    for n in range(12):
        sender.send(Message(body=n))
    receiver = connection.create_receiver("q", credit=100)
    got = [receiver.receive(timeout=30).body for _ in range(5)]
    with pytest.raises(Timeout):
        receiver.receive(timeout=0.2)
    receiver.accept()
    got += [receiver.receive(timeout=30).body]
    receiver.accept()
    assert got == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("bound", ["max_queue_messages = 4", 'max_queue_bytes = "4KiB"'])
def test_a_full_queue_that_blocks_gives_no_credit_until_there_is_room(
    start_broker: StartBroker, connect: Connect, rawamqp: Any, bound: str
) -> None:
    """By hand: clients do not show their credit. What was granted before is taken, up to twice the bound."""
    broker = start_broker(config=f"[broker]\nmax_credit = 2\n{bound}\n")
    peer = rawamqp.RawPeer(broker.port)
    peer.begin()
    peer.attach_sender("full")
    body = rawamqp.data_section(b"x" * 900)
    sent = limit = 0

    def room(timeout: float) -> bool:
        """May more be sent, now or when credit comes?"""
        nonlocal limit
        peer.socket.settimeout(timeout)
        try:
            while limit <= sent:
                data = Data()
                data.decode(peer.until(rawamqp.FLOW))
                data.rewind()
                data.next()
                fields = data.get_object().value
                limit = fields[5] + fields[6]
        except TimeoutError:
            return False
        finally:
            peer.socket.settimeout(30)
        return True

    while sent < 20 and room(30 if sent < 4 else 1):
        peer.send(peer.transfer(body, delivery=sent, tag=bytes([sent]), settled=True))
        sent += 1
    assert 4 <= sent <= 8, "no credit once it is full"
    receiver = connect(broker.url).create_receiver("full", credit=sent)
    for _ in range(sent):
        receiver.receive(timeout=30)
        receiver.accept()
    receiver.close()  # and with it the accepts are there
    assert room(30), "there is room again"
    peer.socket.close()
