"""Attacks on the edge, byte by byte over a socket: refused, the connection closed, and nothing behind them served.

The unit tests hold the whole list; these show that the running gateway does the same.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from support import daemons
from support.waiting import eventually

SMUGGLED = b"GET /livez?smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
HOST = b"Host: h\r\n"


def everything(client: socket.socket) -> bytes:
    """Until the gateway hangs up, or resets what it would have had to wait for longer than it lingers."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            answer += piece
    return answer


@pytest.fixture
def connect(gateway: daemons.Daemon) -> Iterator[Callable[[], socket.socket]]:
    url = httpx.URL(gateway.endpoints["http"])
    opened: list[socket.socket] = []

    def make() -> socket.socket:
        opened.append(socket.create_connection((url.host, url.port or 80), timeout=30))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def send(connect: Callable[[], socket.socket], gateway: daemons.Daemon) -> Iterator[Callable[..., bytes]]:
    """send(bytes): everything that comes back until the gateway closes."""

    def exchange(raw: bytes, step: int = 1 << 20) -> bytes:
        client = connect()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has answered, and this machine is slow
            for start in range(0, len(raw), step):
                client.sendall(raw[start : start + step])
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)
        return everything(client)

    yield exchange
    assert gateway.process.poll() is None, gateway.log


def post(fields: bytes, body: bytes) -> bytes:
    return b"POST /v1/items HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", body)


ATTACKS = {
    # 1: Content-Length against Transfer-Encoding
    "cl.te": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "te.cl": post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    "body on GET": b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
    "body on HEAD": b"HEAD / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
    # 2: Transfer-Encoding that is not quite chunked
    **{f"te {value!r}": post(b"Transfer-Encoding: " + value + b"\r\n", b"0\r\n\r\n")
       for value in (b"gzip", b"xchunked", b",chunked", b"chunked, chunked", b"chunked, identity", b"\xa0chunked",
                     b"\x0bchunked", b"\x00chunked", b"")},
    "te twice": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    # 3
    "chunked 1.0": b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    # 4: Content-Length that is not quite a number
    **{f"cl {value!r}": post(b"Content-Length: " + value + b"\r\n", b"hello")
       for value in (b"", b"+5", b"-48", b"0x10", b"010", b"1Z", b"5, 6", b"18446744073709551616")},
    "cl twice": post(b"Content-Length: 5\r\nContent-Length: 0\r\n", b"hello"),
    # 5: chunk sizes
    **{f"chunk {size!r}": chunked(size + b"\r\nhello\r\n0\r\n\r\n")
       for size in (b"0_2e", b"0x5", b"+5", b"-0x0", b"1zzz", b" 5", b"5 ", b"00000000000000005")},
    "chunk end": chunked(b"5\r\nhello0\r\n\r\n"),
    # 6: extensions and trailers
    "extension with a line feed": chunked(b'1;a="\n"\r\nZ\r\n0\r\n\r\n'),
    "extension with a bare CR": chunked(b"5\r\r;ABCD\r\n"),
    "extension of 64 KiB": chunked(b"1;a=" + b"x" * 65536 + b"\r\nZ\r\n0\r\n\r\n"),
    "lone line feed": chunked(b"0\n\r\n"),
    **{f"trailer {field!r}": chunked(b"0\r\n" + field + b"\r\n\r\n")
       for field in (b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Host: x", b"Authorization: x")},
    # 7: field syntax
    **{f"field {field!r}": b"GET / HTTP/1.1\r\n" + HOST + field + b"\r\n\r\n"
       for field in (b"a: b\rc", b"a: b\nc", b"Content-Length : 5", b" first: x", b": x", b"na\0me: x", b"\xef: x", b"(: x",
                     b"a: \0", b"nothing", b"Transfer-\r\nEncoding: chunked", b"a: b\r\n c")},
    # 8: request line and Host
    **{f"line {line!r}": line + b"\r\n" + HOST + b"\r\n"
       for line in (b"GET /\nHTTP/1.1", b"GET ! HTTP/1.1", b"GET / HTTP/1.32", b"GET / HTTP/4294967295.255",
                    b"GET http://other/ HTTP/1.1")},
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    **{f"host {host!r}": b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n" for host in (b"a,b", b"user@h", b"")},
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    # 9 and 10: names that read like others, doubled credentials
    "underscore": b"GET / HTTP/1.1\r\n" + HOST + b"X_User: root\r\n\r\n",
    "two tokens": b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: a\r\nAuthorization: b\r\n\r\n",
    "two keys": b"GET / HTTP/1.1\r\n" + HOST + b"X-Api-Key: a\r\nX-Api-Key: b\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("step", [1 << 20, 1], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("raw", ATTACKS.values(), ids=list(ATTACKS))
def test_it_is_refused_and_nothing_behind_it_is_served(send: Callable[..., bytes], raw: bytes, step: int) -> None:
    answer = send(raw + SMUGGLED, step if len(raw) < 1000 else 1 << 20)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert b"application/problem+json" in head
    assert answer.count(b"HTTP/1.1 ") == 1, "one answer"
    assert b"alive" not in body


@pytest.mark.parametrize("line", [b"CONNECT h:443 HTTP/1.1", b"TRACE / HTTP/1.1"])
def test_methods_that_tunnel_or_echo_are_not_there(send: Callable[..., bytes], line: bytes) -> None:
    assert send(line + b"\r\n" + HOST + b"\r\n").startswith(b"HTTP/1.1 501 ")


@pytest.mark.parametrize("path", [
    "/v1/../admin", "/v1/%2e%2e/admin", "/%2e%2e%2fadmin", "//admin", "/v1%2fitems", "/v1\\items", "/v1%5citems", "/v1/items%00",
    "/%c0%af", "/v1/./items", "/v1/%"])  # fmt: skip
def test_paths_that_could_be_read_twice_are_refused(send: Callable[..., bytes], path: str) -> None:
    assert send(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/livez;x=1", "/livez..", "/%256civez", "/LIVEZ", "/livez/"])
def test_paths_that_only_look_alike_are_not_found(send: Callable[..., bytes], path: str) -> None:
    assert send(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()).startswith(b"HTTP/1.1 404 ")


def test_what_connection_names_is_not_seen(shelf: Any, connect: Callable[[], socket.socket]) -> None:
    shelf.methods["find"] = lambda message, a: [str(a.agent)]
    client = connect()
    client.sendall(b"GET /v1/items HTTP/1.1\r\n" + HOST + b"X-Agent: forged\r\nConnection: close, x-agent\r\n\r\n")
    assert everything(client).endswith(b'["None"]')


def test_pipelined_requests_are_answered_in_order(connect: Callable[[], socket.socket]) -> None:
    client = connect()
    client.sendall(
        b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n" * 50
        + b"GET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    )
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", everything(client))
    assert statuses == [b"200"] * 50 + [b"404"]


def test_a_flood_of_pipelined_requests_is_held_back(shelf: Any, connect: Callable[[], socket.socket]) -> None:
    """While one request is open the others wait in the socket, not in memory."""
    shelf.methods["slow"] = lambda message, a: None
    client = connect()
    client.sendall(b"GET /v1/slow/x HTTP/1.1\r\nHost: h\r\n\r\n")
    client.setblocking(False)
    sent = 0
    filler = SMUGGLED * 1000

    def full() -> bool:
        nonlocal sent
        try:
            while sent < 64 * 1024 * 1024:
                sent += client.send(filler)
        except BlockingIOError:
            return True
        return False

    eventually(full, "the gateway stopped reading")
    assert sent < 32 * 1024 * 1024


def test_a_slow_head_is_408(connect: Callable[[], socket.socket], slow_gateway: daemons.Daemon) -> None:
    url = httpx.URL(slow_gateway.endpoints["http"])
    with socket.create_connection((url.host, url.port or 80), timeout=30) as client:
        client.sendall(b"GET / HT")
        assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
        while client.recv(4096):
            pass


@pytest.fixture
def slow_gateway(broker: daemons.Daemon, tmp_path: Any) -> Iterator[daemons.Daemon]:
    config: dict[str, object] = {
        "broker": {"url": broker.amqp},
        "gateway": {"listen": "127.0.0.1:0", "loops": 1, "head_time": "200ms", "access_log": False},
    }
    with daemons.daemon("bascule-gateway", config, tmp_path) as started:
        yield started
