"""Reading: the bytes, how far it came, the limits; and values by their type, whatever the protocol."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from bascule.codec.pure.faults import BITS, DEPTH_LIMIT, MESSAGE_LIMIT, TYPE_NAMES, TYPES, Fault, step
from bascule.failures import application_error


class Reader:
    """What both protocols share: the bytes, how far reading came, and the limits."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.depth = data, 0, 0
        if len(data) > MESSAGE_LIMIT:
            self.fail("the message is larger than allowed")

    def fail(self, what: str) -> NoReturn:
        raise Fault(what, self.at)

    def enter(self) -> None:
        if self.depth >= DEPTH_LIMIT:
            self.fail("values are nested too deep")
        self.depth += 1

    def leave(self) -> None:
        self.depth -= 1

    def byte(self) -> int:
        if self.at >= len(self.data):
            self.fail("the message ends inside a value")
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            self.fail("a string or container is larger than the bytes left")
        self.at += size
        return self.data[self.at - size : self.at]

    def fixed(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            self.fail("the message ends inside a value")
        return self.take(size)

    def sized(self, size: int, each: int) -> None:
        if size > (len(self.data) - self.at) // each:
            self.fail("a string or container is larger than the bytes left")

    def i8(self) -> int:
        value = self.byte()
        return value - 256 if value > 127 else value

    # What the protocols differ in.
    def message_begin(self) -> tuple[str, int]:
        raise NotImplementedError

    def struct_begin(self) -> None:
        raise NotImplementedError

    def struct_end(self) -> None:
        raise NotImplementedError

    def field_begin(self) -> tuple[int, int]:
        raise NotImplementedError

    def boolean(self) -> bool:
        raise NotImplementedError

    def integer(self, bits: int) -> int:
        raise NotImplementedError

    def double(self) -> float:
        raise NotImplementedError

    def binary(self) -> bytes:
        raise NotImplementedError

    def list_begin(self) -> tuple[int, int]:
        raise NotImplementedError

    def map_begin(self) -> tuple[int, int, int]:
        raise NotImplementedError

    def text(self) -> str:
        raw = self.binary()
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.fail("a string is not UTF-8")

    def skip(self, kind: int) -> None:
        """Passes over a value of any kind."""
        if kind == 2:
            self.boolean()
        elif kind == 3:
            self.byte()
        elif kind in (6, 8, 10):
            self.integer({6: 15, 8: 31, 10: 63}[kind])
        elif kind == 4:
            self.fixed(8)
        elif kind == 16:
            self.take(16)
        elif kind == 11:
            self.binary()
        else:
            self._skip_nested(kind)

    def _skip_nested(self, kind: int) -> None:
        if kind == 12:
            self.struct_begin()
            while (header := self.field_begin())[0]:
                self.skip(header[0])
            self.struct_end()
            return
        self.enter()
        if kind == 13:
            key, value, size = self.map_begin()
            for _ in range(size):
                self.skip(key)
                self.skip(value)
        else:
            element, size = self.list_begin()
            for _ in range(size):
                self.skip(element)
        self.leave()


def read_application(reader: Reader) -> Exception:
    message, code = "", 0
    reader.struct_begin()
    while (header := reader.field_begin())[0]:
        if header == (11, 1):
            message = reader.text()
        elif header == (8, 2):
            code = reader.integer(31)
        else:
            reader.skip(header[0])
    return application_error(message, code)


def read_value(reader: Reader, spec: tuple[Any, ...], key: bool) -> Any:
    kind = spec[0]
    if kind == "bool":
        return reader.boolean()
    if kind == "i8":
        return reader.i8()
    if kind == "enum":
        return spec[1](reader.integer(31))
    if kind in BITS:
        return reader.integer(BITS[kind])
    if kind == "double":
        return reader.double()
    if kind == "string":
        return reader.text()
    if kind == "binary":
        return reader.binary()
    if kind == "uuid":
        return uuid.UUID(bytes=reader.take(16))
    if kind == "struct":
        return spec[1].read(reader)
    return _read_map(reader, spec, key) if kind == "map" else _read_list(reader, spec, key)


def _matches(size: int, got: int, spec: tuple[Any, ...], reader: Reader) -> None:
    wanted = TYPES[spec[0]]
    if size and got != wanted:
        reader.fail(f"has elements of type {TYPE_NAMES[got]}, not {TYPE_NAMES[wanted]}")


def _read_list(reader: Reader, spec: tuple[Any, ...], key: bool) -> Any:
    got, size = reader.list_begin()
    _matches(size, got, spec[1], reader)
    inner = key or spec[0] == "set"
    items = []
    for index in range(size):
        with step(f"[{index}]"):
            items.append(read_value(reader, spec[1], inner))
    if spec[0] == "list":
        return tuple(items) if key else items
    return frozenset(items) if key else set(items)


def _read_map(reader: Reader, spec: tuple[Any, ...], key: bool) -> Any:
    key_type, value_type, size = reader.map_begin()
    _matches(size, key_type, spec[1], reader)
    _matches(size, value_type, spec[2], reader)
    made = {}
    for index in range(size):
        with step(f"[{index}]"):
            name = read_value(reader, spec[1], True)
            made[name] = read_value(reader, spec[2], key)
    return tuple(made.items()) if key else made
