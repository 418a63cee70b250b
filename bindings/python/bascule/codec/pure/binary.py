"""The binary protocol."""

from __future__ import annotations

import struct

from bascule.codec.pure.faults import DEPTH_LIMIT
from bascule.codec.pure.reader import Reader

_BINARY_LEAST = {2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 11: 4, 12: 1, 13: 6, 14: 5, 15: 5, 16: 16}


class BinaryReader(Reader):
    def integer(self, bits: int) -> int:
        return int.from_bytes(self.fixed((bits + 1) // 8), "big", signed=True)

    def message_begin(self) -> tuple[str, int]:
        version = int.from_bytes(self.fixed(4), "big")
        if version & 0xFFFF0000 != 0x80010000:
            self.fail("not a message of this protocol and version")
        if not 1 <= version & 0xFF <= 4:
            self.fail("unknown message type")
        name = self.text()
        self.fixed(4)
        return name, version & 0xFF

    def struct_begin(self) -> None:
        self.enter()

    def struct_end(self) -> None:
        self.leave()

    def field_begin(self) -> tuple[int, int]:
        kind = self.byte()
        if kind == 0:
            return 0, 0
        if kind not in _BINARY_LEAST:
            self.fail("unknown type code")
        return kind, self.integer(15)

    def boolean(self) -> bool:
        value = self.byte()
        if value > 1:
            self.fail("a bool is neither true nor false")
        return value == 1

    def double(self) -> float:
        return float(struct.unpack(">d", self.fixed(8))[0])

    def _size(self) -> int:
        size = self.integer(31)
        if size < 0:
            self.fail("a string or container is larger than the bytes left")
        return size

    def binary(self) -> bytes:
        return self.take(self._size())

    def _known(self, kind: int, size: int) -> int:
        if size and kind not in _BINARY_LEAST:
            self.fail("unknown type code")
        return kind

    def list_begin(self) -> tuple[int, int]:
        kind = self.byte()
        size = self._size()
        self._known(kind, size)
        if size:
            self.sized(size, _BINARY_LEAST[kind])
        return kind, size

    def map_begin(self) -> tuple[int, int, int]:
        key, value = self.byte(), self.byte()
        size = self._size()
        self._known(key, size)
        if size:
            self.sized(size, _BINARY_LEAST[key] + _BINARY_LEAST.get(value, 0))
        self._known(value, size)
        return key, value, size


class BinaryWriter:
    def __init__(self) -> None:
        self.out = bytearray()
        self.depth = 0

    def integer(self, value: int, bits: int) -> None:
        self.out += value.to_bytes((bits + 1) // 8, "big", signed=True)

    def message_begin(self, name: str, kind: int) -> None:
        self.out += (0x80010000 | kind).to_bytes(4, "big")
        self.binary(name.encode())
        self.out += b"\0\0\0\0"

    def struct_begin(self) -> bool:
        self.depth += 1
        return self.depth <= DEPTH_LIMIT

    def struct_end(self) -> None:
        self.out.append(0)
        self.depth -= 1

    def field_begin(self, kind: int, identity: int) -> None:
        self.out.append(kind)
        self.integer(identity, 15)

    def bool_field(self, identity: int, value: bool) -> None:
        self.field_begin(2, identity)
        self.boolean(value)

    def boolean(self, value: bool) -> None:
        self.out.append(1 if value else 0)

    def double(self, value: float) -> None:
        self.out += struct.pack(">d", value)

    def binary(self, value: bytes) -> None:
        self.integer(len(value), 31)
        self.out += value

    def list_begin(self, kind: int, size: int) -> None:
        self.out.append(kind)
        self.integer(size, 31)

    def map_begin(self, key: int, value: int, size: int) -> None:
        self.out.append(key)
        self.list_begin(value, size)
