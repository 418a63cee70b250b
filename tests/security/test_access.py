"""What users may do: every operation allowed and refused, by user, role and pattern, through an independent client."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from proton import Message
from proton.reactor import AtLeastOnce, ReceiverOption
from proton.utils import BlockingConnection, LinkDetached, SendException

from support import daemons
from support.rawamqp import (
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    DISPOSITION,
    FLOW,
    NULL,
    RawPeer,
    binary,
    data_section,
    described,
    frame,
    string,
    uint,
)
from support.waiting import eventually

RULES = """
[[rule]]
users = ["alice"]
addresses = ["orders", "orders.#", "inbox.{user}"]
operations = ["send", "create"]

[[rule]]
roles = ["shop"]
addresses = ["stock.*", "events.shop.*"]
operations = ["receive", "create"]

[[rule]]
users = ["bob"]
addresses = ["#"]
operations = ["send", "receive", "create", "manage"]

[[rule]]
users = ["*"]
addresses = ["$dynamic"]
operations = ["create"]

[[rule]]
users = ["anonymous"]
addresses = ["public.#"]
operations = ["send", "receive", "create"]

[[rule]]
users = ["alice"]
addresses = ["$management", "orders.one"]
operations = ["manage"]
"""


@pytest.fixture(scope="module")
def access_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("access") / "access.toml"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def broker(users_file: Path, access_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    settings: dict[str, object] = {
        "broker": {"listen": "127.0.0.1:0", "users": str(users_file), "access": str(access_file), "anonymous": True},
        "log": {"level": "debug"},
    }
    with daemons.daemon("bascule-broker", settings, tmp_path_factory.mktemp("access-broker")) as started:
        yield started


PASSWORDS = {"alice": "wonder land", "bob": "builder"}


@pytest.fixture
def as_user(broker: daemons.Daemon) -> Iterator[Callable[[str], BlockingConnection]]:
    opened: list[BlockingConnection] = []

    def connect(user: str) -> BlockingConnection:
        login: dict[str, object] = {"allowed_mechs": "ANONYMOUS"}
        if user != "anonymous":
            login = {"user": user, "password": PASSWORDS[user], "allowed_mechs": "PLAIN", "allow_insecure_mechs": True}
        opened.append(BlockingConnection(broker.amqp, timeout=30, **login))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def denied(action: Callable[[], object], *words: str) -> None:
    with pytest.raises((LinkDetached, SendException)) as caught:
        action()
    text = str(caught.value)
    assert "amqp:unauthorized-access" in text or "may not" in text
    for word in words:
        assert word in text, text


@pytest.mark.parametrize("address", ["orders", "orders.one", "orders.one.two", "inbox.alice"])
def test_sending_where_it_is_allowed(as_user: Any, address: str) -> None:
    as_user("alice").create_sender(address).send(Message(body="x"))


@pytest.mark.parametrize(
    "address", ["order", "ordersx", "xorders", "inbox.bob", "inbox.alice.x", "stock.one", "$management.x"]
)
def test_sending_where_it_is_not(as_user: Any, address: str) -> None:
    denied(lambda: as_user("alice").create_sender(address), "'alice' may not send", f"'{address}'")


def test_receiving(as_user: Any) -> None:
    alice = as_user("alice")
    alice.create_receiver("stock.one", credit=1)
    denied(lambda: alice.create_receiver("orders", credit=1), "'alice' may not receive", "'orders'")
    denied(lambda: as_user("anonymous").create_receiver("stock.one", credit=1), "'anonymous' may not receive")


def test_subscribing_to_no_more_than_is_allowed(as_user: Any) -> None:
    """A subscription's pattern must lie within what the rule allows: `#` would read everything."""
    alice = as_user("alice")
    alice.create_receiver("events.shop.*", credit=1)
    alice.create_receiver("events.shop.OrderPlaced", credit=1)
    for address in ("events.#", "events.*.*", "events.shop.#", "#", "events.bank.*"):
        denied(lambda address=address: alice.create_receiver(address, credit=1), "'alice' may not receive", address)


def test_creating(secured: Any, users_file: Path, tmp_path: Path) -> None:
    """To use what is there is one thing, to make it be another."""
    rules = tmp_path / "access.toml"
    rules.write_text(
        '[[rule]]\nusers = ["alice"]\naddresses = ["made.*"]\noperations = ["send", "receive"]\n'
        '[[rule]]\nusers = ["bob"]\naddresses = ["#"]\noperations = ["send", "receive", "create"]\n'
    )
    broker = secured(users=str(users_file), access=str(rules))
    alice, bob = (BlockingConnection(broker.amqp, timeout=30, user=user, password=PASSWORDS[user], allowed_mechs="PLAIN",
                                     allow_insecure_mechs=True) for user in ("alice", "bob"))  # fmt: skip
    denied(lambda: alice.create_sender("made.one", name="too early"), "'alice' may not create", "'made.one'")
    bob.create_sender("made.one")
    alice.create_sender("made.one").send(Message(body="x"))
    denied(lambda: alice.create_receiver(None, dynamic=True), "'alice' may not create", "'$dynamic'")
    denied(lambda: bob.create_receiver(None, dynamic=True), "'bob' may not create", "'$dynamic'")

    class Durable(ReceiverOption):  # type: ignore[misc]
        def apply(self, receiver: Any) -> None:
            receiver.source.durability = 2
            receiver.source.expiry_policy = 3

    rules.write_text(
        rules.read_text() + '[[rule]]\nusers = ["alice"]\naddresses = ["events.a"]\noperations = ["receive"]\n'
    )
    eventually(lambda: "read anew" in broker.log, "the rules were read anew")
    alice.create_receiver("events.a", credit=1, name="passing")
    denied(
        lambda: alice.create_receiver("events.a", credit=1, name="lasting", options=Durable()), "'alice' may not create"
    )
    alice.close()
    bob.close()


def test_the_anonymous_relay(as_user: Any) -> None:
    """Each message is looked at by its `to`."""
    bob = as_user("bob")
    for address in ("orders.relay", "stock.relay"):
        bob.create_sender(address).send(Message(body="so that it exists"))
    alice = as_user("alice")
    relay = alice.create_sender(None, options=AtLeastOnce())
    for _ in range(3):  # the second and third answers are remembered ones
        relay.send(Message(address="orders.relay", body="x"))
        with pytest.raises(SendException):
            relay.send(Message(address="stock.relay", body="x"))
    relay.send(Message(address="orders.relay", body="x"))


def logged_in(broker: daemons.Daemon, user: str, password: str) -> RawPeer:
    peer = RawPeer(int(broker.amqp.rsplit(":", 1)[1]))
    assert peer.login("PLAIN", b"\0" + user.encode() + b"\0" + password.encode()) == 0
    peer.greet()
    peer.open_as_is()
    peer.send(frame(described(BEGIN, NULL, uint(0), uint(2048), uint(2048))))
    peer.until(BEGIN)
    return peer


def properties(*, user_id: bytes | None = None, to: str | None = None) -> bytes:
    fields = [NULL, binary(user_id) if user_id is not None else NULL, string(to) if to is not None else NULL]
    return described(0x73, *fields)


def relay(peer: RawPeer, delivery: int, to: str, *, settled: bool = False) -> bytes:
    body = properties(to=to) + data_section(b"x")
    peer.send(peer.transfer(body, delivery=delivery, tag=struct.pack(">I", delivery), settled=settled))
    return b"" if settled else peer.until(DISPOSITION)


def test_dynamic_nodes(as_user: Any) -> None:
    """Whoever was told a reply address may answer there; nobody else reads it."""
    alice = as_user("alice")
    replies = alice.create_receiver(None, dynamic=True, credit=5)
    address = replies.link.remote_source.address
    as_user("bob").create_sender(address).send(Message(body="reply"))
    as_user("anonymous").create_sender(None).send(Message(address=address, body="relayed"))
    assert {replies.receive(timeout=30).body, replies.receive(timeout=30).body} == {"reply", "relayed"}
    with pytest.raises(LinkDetached):
        as_user("bob").create_receiver(address, credit=1)


def manage(connection: BlockingConnection, **properties: object) -> None:
    replies = connection.create_receiver(None, dynamic=True, credit=1)
    sender = connection.create_sender("$management", name=uuid.uuid4().hex, options=AtLeastOnce())
    sender.send(Message(reply_to=replies.link.remote_source.address, correlation_id=1, properties=properties))
    answer = replies.receive(timeout=30)
    assert answer.properties["statusCode"] in (200, 404), answer
    replies.close()
    sender.close()


def test_management(as_user: Any) -> None:
    bob, alice = as_user("bob"), as_user("alice")
    bob.create_sender("orders.one").send(Message(body="x"))
    bob.create_sender("orders.two").send(Message(body="x"))
    manage(alice, operation="purge", name="orders.one")
    for request in ({"name": "orders.two"}, {"name": "orders.one", "to": "orders.two"}):
        with pytest.raises(SendException):
            manage(alice, operation="move", **request)
    denied(lambda: bob.create_sender("$management"), "'bob' may not manage", "'$management'")
    denied(lambda: as_user("anonymous").create_sender("$management"), "'anonymous' may not manage")


def test_nobody_speaks_in_anothers_name(broker: daemons.Daemon) -> None:
    """Property user-id: consumers may trust it, because it is the sender's own or not there."""
    peer = logged_in(broker, "alice", "wonder land")
    peer.attach_sender("orders.claims")
    peer.until(FLOW)
    for delivery, (claimed, verdict) in enumerate([(b"alice", b"\x00\x53\x24"), (None, b"\x00\x53\x24"),
                                                   (b"", b"\x00\x53\x24"), (b"bob", b"unauthorized-access"),
                                                   (b"alice\0", b"unauthorized-access")]):  # fmt: skip
        body = properties(user_id=claimed) + data_section(b"x")
        peer.send(peer.transfer(body, delivery=delivery, tag=struct.pack(">I", delivery)))
        assert verdict in peer.until(DISPOSITION), claimed
    body = properties(user_id=b"bob") + data_section(b"x")
    peer.send(peer.transfer(body, delivery=5, tag=b"settled", settled=True))
    assert b"unauthorized-access" in peer.until(DETACH), "who wants no outcome hears it by losing the link"


def test_a_settled_message_to_a_forbidden_address_ends_the_link(broker: daemons.Daemon, as_user: Any) -> None:
    as_user("bob").create_sender("stock.settled").send(Message(body="so that it exists"))
    peer = logged_in(broker, "alice", "wonder land")
    peer.send(peer.attach("", name="relay", handle=0, receiver=False))
    peer.until(ATTACH)
    peer.until(FLOW)
    relay(peer, 0, "stock.settled", settled=True)
    assert b"unauthorized-access" in peer.until(DETACH)


def test_rules_change_without_a_restart(secured: Any, users_file: Path, tmp_path: Path) -> None:
    rules = tmp_path / "access.toml"
    allow = '[[rule]]\nusers = ["alice"]\naddresses = ["{}"]\noperations = ["send", "receive", "create"]\n'
    rules.write_text(allow.format("a"))
    broker = secured(users=str(users_file), access=str(rules), reload_interval="50ms")
    peer = logged_in(broker, "alice", "wonder land")
    peer.attach_sender("a")
    rules.write_text(allow.format("b"))
    assert b"unauthorized-access" in peer.until(DETACH), "a link that is no longer allowed is ended"
    rules.write_text('[[rule]]\nusers = ["alice"]\n')
    eventually(lambda: "the old one stays in force" in broker.log, "broken rules are told")
    assert "rule" in broker.log
    again = logged_in(broker, "alice", "wonder land")
    again.attach_sender("b")
    again.until(FLOW)


def test_without_rules_everybody_may(secured: Any, users_file: Path) -> None:
    broker = secured(users=str(users_file))
    peer = logged_in(broker, "alice", "wonder land")
    peer.attach_sender("anything")
    peer.until(FLOW)


def test_connections_of_a_user_and_of_an_address_are_bounded(secured: Any, users_file: Path) -> None:
    broker = secured(users=str(users_file), max_connections_per_user=2, max_connections_per_address=3)
    first, second = (logged_in(broker, "alice", "wonder land") for _ in range(2))
    port = int(broker.amqp.rsplit(":", 1)[1])

    def refused_because(user: bytes, password: bytes) -> bytes:
        peer = RawPeer(port)
        assert peer.login("PLAIN", b"\0" + user + b"\0" + password) == 0
        peer.greet()
        peer.open_as_is()
        return peer.until(CLOSE)

    assert b"max_connections_per_user" in refused_because(b"alice", b"wonder land")
    third = logged_in(broker, "bob", "builder")
    assert b"max_connections_per_address" in refused_because(b"bob", b"builder")
    third.socket.close()
    eventually(lambda: served_again(broker), "a place is free again")
    first.socket.close()
    second.socket.close()


def served_again(broker: daemons.Daemon) -> bool:
    peer = RawPeer(int(broker.amqp.rsplit(":", 1)[1]))
    peer.login("PLAIN", b"\0bob\0builder")
    peer.greet()
    peer.open_as_is()
    peer.send(frame(described(BEGIN, NULL, uint(0), uint(2048), uint(2048))))
    return peer.frame()[0] == BEGIN
