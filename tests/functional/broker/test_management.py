"""The node `$management`: looking at queues and mending them over AMQP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from proton import Message, ulong
from proton.utils import BlockingConnection, LinkDetached

Connect = Callable[..., BlockingConnection]
Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(connect: Connect) -> Call:
    connection = connect()
    answers = connection.create_receiver(None, dynamic=True, credit=10)
    requests = connection.create_sender("$management")

    def run(operation: str, **arguments: object) -> tuple[int, Any]:
        properties: dict[str, object] = {"operation": operation, **arguments}
        requests.send(Message(properties=properties, reply_to=answers.link.remote_source.address, correlation_id=ulong(9)))
        answer = answers.receive(timeout=30)
        answers.accept()
        assert answer.correlation_id == 9
        return answer.properties["statusCode"], answer.body

    return run


def send(connection: BlockingConnection, address: str, *bodies: object) -> None:
    sender = connection.create_sender(address)
    for body in bodies:
        sender.send(Message(body=body))


def test_list_peek_purge_delete(connect: Connect, call: Call, address: str) -> None:
    send(connect(), address, "a", "b")
    status, nodes = call("list")
    mine = next(node for node in nodes if node["address"] == address)
    assert (status, mine["kind"], mine["messages"], mine["consumers"]) == (200, "queue", 2, 0)
    status, peeked = call("peek", name=address, count=ulong(1))
    message = Message()
    message.decode(bytes(peeked[0]["message"]))
    assert (status, len(peeked), message.body) == (200, 1, "a")
    assert call("purge", name=address) == (200, {"count": 2})
    assert call("delete", name=address)[0] == 200
    assert call("purge", name=address)[0] == 404


def test_declare_and_its_conflicts(connect: Connect, call: Call, address: str) -> None:
    assert call("declare", name=address)[0] == 200
    assert call("declare", name=address, kind="topic")[0] == 409
    assert call("declare", name="events.*")[0] == 400
    assert call("nonsense")[0] == 400
    connect().create_sender(address).close()
    assert any(node["address"] == address for node in call("list")[1]), "a declared queue stays"


def test_redrive_puts_dead_letters_back_where_they_came_from(connect: Connect, call: Call, address: str) -> None:
    connection = connect()
    send(connection, address, "a", "b", "c")
    receiver = connection.create_receiver(address, credit=3)
    for _ in range(3):
        receiver.receive(timeout=30)
        receiver.reject()
    receiver.close()
    dlq = "dlq." + address
    assert call("redrive", name=dlq, count=ulong(2)) == (200, {"count": 2})
    again = connection.create_receiver(address, credit=3)
    assert [again.receive(timeout=30).body for _ in range(2)] == ["a", "b"]
    assert call("move", name=dlq, to="nowhere")[0] == 404
    assert call("move", name=dlq, to=address) == (200, {"count": 1})
    assert again.receive(timeout=30).body == "c"


def test_it_takes_requests_and_cannot_be_read(connect: Connect) -> None:
    with pytest.raises(LinkDetached, match="not-allowed"):
        connect().create_receiver("$management")
