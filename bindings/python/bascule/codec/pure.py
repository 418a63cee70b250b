"""The codec in plain Python: for PyPy, and as a second opinion on the native one. Same bytes, values and verdicts."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

from bascule.codec.order import in_order
from bascule.failures import DecodeError, EncodeError, application_error

MESSAGE_LIMIT = 1 << 20
DEPTH_LIMIT = 32

# Thrift's own type codes, by the names of the descriptor and of containers.
_TYPES = {
    "bool": 2, "i8": 3, "double": 4, "i16": 6, "i32": 8, "enum": 8, "i64": 10, "string": 11, "binary": 11,
    "struct": 12, "map": 13, "set": 14, "list": 15, "uuid": 16,
}  # fmt: skip
_TYPE_NAMES = {
    2: "bool", 3: "i8", 4: "double", 6: "i16", 8: "i32", 10: "i64", 11: "string", 12: "struct", 13: "map",
    14: "set", 15: "list", 16: "uuid",
}  # fmt: skip
_COMPACT_CODES = {2: 1, 3: 3, 6: 4, 8: 5, 10: 6, 4: 7, 11: 8, 15: 9, 14: 10, 13: 11, 12: 12, 16: 13}
_COMPACT_TYPES = {1: 2, **{code: kind for kind, code in _COMPACT_CODES.items()}, 2: 2}
_COMPACT_LEAST = {4: 8, 16: 16}
_BINARY_LEAST = {2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 11: 4, 12: 1, 13: 6, 14: 5, 15: 5, 16: 16}
_BITS = {"i8": 7, "i16": 15, "i32": 31, "enum": 31, "i64": 63}


class _Fault(Exception):
    """What is wrong; the path grows while it passes outwards."""

    def __init__(self, what: str, offset: int = 0) -> None:
        super().__init__(what)
        self.what, self.offset = what, offset
        self.path: list[str] = []


class _Reader:
    """What both protocols share: the bytes, how far reading came, and the limits."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.depth = data, 0, 0
        if len(data) > MESSAGE_LIMIT:
            self.fail("the message is larger than allowed")

    def fail(self, what: str) -> NoReturn:
        raise _Fault(what, self.at)

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


class _CompactReader(_Reader):
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


class _BinaryReader(_Reader):
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


class _CompactWriter:
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


class _BinaryWriter:
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


_Writer = _CompactWriter | _BinaryWriter


class _FieldPlan:
    __slots__ = ("absent", "how", "id", "index", "name", "requiredness", "spec", "wire")

    def __init__(self, given: tuple[Any, ...], index: int) -> None:
        self.id, self.name, self.spec, self.requiredness, self.absent, self.how = given
        self.wire, self.index = _TYPES[self.spec[0]], index


class Plan:
    """How one struct of a contract is read and written."""

    def __init__(self, name: str, cls: type[Any] | None, exception: bool, one_of: bool) -> None:
        self.name, self.cls, self.exception, self.one_of = name, cls, exception, one_of
        self.fields: list[_FieldPlan] = []
        self.by_id: dict[int, _FieldPlan] = {}

    def set_fields(self, fields: list[tuple[Any, ...]]) -> None:
        made = [_FieldPlan(each, index) for index, each in enumerate(fields)]
        self.fields = sorted(made, key=lambda each: each.id)
        self.by_id = {each.id: each for each in self.fields}

    # -- the outside ---------------------------------------------------------------------------------------------------

    def encode(self, value: Any, binary: bool = False) -> bytes:
        return self._written(binary, lambda writer: self._write(writer, value))

    def decode(self, data: bytes, binary: bool = False) -> Any:
        return self._opened(data, binary, self._read)

    def encode_message(self, name: str, type: int, value: Any, binary: bool = False) -> bytes:
        if not 1 <= type <= 4:
            raise ValueError("a message type is 1 to 4")

        def write(writer: _Writer) -> None:
            writer.message_begin(name, type)
            self._write(writer, value)

        return self._written(binary, write)

    def decode_message(self, data: bytes, binary: bool = False) -> tuple[str, int, Any]:
        def read(reader: _Reader) -> tuple[str, int, Any]:
            name, kind = reader.message_begin()
            if kind == 3:
                raise _read_application(reader)
            return name, kind, self._read(reader)

        opened: tuple[str, int, Any] = self._opened(data, binary, read)
        return opened

    def _opened(self, data: bytes, binary: bool, read: Callable[[_Reader], Any]) -> Any:
        try:
            reader = (_BinaryReader if binary else _CompactReader)(bytes(data))
            value = read(reader)
            if reader.at != len(reader.data):
                reader.fail("bytes follow the end")
        except _Fault as fault:
            raise DecodeError(fault.what, fault.offset, self.name + "".join(reversed(fault.path))) from None
        return value

    def _written(self, binary: bool, write: Callable[[_Writer], None]) -> bytes:
        writer: _Writer = _BinaryWriter() if binary else _CompactWriter()
        try:
            write(writer)
            if len(writer.out) > MESSAGE_LIMIT:
                raise _Fault(f"the message has {len(writer.out)} bytes, over the limit of {MESSAGE_LIMIT}")
        except _Fault as fault:
            raise EncodeError(fault.what, self.name + "".join(reversed(fault.path))) from None
        return bytes(writer.out)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _read(self, reader: _Reader) -> Any:
        values: dict[str, Any] = {}
        reader.struct_begin()
        while True:
            wire, identity = reader.field_begin()
            if wire == 0:
                break
            field = self.by_id.get(identity)
            if field is None or field.wire != wire:
                reader.skip(wire)
                continue
            with _step("." + field.name):
                values[field.name] = _read_value(reader, field.spec, False)
        reader.struct_end()
        if self.one_of and len(values) != 1:
            reader.fail("more than one field of the union is set" if values else "no known field of the union is set")
        for field in self.fields:
            if field.name in values:
                continue
            if field.requiredness == 1:
                with _step("." + field.name):
                    reader.fail("a required field is missing")
            values[field.name] = self._absent(field, 0)
        return self._made(values)

    def _made(self, values: dict[str, Any]) -> Any:
        if self.cls is None:
            return tuple(values[each.name] for each in sorted(self.fields, key=lambda each: each.index))
        made: Any = object.__new__(self.cls) if not self.exception else BaseException.__new__(self.cls)
        for name, value in values.items():
            setattr(made, name, value)
        return made

    def _absent(self, field: _FieldPlan, depth: int) -> Any:
        if field.how == 2:
            plan: Plan = field.spec[1]
            return plan._zero(depth + 1)
        if field.how == 1:
            return field.absent()
        return _zero_value(field.spec, depth) if field.requiredness == 1 else field.absent

    def _zero(self, depth: int) -> Any:
        if depth > 16 or self.one_of:
            return None
        return self._made({field.name: self._absent(field, depth) for field in self.fields})

    # -- writing -------------------------------------------------------------------------------------------------------

    def _write(self, writer: _Writer, value: Any) -> None:
        if self.cls is None:
            if not isinstance(value, tuple) or len(value) != len(self.fields):
                raise _Fault(f"expected a tuple of {len(self.fields)} arguments")
            items = {field.name: value[field.index] for field in self.fields}
        else:
            if not isinstance(value, self.cls):
                raise _expected(self.name, value)
            items = {field.name: getattr(value, field.name, _UNSET) for field in self.fields}
        if not writer.struct_begin():
            raise _Fault("is nested too deep")
        written = 0
        for field in self.fields:
            item = items[field.name]
            with _step("." + field.name):
                if item is None or item is _UNSET:
                    if (
                        field.requiredness == 2
                        or self.one_of
                        or (field.requiredness == 0 and field.spec[0] == "struct")
                    ):
                        continue
                    raise _Fault("is not set" if item is _UNSET else "must not be None")
                _write_field(writer, field.id, field.spec, item)
            written += 1
        if self.one_of and written != 1:
            raise _Fault("exactly one field of a union must be set")
        writer.struct_end()


_UNSET = object()


class _step:
    """Adds its name to the path of a fault that passes through."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: object, traceback: object) -> None:
        if isinstance(fault, _Fault):
            fault.path.append(self.name)


def _expected(wanted: str, got: object) -> _Fault:
    return _Fault(f"expected {wanted}, got {type(got).__name__}")


def _zero_value(spec: tuple[Any, ...], depth: int) -> Any:
    kind = spec[0]
    if kind == "struct":
        return spec[1]._zero(depth + 1)
    if kind == "enum":
        return spec[1](0)
    if kind == "uuid":
        return uuid.UUID(int=0)
    return (
        {"bool": False, "double": 0.0, "string": "", "binary": b""}.get(kind, 0)
        if kind not in _FACTORIES
        else _FACTORIES[kind]()
    )


_FACTORIES: dict[str, Callable[[], Any]] = {"list": list, "set": set, "map": dict}


def _read_application(reader: _Reader) -> Exception:
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


def _read_value(reader: _Reader, spec: tuple[Any, ...], key: bool) -> Any:
    kind = spec[0]
    if kind == "bool":
        return reader.boolean()
    if kind == "i8":
        return reader.i8()
    if kind == "enum":
        return spec[1](reader.integer(31))
    if kind in _BITS:
        return reader.integer(_BITS[kind])
    if kind == "double":
        return reader.double()
    if kind == "string":
        return reader.text()
    if kind == "binary":
        return reader.binary()
    if kind == "uuid":
        return uuid.UUID(bytes=reader.take(16))
    if kind == "struct":
        return spec[1]._read(reader)
    return _read_map(reader, spec, key) if kind == "map" else _read_list(reader, spec, key)


def _matches(size: int, got: int, spec: tuple[Any, ...], reader: _Reader) -> None:
    wanted = _TYPES[spec[0]]
    if size and got != wanted:
        reader.fail(f"has elements of type {_TYPE_NAMES[got]}, not {_TYPE_NAMES[wanted]}")


def _read_list(reader: _Reader, spec: tuple[Any, ...], key: bool) -> Any:
    got, size = reader.list_begin()
    _matches(size, got, spec[1], reader)
    inner = key or spec[0] == "set"
    items = []
    for index in range(size):
        with _step(f"[{index}]"):
            items.append(_read_value(reader, spec[1], inner))
    if spec[0] == "list":
        return tuple(items) if key else items
    return frozenset(items) if key else set(items)


def _read_map(reader: _Reader, spec: tuple[Any, ...], key: bool) -> Any:
    key_type, value_type, size = reader.map_begin()
    _matches(size, key_type, spec[1], reader)
    _matches(size, value_type, spec[2], reader)
    made = {}
    for index in range(size):
        with _step(f"[{index}]"):
            name = _read_value(reader, spec[1], True)
            made[name] = _read_value(reader, spec[2], key)
    return tuple(made.items()) if key else made


def _write_field(writer: _Writer, identity: int, spec: tuple[Any, ...], value: Any) -> None:
    if spec[0] == "bool":
        if not isinstance(value, bool):
            raise _expected("bool", value)
        writer.bool_field(identity, value)
        return
    writer.field_begin(_TYPES[spec[0]], identity)
    _write_value(writer, spec, value, False)


def _write_value(writer: _Writer, spec: tuple[Any, ...], value: Any, key: bool) -> None:
    kind = spec[0]
    if kind in _BITS:
        if not isinstance(value, int):
            raise _expected("int", value)
        if not -(1 << _BITS[kind]) <= value < 1 << _BITS[kind]:
            raise _Fault(f"does not fit {'i32' if kind == 'enum' else kind}")
        writer.integer(value, _BITS[kind])
    elif kind == "struct":
        spec[1]._write(writer, value)
    elif kind in _FACTORIES:
        _write_container(writer, spec, value, key)
    else:
        _write_scalar(writer, kind, value)


def _write_scalar(writer: _Writer, kind: str, value: Any) -> None:
    if kind == "bool":
        if not isinstance(value, bool):
            raise _expected("bool", value)
        writer.boolean(value)
    elif kind == "double":
        if not isinstance(value, int | float):
            raise _expected("float", value)
        try:
            writer.double(float(value))
        except OverflowError:
            raise _Fault("does not fit double") from None
    elif kind == "string":
        if not isinstance(value, str):
            raise _expected("str", value)
        try:
            writer.binary(value.encode())
        except UnicodeEncodeError:
            raise _Fault("cannot be written as UTF-8") from None
    elif kind == "binary":
        try:
            writer.binary(bytes(memoryview(value)))
        except TypeError:
            raise _expected("bytes", value) from None
    else:
        if not isinstance(value, uuid.UUID):
            raise _expected("uuid.UUID", value)
        writer.out += value.bytes


def _write_container(writer: _Writer, spec: tuple[Any, ...], value: Any, key: bool) -> None:
    kind = spec[0]
    if kind == "map":
        if not isinstance(value, dict) and not (key and isinstance(value, tuple)):
            raise _expected("dict", value)
        pairs = list(value.items()) if isinstance(value, dict) else list(value)
        writer.map_begin(_TYPES[spec[1][0]], _TYPES[spec[2][0]], len(pairs))
        for index, (name, item) in enumerate(pairs):
            with _step(f"[{index}]"):
                _write_value(writer, spec[1], name, True)
                _write_value(writer, spec[2], item, key)
        return
    wanted: Any = (list, tuple) if kind == "list" else (set, frozenset)
    if not isinstance(value, wanted):
        raise _expected(kind, value)
    items = list(value) if kind == "list" else in_order(value)
    writer.list_begin(_TYPES[spec[1][0]], len(items))
    for index, item in enumerate(items):
        with _step(f"[{index}]"):
            _write_value(writer, spec[1], item, key or kind == "set")


class Method:
    """How one method's messages are read and written."""

    def __init__(self, name: str, oneway: bool, args: Plan, result: Plan) -> None:
        self.name, self.oneway, self._args, self._result = name, oneway, args, result

    def encode_call(self, args: tuple[Any, ...], binary: bool = False) -> bytes:
        return self._args.encode_message(self.name, 4 if self.oneway else 1, args, binary)

    def decode_call(self, data: bytes, binary: bool = False) -> tuple[Any, ...]:
        name, kind, args = self._args.decode_message(data, binary)
        if kind not in (1, 4) or name != self.name:
            raise DecodeError("the message is not a call of this method", 0, self.name)
        values: tuple[Any, ...] = args
        return values

    def encode_return(self, value: Any, binary: bool = False) -> bytes:
        success = self._result.by_id.get(0)
        if success is None and value is not None:
            raise EncodeError(f"{self.name} returns nothing by its contract, but got {type(value).__name__}")
        return self._answer(success, value, binary)

    def encode_raise(self, exception: BaseException, binary: bool = False) -> bytes | None:
        for field in self._result.fields:
            if field.id != 0 and isinstance(exception, field.spec[1].cls):
                return self._answer(field, exception, binary)
        return None

    def _answer(self, field: _FieldPlan | None, value: Any, binary: bool) -> bytes:
        def write(writer: _Writer) -> None:
            writer.message_begin(self.name, 2)
            writer.struct_begin()
            if field is not None:
                _write_field(writer, field.id, field.spec, value)
            writer.struct_end()

        return self._result._written(binary, write)

    def decode_reply(self, data: bytes, binary: bool = False) -> Any:
        _, kind, values = self._result.decode_message(data, binary)
        if kind != 2:
            raise DecodeError("the message is not a reply", 0, self.name)
        for field in self._result.fields:
            value = values[field.index]
            if value is None:
                continue
            if field.id == 0:
                return value
            raise value
        if 0 in self._result.by_id:
            raise DecodeError("the reply holds neither a result nor a declared exception", 0, self.name)
        return None
