"""Topics and subscriptions: each, shared, durable, by pattern."""

from __future__ import annotations

import pytest

from interop.clients import Library
from interop.conftest import Connect, need
from interop.driver import Connection, text, texts
from interop.pairs import EACH, PAIRS


def publish(connection: Connection, topic: str, *bodies: str) -> None:
    connection.sender(topic, capabilities=["topic"]).accepted(*(text(body) for body in bodies))


@pytest.mark.feature("Every subscriber gets each message")
@PAIRS
def test_every_subscriber(sender: Library, receiver: Library, connect: Connect, topic: str) -> None:
    one = connect(receiver).receiver(topic, credit=2, capabilities=["topic"])
    two = connect(receiver).receiver(topic, credit=2, capabilities=["topic"])
    publish(connect(sender), topic, "a", "b")
    assert texts(one.take(2)) == texts(two.take(2)) == ["a", "b"]


@pytest.mark.feature("A shared subscription gets each message once")
@EACH
def test_shared(client: Library, connect: Connect, topic: str) -> None:
    shared = {"capabilities": ["topic", "shared", "global"], "credit": 10}
    one = connect(client).receiver(topic, name=f"{topic}|1", **shared)
    two = connect(client).receiver(topic, name=f"{topic}|2", **shared)
    publish(connect(client), topic, *(str(n) for n in range(10)))
    assert sorted(texts(one.take(5)) + texts(two.take(5))) == sorted(str(n) for n in range(10))


@pytest.mark.feature("A durable subscription outlives its connection")
@EACH
def test_durable(client: Library, connect: Connect, topic: str) -> None:
    options = {"capabilities": ["topic"], "name": "mine", "durable": 2, "expires": "never"}
    gone = connect(client, container=f"client-of-{topic}")
    gone.receiver(topic, **options)
    gone.close()
    publish(connect(client), topic, "while away")
    back = connect(client, container=f"client-of-{topic}").receiver(topic, credit=1, **options)
    assert texts(back.take(1)) == ["while away"]
    back.close()  # unsubscribes
    publish(connect(client), topic, "for nobody")
    assert connect(client, container=f"client-of-{topic}").receiver(topic, **options).is_empty()


@pytest.mark.feature("Detach keeps a durable subscription")
@EACH
def test_detach_keeps(client: Library, connect: Connect, topic: str) -> None:
    need(client, "detach")
    connection = connect(client)
    options = {"capabilities": ["topic"], "name": "mine", "durable": 2, "expires": "never"}
    connection.receiver(topic, **options).detach()
    publish(connection, topic, "while away")
    assert texts(connection.receiver(topic, credit=1, **options).take(1)) == ["while away"]


@pytest.mark.feature("A durable shared subscription")
@EACH
def test_durable_shared(client: Library, connect: Connect, topic: str) -> None:
    options = {"capabilities": ["topic", "shared", "global"], "durable": 2, "expires": "never"}
    gone = connect(client)
    gone.receiver(topic, name=f"{topic}|1", **options)
    gone.close()
    publish(connect(client), topic, "while away")
    assert texts(connect(client).receiver(topic, name=f"{topic}|2", credit=1, **options).take(1)) == ["while away"]


@pytest.mark.feature("Subscriptions by pattern")
@EACH
def test_patterns(client: Library, connect: Connect, topic: str) -> None:
    connection = connect(client)
    one = connection.receiver(f"{topic}.*", credit=10, capabilities=["topic"])
    deep = connection.receiver(f"{topic}.#", credit=10, capabilities=["topic"])
    publish(connection, f"{topic}.a", "a")
    publish(connection, f"{topic}.b.c", "bc")
    assert texts(deep.take(2)) == ["a", "bc"]
    assert texts(one.take(1)) == ["a"]
    assert not one.receive(timeout=0)
