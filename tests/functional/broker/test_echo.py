"""A FLOW that asks for an echo is answered with the link's state, behind what was sent before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proton import Data, Message


def test_an_echo_tells_how_the_link_stands(shared_broker: Any, connect: Callable[..., Any], rawamqp: Any, address: str) -> None:
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
    assert (transfers, fields[2], fields[5], fields[6], fields[7]) == (2, 2, 2, 0, 1), "ids, delivery-count, credit, available"
    transfers, fields = ask(2, 10)
    assert (transfers, fields[2], fields[5], fields[6]) == (1, 3, 3, 9)
    transfers, fields = ask(3, 9)
    assert (transfers, fields[5], fields[6]) == (0, 3, 9), "asking changes nothing"
    sender.send(Message(body="next"))
    peer.until(rawamqp.TRANSFER)
    peer.socket.close()
