"""A subscription is its maker's: another user who may read the topic gets neither it nor its messages, whatever he calls himself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from proton import Data, Message, Terminus, symbol
from proton.reactor import Container, ReceiverOption, Selector
from proton.utils import BlockingConnection, BlockingReceiver, LinkDetached

from support import daemons
from support.waiting import eventually

PASSWORDS = {"alice": "wonder land", "bob": "builder"}
RULES = """
[[rule]]
users = ["alice", "bob"]
addresses = ["events.#", "behind"]
operations = ["send", "receive", "create"]
"""
MANAGES = """
[[rule]]
users = ["bob"]
addresses = ["events.#"]
operations = ["manage"]
"""
TOPIC = "events.payroll"

Start = Callable[..., daemons.Daemon]
Connect = Callable[..., BlockingConnection]


class Kind(ReceiverOption):  # type: ignore[misc]
    def __init__(self, *capabilities: str, durable: bool = True) -> None:
        self.capabilities, self.durable = capabilities, durable

    def apply(self, receiver: Any) -> None:
        data = receiver.source.capabilities
        data.put_array(False, Data.SYMBOL)
        data.enter()
        for name in ("topic", *self.capabilities):
            data.put_symbol(symbol(name))
        data.exit()
        if self.durable:
            receiver.source.durability = Terminus.DELIVERIES
            receiver.source.expiry_policy = Terminus.EXPIRE_NEVER


class ByName(ReceiverOption):  # type: ignore[misc]
    def apply(self, receiver: Any) -> None:
        receiver.source.type = Terminus.UNSPECIFIED


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "access.toml"
    path.write_text(RULES)
    return path


@pytest.fixture
def started(users_file: Path, rules: Path, tmp_path: Path) -> Callable[..., contextlib.AbstractContextManager[Any]]:
    def start(**settings: object) -> contextlib.AbstractContextManager[Any]:
        folder = tmp_path / f"broker{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        section = {"listen": "127.0.0.1:0", "users": str(users_file), "access": str(rules), "reload_interval": "50ms"}
        return daemons.daemon("bascule-broker", {"broker": {**section, **settings}, "log": {"level": "debug"}}, folder)

    return start


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[BlockingConnection] = []

    def make(broker: daemons.Daemon, user: str) -> BlockingConnection:
        container = Container()
        container.container_id = "laptop"  # everybody's is the same
        opened.append(
            BlockingConnection(broker.amqp, timeout=30, container=container, user=user, password=PASSWORDS[user],
                               allowed_mechs="PLAIN", allow_insecure_mechs=True)
        )  # fmt: skip
        return opened[-1]

    yield make
    for connection in opened:
        connection.timeout = 0.3
        with contextlib.suppress(Exception):  # its broker may be gone
            connection.close()


def publish_away(connection: BlockingConnection) -> None:
    """Makes the subscription, leaves it, publishes."""
    connection.create_receiver(TOPIC, credit=0, name="mine", options=Kind()).link.detach()
    connection.create_sender(TOPIC).send(Message(body="salaries", durable=True))


def body(receiver: BlockingReceiver) -> object:
    got = receiver.receive(timeout=30).body
    receiver.accept()
    return got


def refused(action: Callable[[], object]) -> None:
    with pytest.raises(LinkDetached, match=r"amqp:unauthorized-access.*another user's"):
        action()


@pytest.mark.parametrize("with_rules", [True, False])
def test_a_durable_subscription_is_its_makers_over_a_restart_too(
    started: Any, connect: Connect, tmp_path: Path, with_rules: bool
) -> None:
    settings: dict[str, object] = {"data": str(tmp_path / "data")}
    if not with_rules:
        settings["access"] = ""
    with started(**settings) as broker:
        publish_away(connect(broker, "alice"))
        bob = connect(broker, "bob")
        refused(lambda: bob.create_receiver(TOPIC, credit=1, name="mine", options=Kind()))
    with started(**settings) as broker:
        bob = connect(broker, "bob")
        refused(lambda: bob.create_receiver(TOPIC, credit=1, name="mine", options=Kind()))
        refused(lambda: bob.create_receiver(TOPIC + "::laptop.mine", credit=1, name="by its queue"))
        refused(lambda: bob.create_receiver(None, credit=1, name="mine", options=ByName()))
        bob.create_receiver(TOPIC, credit=1, name="his own", options=Kind())
        assert (
            body(connect(broker, "alice").create_receiver(TOPIC, credit=1, name="mine", options=Kind())) == "salaries"
        )


def test_another_selector_of_another_user_does_not_make_it_anew(started: Any, connect: Connect) -> None:
    """JMS would have it made anew, without its messages."""
    with started() as broker:
        alice = connect(broker, "alice")
        publish_away(alice)
        bob = connect(broker, "bob")
        refused(lambda: bob.create_receiver(TOPIC, credit=1, name="mine", options=[Kind(), Selector("a = 1")]))
        assert body(alice.create_receiver(TOPIC, credit=1, name="mine", options=Kind())) == "salaries"


@pytest.mark.parametrize("durable", [True, False])
def test_a_shared_subscription_is_shared_with_oneself(started: Any, connect: Connect, durable: bool) -> None:
    with started() as broker:
        kind = Kind("shared", "global", durable=durable)
        one = connect(broker, "alice").create_receiver(TOPIC, credit=1, name="group|1", options=kind)
        connect(broker, "alice").create_receiver(TOPIC, credit=0, name="group|2", options=kind)
        bob = connect(broker, "bob")
        refused(lambda: bob.create_receiver(TOPIC, credit=1, name="group|3", options=kind))
        bob.create_sender(TOPIC).send(Message(body="for alice"))
        assert body(one) == "for alice"


def test_who_manages_the_topic_may_read_its_subscriptions(started: Any, connect: Connect, rules: Path) -> None:
    rules.write_text(RULES + MANAGES)
    with started() as broker:
        publish_away(connect(broker, "alice"))
        taking = connect(broker, "bob").create_receiver(TOPIC, credit=0, name="mine", options=Kind())
        rules.write_text(RULES)
        eventually(lambda: "read anew" in broker.log, "the rules were read anew")
        refused(lambda: taking.receive(timeout=30))
        assert (
            body(connect(broker, "alice").create_receiver(TOPIC, credit=1, name="mine", options=Kind())) == "salaries"
        )
