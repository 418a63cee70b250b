"""A FLOW that asks for an echo is answered with the link's state, behind what was sent before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proton import Data, Message


def test_an_echo_tells_how_the_link_stands(
    shared_broker: Any, connect: Callable[..., Any], rawamqp: Any, address: str
) -> None:
    sender = connect().create_sender(address)
    for n in range(3):
        sender.send(Message(body=n))
    peer = rawamqp.RawPeer(shared_broker.port)
    peer.begin()
    peer.send(peer.attach(address, name="reader", handle=0, receiver=True))
    peer.until(rawamqp.ATTACH)

    def ask(received: int, credit: int) -> tuple[int, list[Any]]:
        """Gives so much credit; how many transfers came before the answer, and the answer's fields."""
        state = [rawamqp.uint(value) for value in (received, 2048, 0, 2048, 0, received, credit)]
        peer.send(rawamqp.frame(rawamqp.described(rawamqp.FLOW, *state, rawamqp.NULL, rawamqp.FALSE, rawamqp.TRUE)))
        transfers = 0
        while True:
            code, body = peer.frame()
            transfers += code == rawamqp.TRANSFER
            if code != rawamqp.FLOW:
                continue
            data = Data()
            data.decode(body)
            data.rewind()
            data.next()
            fields = data.get_object().value
            if fields[4] is not None:  # of a link, not of the session
                return transfers, fields

    transfers, fields = ask(0, 2)
    assert (transfers, fields[2], fields[5], fields[6], fields[7]) == (2, 2, 2, 0, 1), (
        "ids, delivery-count, credit, available"
    )
    transfers, fields = ask(2, 10)
    assert (transfers, fields[2], fields[5], fields[6]) == (1, 3, 3, 9)
    transfers, fields = ask(3, 9)
    assert (transfers, fields[5], fields[6]) == (0, 3, 9), "asking changes nothing"
    sender.send(Message(body="next"))
    peer.until(rawamqp.TRANSFER)
    peer.socket.close()


def flow_fields(body: bytes) -> list[Any]:
    data = Data()
    data.decode(body)
    data.rewind()
    data.next()
    return list(data.get_object().value)


def test_a_senders_echo_tells_count_and_credit(shared_broker: Any, rawamqp: Any, address: str) -> None:
    """The engine never answers one. Deliveries of several frames count once; what was settled makes no difference."""
    peer = rawamqp.RawPeer(shared_broker.port)
    peer.begin()
    attach = rawamqp.described(
        rawamqp.ATTACH, rawamqp.string("writer"), rawamqp.uint(3), rawamqp.FALSE, rawamqp.NULL, rawamqp.NULL,
        rawamqp.described(0x28), rawamqp.described(0x29, rawamqp.string(address)), rawamqp.NULL, rawamqp.NULL, rawamqp.uint(41),
    )  # fmt: skip
    peer.send(rawamqp.frame(attach))
    granted = flow_fields(peer.until(rawamqp.FLOW))
    assert granted[5] == 41
    credit = granted[6]

    def ask(transfers: int, count: int | None, handle: int | None = 3) -> list[Any]:
        link = [rawamqp.NULL] * 5 if handle is None else [
            rawamqp.uint(handle), rawamqp.NULL if count is None else rawamqp.uint(count), rawamqp.NULL, rawamqp.uint(9), rawamqp.NULL,
        ]  # fmt: skip
        state = [rawamqp.uint(value) for value in (0, 2048, transfers, 2048)]
        peer.send(rawamqp.frame(rawamqp.described(rawamqp.FLOW, *state, *link, rawamqp.TRUE)))
        return flow_fields(peer.until(rawamqp.FLOW))

    fields = ask(0, 41)
    assert fields[4:8] == [granted[4], 41, credit, 9], "our handle, delivery-count, credit, available as it said"
    body = rawamqp.data_section(b"x" * 10)
    peer.send(
        rawamqp.RawPeer.transfer(body[:4], delivery=0, handle=3, more=True),
        rawamqp.RawPeer.transfer(body[4:9], delivery=None, handle=3, more=True),
        rawamqp.RawPeer.transfer(body[9:], delivery=None, handle=3),
        rawamqp.RawPeer.transfer(body, delivery=1, tag=b"u", handle=3, settled=True),
    )
    fields = ask(4, None)  # by what we counted
    assert fields[:1] + fields[4:8] == [4, granted[4], 43, credit - 2, 9]
    fields = ask(4, 43, handle=None)
    assert len(fields) == 4 and fields[0] == 4 and fields[1] > 1000, "the session's: next-incoming-id and a window"
    peer.socket.close()
