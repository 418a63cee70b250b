"""A WebSocket client by hand (RFC 6455): the upgrade, masked binary frames out, unmasked ones in, as a socket of bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct

BINARY, TEXT, CLOSE, PING, PONG = 2, 1, 8, 9, 10


def upgrade(connection: socket.socket, *headers: str, protocol: str | None = "amqp", path: str = "/") -> str:
    """Asks for the upgrade; the response's header."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", "Host: broker", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", *headers]  # fmt: skip
    if protocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    response = b""
    while b"\r\n\r\n" not in response:
        part = connection.recv(1)
        if not part:
            break
        response += part
    text = response.decode()
    if text.startswith("HTTP/1.1 101"):
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
        assert accept in text
    return text


def frame(data: bytes, opcode: int = BINARY, *, masked: bool = True, final: bool = True) -> bytes:
    size = len(data)
    head = bytes([opcode | (0x80 if final else 0)])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([size | mask_bit])
    elif size < 65536:
        head += bytes([126 | mask_bit]) + struct.pack(">H", size)
    else:
        head += bytes([127 | mask_bit]) + struct.pack(">Q", size)
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


class Socket:
    """What RawPeer needs of a socket, over a WebSocket. `chunk`: bytes of the stream in each message."""

    def __init__(self, below: socket.socket, chunk: int = 1 << 16) -> None:
        self.below, self.chunk = below, chunk
        self._in = b""

    def sendall(self, data: bytes) -> None:
        for at in range(0, len(data), self.chunk):
            self.below.sendall(frame(data[at : at + self.chunk]))

    def recv(self, n: int) -> bytes:
        while not self._in:
            opcode, data = self.message()
            if opcode == CLOSE:
                return b""
            self._in = data if opcode == BINARY else b""
        part, self._in = self._in[:n], self._in[n:]
        return part

    def message(self) -> tuple[int, bytes]:
        head = self._read(2)
        if len(head) < 2:
            return CLOSE, b""
        size = head[1] & 0x7F
        if size >= 126:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        return head[0] & 0xF, self._read(size)

    def _read(self, n: int) -> bytes:
        got = b""
        while len(got) < n:
            part = self.below.recv(n - len(got))
            if not part:
                return got
            got += part
        return got

    def settimeout(self, seconds: float) -> None:
        self.below.settimeout(seconds)

    def close(self) -> None:
        self.below.close()
