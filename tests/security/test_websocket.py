"""AMQP over WebSocket: in the clear and over TLS, and what is refused before a single AMQP byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from proton import Message
from proton.utils import BlockingConnection

from support import daemons, websocket
from support.certificates import Authority
from support.rawamqp import DISPOSITION, FLOW, TRANSFER, RawPeer, data_section, described, frame, uint
from support.rawamqp import FLOW as FLOW_CODE
from support.waiting import eventually


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


@pytest.fixture(scope="module")
def broker(
    authority: Authority, users_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[daemons.Daemon]:
    tls = {"cert": str(authority.folder / "server.pem"), "key": str(authority.folder / "server.key")}
    listeners = [
        {"listen": "127.0.0.1:0", "anonymous": True},
        {"listen": "127.0.0.1:0", "websocket": True, "anonymous": True, "origins": ["https://console.example"]},
        {"listen": "127.0.0.1:0", "websocket": True, "tls": True},
    ]
    settings: dict[str, object] = {
        "broker": {"users": str(users_file), "tls": tls, "listener": listeners, "handshake_timeout": "60s"}
    }
    with daemons.daemon("bascule-broker", settings, tmp_path_factory.mktemp("websocket")) as started:
        yield started


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    """A broker that gives nobody more than a second to say who he is."""
    listeners = [{"listen": "127.0.0.1:0", "websocket": True, "anonymous": True}]
    settings: dict[str, object] = {"broker": {"listener": listeners, "handshake_timeout": "1s"}}
    with daemons.daemon("bascule-broker", settings, tmp_path_factory.mktemp("impatient")) as started:
        yield started


@pytest.fixture
def dial_impatient(impatient: daemons.Daemon) -> Callable[[], socket.socket]:
    return lambda: socket.create_connection(("127.0.0.1", port_of(impatient.endpoints["ws"])), timeout=30)


def serves(broker: daemons.Daemon) -> bool:
    """Also within a second, in one of a few attempts."""
    try:
        return bool(peer_over(broker).mechanisms())
    except (EOFError, AssertionError, struct.error):
        return False


@pytest.fixture
def dial(broker: daemons.Daemon) -> Callable[[], socket.socket]:
    return lambda: socket.create_connection(("127.0.0.1", port_of(broker.endpoints["ws"])), timeout=30)


def peer_over(broker: daemons.Daemon, chunk: int = 1 << 16) -> RawPeer:
    def wrap(plain: socket.socket) -> Any:
        assert websocket.upgrade(plain).startswith("HTTP/1.1 101")
        return websocket.Socket(plain, chunk)

    return RawPeer(port_of(broker.endpoints["ws"]), wrap)


@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_messages_both_ways(broker: daemons.Daemon, chunk: int) -> None:
    """However the stream is cut into WebSocket messages: one byte each, or several frames in one."""
    address = f"websocket.{chunk}"
    peer = peer_over(broker, chunk)
    peer.begin()
    peer.attach_sender(address)
    peer.until(FLOW)
    size = 200 if chunk == 1 else 40_000
    peer.send(peer.transfer(data_section(b"x" * size)))
    assert b"\x00\x53\x24" in peer.until(DISPOSITION)
    plain = BlockingConnection(broker.amqp, timeout=30)
    receiver = plain.create_receiver(address, credit=1)
    assert receiver.receive(timeout=30).body == b"x" * size
    receiver.accept()
    receiver.close()
    plain.create_sender(address).send(Message(body=b"y" * size))
    peer.send(peer.attach(address, name="back", handle=1, receiver=True))
    peer.until(0x12)
    peer.send(frame(described(FLOW_CODE, uint(0), uint(2048), uint(1), uint(2048), uint(1), uint(0), uint(5))))
    assert peer.until(TRANSFER).endswith(b"y" * 100)
    plain.close()


def test_over_tls_with_a_password(broker: daemons.Daemon, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.ca))

    def wrap(plain: socket.socket) -> Any:
        secure = context.wrap_socket(plain, server_hostname="127.0.0.1")
        assert "sec-websocket-protocol: amqp" in websocket.upgrade(secure, path="/amqp").lower()
        return websocket.Socket(secure)

    peer = RawPeer(port_of(broker.endpoints["wss"]), wrap)
    assert peer.login("PLAIN", b"\0alice\0wonder land") == 0
    peer.greet()
    peer.open_as_is()
    wrong = RawPeer(port_of(broker.endpoints["wss"]), wrap)
    assert wrong.login("PLAIN", b"\0alice\0builder") == 1


def test_the_subprotocol_is_needed(dial: Callable[[], socket.socket]) -> None:
    assert websocket.upgrade(dial(), protocol="mqtt").startswith("HTTP/1.1 400")
    assert websocket.upgrade(dial(), protocol=None).startswith("HTTP/1.1 400")
    assert websocket.upgrade(dial(), protocol="mqtt, amqp").startswith("HTTP/1.1 101")


def test_pages_of_other_origins_are_kept_out(dial: Callable[[], socket.socket]) -> None:
    """A page anywhere could otherwise talk to the broker on its reader's machine."""
    assert websocket.upgrade(dial(), "Origin: https://evil.example").startswith("HTTP/1.1 403")
    assert websocket.upgrade(dial(), "Origin: null").startswith("HTTP/1.1 403")
    assert websocket.upgrade(dial(), "Origin: https://console.example.evil").startswith("HTTP/1.1 403")
    assert websocket.upgrade(dial(), "Origin: https://console.example").startswith("HTTP/1.1 101")


def test_other_requests_are_answered_and_closed(dial: Callable[[], socket.socket]) -> None:
    plain = dial()
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while part := plain.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 426")


@pytest.mark.parametrize("garbage", [
    b"AMQP\x03\x01\x00\x00" * 10, b"\x16\x03\x01\x02\x00" + b"\0" * 600, b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000,
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000, b"\r\n" * 10,
])  # fmt: skip
def test_garbage_is_cut(impatient: daemons.Daemon, dial_impatient: Callable[[], socket.socket], garbage: bytes) -> None:
    connection = dial_impatient()
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(garbage)
        while connection.recv(4096):
            pass
    eventually(lambda: serves(impatient), "it serves others")


def test_who_says_nothing_is_cut(dial_impatient: Callable[[], socket.socket]) -> None:
    connection = dial_impatient()
    assert connection.recv(1) == b""
    half = dial_impatient()
    half.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    with contextlib.suppress(ConnectionResetError):  # what was not read yet makes the close a reset
        assert half.recv(1) == b""


@pytest.mark.parametrize("bad", [
    websocket.frame(b"AMQP\x03\x01\x00\x00", websocket.TEXT),
    websocket.frame(b"AMQP\x03\x01\x00\x00", masked=False),
    b"\x82\xff" + b"\xff" * 8 + b"\0" * 4,  # a message of 2^64-1 bytes
    b"\xf2\x80\0\0\0\0",  # reserved bits
    b"\x83\x80\0\0\0\0",  # reserved opcode
    websocket.frame(b"x" * 200, websocket.PING),  # a control frame is at most 125 bytes
], ids=["text", "unmasked", "endless", "reserved bits", "reserved opcode", "large ping"])  # fmt: skip
def test_frames_that_cannot_be(
    impatient: daemons.Daemon, dial_impatient: Callable[[], socket.socket], bad: bytes
) -> None:
    def upgraded() -> socket.socket | None:
        made = dial_impatient()
        return made if websocket.upgrade(made).startswith("HTTP/1.1 101") else None

    connection = eventually(upgraded, "an upgrade within a second")
    assert connection is not None
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(bad)
        while connection.recv(4096):
            pass
    eventually(lambda: serves(impatient), "it serves others")


def test_pings_are_answered_and_close_ends_it(broker: daemons.Daemon, dial: Callable[[], socket.socket]) -> None:
    connection = dial()
    assert websocket.upgrade(connection).startswith("HTTP/1.1 101")
    over = websocket.Socket(connection)
    connection.sendall(websocket.frame(b"are you there", websocket.PING))
    assert over.message() == (websocket.PONG, b"are you there")
    connection.sendall(websocket.frame(b"\x03\xe8", websocket.CLOSE))
    assert over.message()[0] == websocket.CLOSE
    eventually(lambda: connection.recv(1) == b"", "the broker hangs up")


def test_a_flood_of_small_messages_costs_no_memory(broker: daemons.Daemon) -> None:
    """120 MB of one AMQP message in WebSocket messages of any size: the AMQP limits hold."""
    peer = peer_over(broker)
    peer.begin()
    peer.attach_sender("websocket.flood")
    peer.until(FLOW)
    status = Path(f"/proc/{broker.pid}/statm")
    before = int(status.read_text().split()[1])
    chunk = websocket.frame(peer.transfer(b"x" * 60_000, more=True))
    below = peer.socket.below  # type: ignore[attr-defined]
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(2000):
            below.sendall(chunk)
    assert (int(status.read_text().split()[1]) - before) * 4096 < 64 << 20
    assert peer_over(broker).mechanisms()
