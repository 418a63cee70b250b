"""Bodies from nothing to 10 MiB, which is many frames, byte for byte."""

from __future__ import annotations

import pytest

from interop.clients import Library
from interop.conftest import Connect
from interop.driver import AmqpError
from interop.pairs import EACH, PAIRS, RING
from interop.values import pattern


def transferred(sender: Library, receiver: Library, connect: Connect, address: str, *sizes: int) -> None:
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=len(sizes))
    source.accepted(*({"data": [{"size": size}]} for size in sizes), timeout=60)
    found = target.take(len(sizes), timeout=60)
    assert [message.message["data"] for message in found] == [[pattern(size)] for size in sizes]


@pytest.mark.feature("Bodies of 0 B to 100 KiB")
@PAIRS
def test_bodies_of_a_frame_or_a_few(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    transferred(sender, receiver, connect, address, 0, 1, 255, 256, 4096, 65535, 65536, 100 * 1024)


@pytest.mark.feature("Bodies of 10 MiB")
@RING
def test_bodies_of_many_frames(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    transferred(sender, receiver, connect, address, 10 * 1024 * 1024, 10 * 1024 * 1024 + 1)


@pytest.mark.feature("A message above max-message-size ends the link with a reason")
@EACH
def test_a_body_above_the_bound_is_refused(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    source = connection.sender(address)
    with pytest.raises(AmqpError) as refusal:
        source.send({"data": [{"size": 17 * 1024 * 1024}]})
    # go-amqp honours the bound that the broker's ATTACH names, and does not send.
    if client.name == "go_amqp":
        assert "exceeds max" in refusal.value.description
    else:
        assert refusal.value.condition == "amqp:link:message-size-exceeded"
    connection.sender(address).accepted({"data": ["00"]})
