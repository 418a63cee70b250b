"""Raw AMQP 1.0 bytes: frames made by hand, so that what no client library would send can be sent."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

SASL_HEADER = b"AMQP\x03\x01\x00\x00"
AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
NULL, TRUE, FALSE = b"\x40", b"\x41", b"\x42"
OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)


def uint(value: int) -> bytes:
    return b"\x70" + struct.pack(">I", value)


def ushort(value: int) -> bytes:
    return b"\x60" + struct.pack(">H", value)


def string(text: str) -> bytes:
    return b"\xb1" + struct.pack(">I", len(text)) + text.encode()


def symbol(text: str) -> bytes:
    return b"\xa3" + bytes([len(text)]) + text.encode()


def binary(data: bytes) -> bytes:
    return b"\xb0" + struct.pack(">I", len(data)) + data


def list32(*items: bytes) -> bytes:
    body = b"".join(items)
    return b"\xd0" + struct.pack(">II", len(body) + 4, len(items)) + body


def described(code: int, *items: bytes) -> bytes:
    return b"\x00\x53" + bytes([code]) + list32(*items)


def frame(body: bytes, *, kind: int = 0, channel: int = 0, size: int | None = None, doff: int = 2) -> bytes:
    return struct.pack(">IBBH", 8 + len(body) if size is None else size, doff, kind, channel) + body


def data_section(body: bytes) -> bytes:
    return b"\x00\x53\x75" + binary(body)


def outcome_of(body: bytes) -> int:
    """The code in an encoded sasl-outcome, whose list is list8 or list32 and whose code is a ubyte."""
    items = body[6:] if body[3] == 0xC0 else body[12:]
    assert items[0] == 0x50, body
    return items[1]


class RawPeer:
    """A TCP connection to a broker, at the level of bytes."""

    def __init__(self, port: int, wrap: Callable[[socket.socket], socket.socket] | None = None) -> None:
        """``wrap``: puts TLS or the like on the socket."""
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket = wrap(plain) if wrap else plain

    def send(self, *parts: bytes) -> None:
        try:
            self.socket.sendall(b"".join(parts))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up already; until_closed() says what it said

    def read(self, n: int) -> bytes:
        got = b""
        while len(got) < n:
            part = self.socket.recv(n - len(got))
            if not part:
                raise EOFError(got)
            got += part
        return got

    def until_closed(self) -> bytes:
        """All that comes until the broker hangs up; a socket.timeout when it does not."""
        got = b""
        try:
            while part := self.socket.recv(65536):
                got += part
        except ConnectionResetError:
            pass
        return got

    def frame(self) -> tuple[int, bytes]:
        """The next frame: its performative's code (0: heartbeat) and its body."""
        size, doff, _, _ = struct.unpack(">IBBH", self.read(8))
        body = self.read(size - 8)[(doff - 2) * 4 :]
        return (body[2] if len(body) > 2 else 0), body

    def until(self, code: int) -> bytes:
        while True:
            got, body = self.frame()
            if got == code:
                return body

    def mechanisms(self) -> set[str]:
        """Begins SASL; what the broker offers."""
        self.send(SASL_HEADER)
        assert self.read(8) == SASL_HEADER
        body = self.until(0x40)
        return {name for name in ("ANONYMOUS", "PLAIN", "SCRAM-SHA-256", "EXTERNAL") if name.encode() in body}

    def init(self, mechanism: str, response: bytes | None = None) -> None:
        fields = [symbol(mechanism)] + ([binary(response)] if response is not None else [])
        self.send(frame(described(0x41, *fields), kind=1))

    def respond(self, response: bytes) -> None:
        self.send(frame(described(0x43, binary(response)), kind=1))

    def outcome(self) -> int:
        """The outcome's code: 0 ok, 1 refused, 4 not now."""
        return outcome_of(self.until(0x44))

    def login(self, mechanism: str, response: bytes | None = None) -> int:
        self.mechanisms()
        self.init(mechanism, response)
        return self.outcome()

    def authenticate(self) -> None:
        assert self.login("ANONYMOUS") == 0
        self.greet()

    def greet(self) -> None:
        self.send(AMQP_HEADER)
        assert self.read(8) == AMQP_HEADER

    def open(self, *extra: bytes) -> None:
        self.authenticate()
        self.open_as_is(*extra)

    def open_as_is(self, *extra: bytes) -> None:
        """OPEN, once logged in."""
        self.send(frame(described(OPEN, string("raw"), NULL, NULL, NULL, *extra)))
        self.until(OPEN)

    def begin(self) -> None:
        self.open()
        self.send(frame(described(BEGIN, NULL, uint(0), uint(2048), uint(2048))))
        self.until(BEGIN)

    def attach_sender(self, address: str, *, name: str = "raw-sender", handle: int = 0) -> None:
        self.send(self.attach(address, name=name, handle=handle, receiver=False))
        self.until(ATTACH)

    @staticmethod
    def attach(address: str, *, name: str, handle: int, receiver: bool) -> bytes:
        source = described(0x28, string(address)) if receiver else described(0x28)
        target = described(0x29) if receiver else described(0x29, string(address))
        role = TRUE if receiver else FALSE
        initial = [] if receiver else [NULL, NULL, uint(0)]
        return frame(described(ATTACH, string(name), uint(handle), role, NULL, NULL, source, target, *initial))

    @staticmethod
    def transfer(body: bytes, *, delivery: int | None = 0, tag: bytes = b"t", more: bool = False, settled: bool = False,
                 handle: int = 0) -> bytes:
        return frame(
            described(TRANSFER, uint(handle), NULL if delivery is None else uint(delivery), b"\xa0" + bytes([len(tag)]) + tag,
                      uint(0), TRUE if settled else FALSE, TRUE if more else FALSE)
            + body
        )
