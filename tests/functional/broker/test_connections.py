"""Connections as an independent client sees them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from proton import UNDESCRIBED, Array, ConnectionException, Data, symbol
from proton.reactor import Container
from proton.utils import BlockingConnection

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]


def opened(connect: Connect, container_id: str, *desired: str, as_list: bool = False) -> BlockingConnection:
    container = Container()
    container.container_id = container_id
    names = [symbol(name) for name in desired]
    capabilities = names if as_list or not names else Array(UNDESCRIBED, Data.SYMBOL, *names)
    return connect(container=container, desired_capabilities=capabilities or None)


@pytest.mark.parametrize("as_list", [False, True])  # an array by the specification; this library's own way is a list
def test_a_container_id_that_is_wanted_for_one_connection(connect: Connect, as_list: bool) -> None:
    sole = "sole-connection-for-container"
    first = opened(connect, "only-one", sole, as_list=as_list)
    with pytest.raises(ConnectionException, match="in use"):
        opened(connect, "only-one", "something-else", sole, as_list=as_list).create_sender("x")  # the refusal comes behind OPEN
    # Who does not ask for it is not held to it.
    for container_id, desired in (("only-one", []), ("another", [sole])):
        opened(connect, container_id, *desired, as_list=as_list).create_sender("x")
    first.close()
    second = opened(connect, "only-one", sole, as_list=as_list)
    second.create_sender("x")
    second.close()


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("", "localhost:5", "101"),
        ("http://localhost:5", "localhost:5", "101"),
        ("https://127.0.0.1:5", "127.0.0.1:5", "101"),
        ("http://[::1]:5", "[::1]:5", "101"),
        ("http://localhost:6", "localhost:5", "403"),
        ("http://elsewhere.example", "localhost:5", "403"),
        ("http://rebound.example:5", "rebound.example:5", "403"),  # a name that its owner made point here
        ("http://localhost.evil.example:5", "localhost.evil.example:5", "403"),
        ("null", "localhost:5", "403"),
    ],
)
def test_whose_pages_may_use_websockets(start_broker: StartBroker, origin: str, host: str, status: str) -> None:
    broker = start_broker(config='[broker]\n[[broker.listener]]\nlisten = "127.0.0.1:0"\nwebsocket = true\n')
    url = next(url for name, url in broker.endpoints.items() if name == "ws")
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=30) as peer:
        lines = ["GET / HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol: amqp"]
        lines += [f"Origin: {origin}"] if origin else []
        peer.sendall("\r\n".join([*lines, "", ""]).encode())
        assert peer.recv(1000).decode().split()[1] == status
