"""The compact protocol."""

from __future__ import annotations

import struct

from bascule.codec.pure.faults import DEPTH_LIMIT
from bascule.codec.pure.reader import Reader

_COMPACT_CODES = {2: 1, 3: 3, 6: 4, 8: 5, 10: 6, 4: 7, 11: 8, 15: 9, 14: 10, 13: 11, 12: 12, 16: 13}
_COMPACT_TYPES = {1: 2, **{code: kind for kind, code in _COMPACT_CODES.items()}, 2: 2}
_COMPACT_LEAST = {4: 8, 16: 16}


class CompactReader(Reader):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.last = 0
        self.outer: list[int] = []
        self.pending = 0

    def varint(self) -> int:
        group = self.data[self.at : self.at + 10]
        size = next((at + 1 for at, byte in enumerate(group) if byte < 128), 0)
        if size == 0 and len(group) < 10:
            self.fail("the message ends inside a value")
        if size == 0 or (size == 10 and group[9] > 1):  # the tenth byte holds one bit
            self.fail("a variable-length integer is over 10 bytes")
        self.at += size
        return sum((byte & 127) << 7 * at for at, byte in enumerate(group[:size]))

    def integer(self, bits: int) -> int:
        raw = self.varint()
        value = (raw >> 1) ^ -(raw & 1)
        if not -(1 << bits) <= value < 1 << bits:
            self.fail("an integer does not fit its type")
        return value

    def message_begin(self) -> tuple[str, int]:
        protocol, version = self.byte(), self.byte()
        if protocol != 0x82 or version & 31 != 1:
            self.fail("not a message of this protocol and version")
        if not 1 <= version >> 5 <= 4:
            self.fail("unknown message type")
        if self.varint() > 0xFFFFFFFF:
            self.fail("an integer does not fit its type")
        return self.text(), version >> 5

    def struct_begin(self) -> None:
        self.enter()
        self.outer.append(self.last)
        self.last = 0

    def struct_end(self) -> None:
        self.last = self.outer.pop()
        self.leave()

    def field_begin(self) -> tuple[int, int]:
        head = self.byte()
        code = head & 15
        if code == 0:
            return 0, 0
        if code > 13:
            self.fail("unknown type code")
        identity = self.last + (head >> 4) if head >> 4 else self.integer(15)
        if identity > 32767:
            self.fail("an integer does not fit its type")
        self.last = identity
        self.pending = code if code <= 2 else 0
        return _COMPACT_TYPES[code], identity

    def boolean(self) -> bool:
        value = self.pending or self.byte()
        self.pending = 0
        if value > 2:
            self.fail("a bool is neither true nor false")
        return value == 1

    def double(self) -> float:
        return float(struct.unpack("<d", self.fixed(8))[0])

    def binary(self) -> bytes:
        return self.take(self.varint())

    def _known(self, code: int, size: int) -> int:
        if code > 13 or (code == 0 and size):
            self.fail("unknown type code")
        return _COMPACT_TYPES.get(code, 0)

    def list_begin(self) -> tuple[int, int]:
        head = self.byte()
        size = head >> 4 if head >> 4 < 15 else self.varint()
        kind = self._known(head & 15, size)
        self.sized(size, _COMPACT_LEAST.get(kind, 1))
        return kind, size

    def map_begin(self) -> tuple[int, int, int]:
        size = self.varint()
        if size == 0:
            return 0, 0, 0
        head = self.byte()
        key, value = self._known(head >> 4, size), _COMPACT_TYPES.get(head & 15, 0)
        self.sized(size, _COMPACT_LEAST.get(key, 1) + _COMPACT_LEAST.get(value, 1))
        self._known(head & 15, size)
        return key, value, size


class CompactWriter:
    def __init__(self) -> None:
        self.out = bytearray()
        self.last = 0
        self.outer: list[int] = []

    def varint(self, value: int) -> None:
        while value > 127:
            self.out.append(value & 127 | 128)
            value >>= 7
        self.out.append(value)

    def integer(self, value: int, bits: int) -> None:
        if bits == 7:
            self.out.append(value & 255)
        else:
            self.varint(((value << 1) ^ (value >> 63)) & (2**64 - 1))

    def message_begin(self, name: str, kind: int) -> None:
        self.out += bytes((0x82, 1 | kind << 5, 0))
        self.binary(name.encode())

    def struct_begin(self) -> bool:
        self.outer.append(self.last)
        self.last = 0
        return len(self.outer) <= DEPTH_LIMIT

    def struct_end(self) -> None:
        self.out.append(0)
        self.last = self.outer.pop()

    def field_begin(self, kind: int, identity: int) -> None:
        self._header(_COMPACT_CODES[kind], identity)

    def bool_field(self, identity: int, value: bool) -> None:
        self._header(1 if value else 2, identity)

    def _header(self, code: int, identity: int) -> None:
        delta = identity - self.last
        self.last = identity
        if 0 < delta <= 15:
            self.out.append(delta << 4 | code)
        else:
            self.out.append(code)
            self.integer(identity, 15)

    def boolean(self, value: bool) -> None:
        self.out.append(1 if value else 2)

    def double(self, value: float) -> None:
        self.out += struct.pack("<d", value)

    def binary(self, value: bytes) -> None:
        self.varint(len(value))
        self.out += value

    def list_begin(self, kind: int, size: int) -> None:
        if size < 15:
            self.out.append(size << 4 | _COMPACT_CODES[kind])
        else:
            self.out.append(0xF0 | _COMPACT_CODES[kind])
            self.varint(size)

    def map_begin(self, key: int, value: int, size: int) -> None:
        self.varint(size)
        if size:
            self.out.append(_COMPACT_CODES[key] << 4 | _COMPACT_CODES[value])
