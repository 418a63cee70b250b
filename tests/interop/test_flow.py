"""Credit: nothing without it, exactly as much as it says, and drain, which gives it back."""

from __future__ import annotations

import pytest

from interop.clients import Library
from interop.conftest import Connect, need
from interop.driver import AmqpError, text, texts
from interop.pairs import EACH


@pytest.mark.feature("Credit is kept to")
@EACH
def test_no_more_than_credit(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(*(text(str(n)) for n in range(6)))
    receiver = connection.receiver(address)
    receiver.credit(2)
    assert texts(receiver.take(2)) == ["0", "1"]
    receiver.credit(3)
    assert texts(receiver.take(3)) == ["2", "3", "4"]
    assert not receiver.receive(timeout=0.1)
    receiver.credit(1)
    assert texts(receiver.take(1)) == ["5"]


@pytest.mark.feature("Drain with nothing there")
@EACH
def test_drain_of_an_empty_queue(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    receiver = connection.receiver(address)
    receiver.credit(10, drain=True)
    assert not receiver.receive(timeout=0)
    # The credit is used up: what comes now waits for new credit.
    connection.sender(address).accepted(text("later"))
    assert not receiver.receive(timeout=0.1)
    receiver.credit(1)
    assert texts(receiver.take(1)) == ["later"]


@pytest.mark.feature("Drain brings what is there")
@EACH
def test_drain_brings_what_is_there(client: Library, connect: Connect, address: str) -> None:
    need(client, "drain what is there")
    connection = connect(client)
    connection.sender(address).accepted(*(text(str(n)) for n in range(3)))
    receiver = connection.receiver(address)
    receiver.credit(10, drain=True)
    assert texts(receiver.take(3)) == ["0", "1", "2"]
    assert receiver.is_empty()


@pytest.mark.feature("Drain again and again on one link")
@EACH
def test_drain_again_and_again(client: Library, connect: Connect, address: str) -> None:
    need(client, "drain what is there")
    connection = connect(client)
    sender, receiver = connection.sender(address), connection.receiver(address)
    for n in range(5):
        assert receiver.is_empty()
        sender.accepted(text(str(n)))
        receiver.credit(5, drain=True)
        assert texts(receiver.take(1)) == [str(n)]


@pytest.mark.feature("A thousand messages over a small credit")
@EACH
def test_credit_topped_up(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    sender, receiver = connection.sender(address, settle="settled"), connection.receiver(address)
    for n in range(1000):
        sender.send(text(str(n)))
    seen: list[str] = []
    for _ in range(100):
        receiver.credit(10)
        seen += texts(receiver.take(10))
    assert seen == [str(n) for n in range(1000)]


@pytest.mark.feature("Competing consumers share a queue")
@EACH
def test_competing_consumers(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    receivers = [connection.receiver(address, credit=10) for _ in range(3)]
    connection.sender(address).accepted(*(text(str(n)) for n in range(9)))
    shares = [texts(receiver.take(3)) for receiver in receivers]
    assert sorted(body for share in shares for body in share) == [str(n) for n in range(9)]


@pytest.mark.feature("A link to what cannot be is refused with a reason")
@EACH
def test_a_refused_link_says_why(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address, capabilities=["queue"]).accepted(text("a queue now"))
    with pytest.raises(AmqpError) as refusal:
        connection.sender(address, capabilities=["topic"])
    assert refusal.value.condition == "amqp:precondition-failed"
    with pytest.raises(AmqpError) as refusal:
        connection.receiver(address, capabilities=["topic"])
    assert refusal.value.condition == "amqp:precondition-failed"
    assert address in refusal.value.description
    assert texts(connection.receiver(address, credit=1).take(1)) == ["a queue now"]  # the connection lives on
