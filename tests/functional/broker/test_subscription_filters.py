"""Selectors and no-local on subscriptions; temporary topics; volatile shared subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from proton import Data, Described, Message, Terminus, Timeout, symbol, ulong
from proton.reactor import Container, Filter, LinkOption, Selector
from proton.utils import BlockingConnection, LinkDetached

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]


def named(container_id: str) -> Container:
    """A container of this id, for one connection."""
    container = Container()
    container.container_id = container_id
    return container


class Subscription(LinkOption):
    def __init__(self, *capabilities: str, durable: bool = False) -> None:
        self.capabilities, self.durable = capabilities, durable

    def apply(self, link: Any) -> None:
        terminus = link.source if link.is_receiver else link.target
        terminus.capabilities.put_array(False, Data.SYMBOL)
        terminus.capabilities.enter()
        for name in ("topic", *self.capabilities):
            terminus.capabilities.put_symbol(symbol(name))
        terminus.capabilities.exit()
        if self.durable:
            link.source.durability = Terminus.DELIVERIES
            link.source.expiry_policy = Terminus.EXPIRE_NEVER


def no_local() -> Filter:
    return Filter({symbol("no-local"): Described(ulong(0x0000468C00000003), [])})


def publish(connection: BlockingConnection, address: str, *messages: Message) -> None:
    sender = connection.create_sender(address, options=Subscription(), name=f"to-{id(messages)}")
    for message in messages:
        sender.send(message)
    sender.close()


def take(receiver: Any, count: int) -> list[Any]:
    found = []
    for _ in range(count):
        found.append(receiver.receive(timeout=30).body)
        receiver.accept()
    return found


def nothing(receiver: Any) -> bool:
    try:
        receiver.receive(timeout=0.3)
        return False
    except Timeout:
        return True


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return "events.filters." + request.node.name


def colour(name: str) -> Message:
    return Message(body=name, durable=True, properties={"colour": name})


def test_a_subscription_holds_only_what_is_selected(start_broker: StartBroker, connect: Connect, tmp_path: Any) -> None:
    broker = start_broker("--data", str(tmp_path))
    subscriber = connect(broker.url, container=named("me"))
    red = [Subscription(durable=True), Selector("colour = 'red'")]
    subscriber.create_receiver("events.c", name="sub", options=red, credit=0)
    publish(subscriber, "events.c", colour("red"), colour("blue"), colour("red"))
    broker.kill()
    broker = start_broker("--data", str(tmp_path))
    publish(connect(broker.url), "events.c", colour("blue"), colour("red"))
    subscriber = connect(broker.url, container=named("me"))
    receiver = subscriber.create_receiver("events.c", name="sub", options=red, credit=10)
    assert take(receiver, 3) == ["red", "red", "red"]
    assert nothing(receiver)


def test_another_selector_makes_the_subscription_anew_unless_it_is_read(connect: Connect, topic: str) -> None:
    first, second = connect(container=named("one")), connect(container=named("two"))
    options = [Subscription("shared", "global", durable=True), Selector("colour = 'red'")]
    first.create_receiver(topic, name="group|1", options=options, credit=0)
    publish(first, topic, colour("red"))
    other = [Subscription("shared", "global", durable=True), Selector("colour = 'blue'")]
    with pytest.raises(LinkDetached, match="precondition-failed"):
        second.create_receiver(topic, name="group|2", options=other)
    first.close()  # the connection, not the link: the subscription stays, and nobody reads it
    changed = second.create_receiver(topic, name="group|3", options=other, credit=5)
    publish(second, topic, colour("blue"), colour("red"))
    assert take(changed, 1) == ["blue"]
    assert nothing(changed)
    changed.close()


def test_no_local(connect: Connect, topic: str) -> None:
    mine, other = connect(container=named("mine")), connect(container=named("other"))
    receiver = mine.create_receiver(topic, options=[Subscription(), no_local()], credit=10)
    filters = receiver.link.remote_source.filter
    filters.rewind()
    assert filters.next() and set(map(str, filters.get_dict())) == {"no-local"}
    publish(mine, topic, Message(body="my own"))
    publish(other, topic, Message(body="another's"))
    assert take(receiver, 1) == ["another's"]


def test_no_local_means_nothing_for_a_queue_and_is_not_echoed(connect: Connect, address: str) -> None:
    connection = connect()
    receiver = connection.create_receiver(address, options=no_local(), credit=1)
    filters = receiver.link.remote_source.filter
    filters.rewind()
    assert not filters.next() or not filters.get_dict()
    connection.create_sender(address).send(Message(body="x"))
    assert take(receiver, 1) == ["x"]


@pytest.mark.parametrize("capability", ["topic", "temporary-topic"])
def test_a_temporary_topic_lives_as_long_as_the_link_that_made_it(connect: Connect, capability: str) -> None:
    class Wanted(LinkOption):
        def apply(self, link: Any) -> None:
            terminus = link.source if link.is_receiver else link.target
            terminus.capabilities.put_array(False, Data.SYMBOL)
            terminus.capabilities.enter()
            terminus.capabilities.put_symbol(symbol(capability))
            terminus.capabilities.exit()

    connection, other = connect(), connect()
    first = connection.create_receiver(None, dynamic=True, credit=10, options=Wanted())
    name = first.link.remote_source.address
    second = connection.create_receiver(name, credit=10, name="second")
    with pytest.raises(LinkDetached, match="resource-locked"):
        other.create_receiver(name, name="other")
    relay = other.create_sender(None)
    relay.send(Message(body="to both", address=name))
    assert take(first, 1) == take(second, 1) == ["to both"]
    first.close()
    sender = connection.create_sender(name, name="after")  # a new queue of that name: the topic is gone
    assert sender.link.remote_target.address == name


def test_a_sender_makes_a_temporary_topic(connect: Connect) -> None:
    class Wanted(LinkOption):
        def apply(self, link: Any) -> None:
            link.target.type = Terminus.TARGET
            link.target.dynamic = True
            link.target.capabilities.put_symbol(symbol("temporary-topic"))

    connection = connect()
    sender = connection.create_sender(None, options=Wanted())
    name = sender.link.remote_target.address
    assert name.startswith("temporary-topic.")
    readers = [connection.create_receiver(name, credit=1, name=f"r{n}") for n in range(2)]
    sender.link.send(Message(body="x"))
    for reader in readers:
        assert take(reader, 1) == ["x"]


def test_a_volatile_shared_subscription_goes_with_its_last_receiver(connect: Connect, topic: str) -> None:
    connection = connect()
    shared = Subscription("shared", "global")
    one = connection.create_receiver(topic, name="work|1", options=shared, credit=10)
    two = connect().create_receiver(topic, name="work|2", options=shared, credit=10)
    publish(connection, topic, *(Message(body=n) for n in range(10)))
    assert sorted(take(one, 5) + take(two, 5)) == list(range(10))
    one.close()
    two.close()
    publish(connection, topic, Message(body="nobody hears"))
    again = connection.create_receiver(topic, name="work|3", options=shared, credit=1)
    assert nothing(again)

