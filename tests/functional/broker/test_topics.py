"""Topics: volatile and durable, exclusive and shared subscriptions, patterns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from proton import Data, Message, Terminus, Timeout, symbol
from proton.reactor import Container, LinkOption
from proton.utils import BlockingConnection, BlockingReceiver, LinkDetached

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]


class Subscription(LinkOption):
    def __init__(self, *capabilities: str, durable: bool = False) -> None:
        self.capabilities, self.durable = capabilities, durable

    def apply(self, link) -> None:
        data = link.source.capabilities
        data.put_array(False, Data.SYMBOL)
        data.enter()
        for name in ("topic", *self.capabilities):
            data.put_symbol(symbol(name))
        data.exit()
        if self.durable:
            link.source.durability = Terminus.DELIVERIES
            link.source.expiry_policy = Terminus.EXPIRE_NEVER


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return "events.shop." + request.node.name


def publish(connection: BlockingConnection, address: str, *bodies: object) -> None:
    sender = connection.create_sender(address)
    for body in bodies:
        sender.send(Message(body=body, durable=True))
    sender.close()


def take(receiver: BlockingReceiver, count: int) -> list:
    got = []
    for _ in range(count):
        got.append(receiver.receive(timeout=30).body)
        receiver.accept()
    return got


def detach(connection: BlockingConnection, receiver: BlockingReceiver) -> None:
    """DETACH with closed=false: a durable subscription stays. What is asked next on the connection comes behind it."""
    receiver.link.detach()
    connection.create_sender(None, name=f"behind-{receiver.link.name}").close()


def test_every_subscriber_gets_each_message(connect: Connect, topic: str) -> None:
    connection = connect()
    one = connection.create_receiver(topic, credit=10, name="one", options=Subscription())
    two = connect().create_receiver(topic, credit=10, name="two", options=Subscription())
    publish(connection, topic, "a", "b")
    assert take(one, 2) == take(two, 2) == ["a", "b"]


def test_shared_group_gets_each_message_once(connect: Connect, topic: str) -> None:
    first, second = connect(), connect()
    one = first.create_receiver(topic, credit=10, name="group|1", options=Subscription("shared", "global"))
    two = second.create_receiver(topic, credit=10, name="group|2", options=Subscription("shared", "global"))
    publish(first, topic, *range(10))
    assert sorted(take(one, 5) + take(two, 5)) == list(range(10))


def test_durable_shared_subscription_outlives_its_links(connect: Connect, topic: str) -> None:
    options = Subscription("shared", "global", durable=True)
    gone = connect()
    gone.create_receiver(topic, credit=0, name="billing|1", options=options)
    gone.close()  # the connection, not the link: the subscription stays
    connection = connect()
    publish(connection, topic, "while away")
    receiver = connection.create_receiver(topic, credit=1, name="billing|2", options=options)
    assert take(receiver, 1) == ["while away"]
    receiver.close()  # DETACH closed=true ends it
    publish(connection, topic, "for nobody")
    fresh = connection.create_receiver(topic, credit=1, name="billing|3", options=options)
    with pytest.raises(Timeout):
        fresh.receive(timeout=0.3)
    fresh.close()


def test_durable_exclusive_subscription_is_the_containers_and_takes_one_consumer(connect: Connect, topic: str) -> None:
    options = Subscription(durable=True)

    def of(container_id: str) -> BlockingConnection:
        container = Container()
        container.container_id = container_id
        return connect(container=container)

    one = of("first")
    receiver = one.create_receiver(topic, credit=1, name="mine", options=options)
    with pytest.raises(LinkDetached, match="resource-locked"):
        of("first").create_receiver(topic, credit=1, name="mine", options=options)
    other = of("second").create_receiver(topic, credit=1, name="mine", options=options)
    publish(one, topic, "a")
    assert take(receiver, 1) == ["a"]
    assert take(other, 1) == ["a"], "another container's is another"


class ByName(LinkOption):
    """A null source: the subscription that the link's name stands for."""

    def apply(self, link) -> None:
        link.source.type = Terminus.UNSPECIFIED


def test_unsubscribing_by_name_alone(connect: Connect, topic: str) -> None:
    connection = connect()
    options = Subscription(durable=True)
    detach(connection, connection.create_receiver(topic, credit=0, name="mine", options=options))
    publish(connection, topic, "kept")
    found = connection.create_receiver(None, credit=0, name="mine", options=ByName())
    assert found.link.remote_source.address == topic
    found.close()
    with pytest.raises(LinkDetached, match="not-found"):
        connection.create_receiver(None, credit=0, name="mine", options=ByName())
    connection.create_sender(None, name="behind").close()  # the client's own DETACH goes out with this
    again = connection.create_receiver(topic, credit=1, name="mine", options=options)
    with pytest.raises(Timeout):
        again.receive(timeout=0.2)


def test_detach_keeps_a_durable_subscription(connect: Connect, topic: str) -> None:
    connection = connect()
    options = Subscription(durable=True)
    detach(connection, connection.create_receiver(topic, credit=0, name="mine", options=options))
    publish(connection, topic, "while away")
    again = connection.create_receiver(topic, credit=1, name="mine", options=options)
    assert take(again, 1) == ["while away"]


def test_patterns(connect: Connect, topic: str) -> None:
    connection = connect()
    every = connection.create_receiver(topic + ".*", credit=10, name="all", options=Subscription())
    deep = connection.create_receiver(topic + ".#", credit=10, name="deep", options=Subscription())
    publish(connection, topic + ".A", "a")
    publish(connection, topic + ".B.C", "bc")
    assert take(every, 1) == ["a"]
    assert take(deep, 2) == ["a", "bc"]
    with pytest.raises(Timeout):
        every.receive(timeout=0.2)


def test_publishing_to_a_pattern_is_refused(connect: Connect) -> None:
    with pytest.raises(LinkDetached, match="invalid-field"):
        connect().create_sender("events.shop.*")
