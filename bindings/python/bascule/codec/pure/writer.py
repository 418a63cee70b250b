"""Writing values by their type, whatever the protocol."""

from __future__ import annotations

import uuid
from typing import Any

from bascule.codec.order import in_order
from bascule.codec.pure.binary import BinaryWriter
from bascule.codec.pure.compact import CompactWriter
from bascule.codec.pure.faults import BITS, TYPES, Fault, expected, step

_CONTAINERS = ("list", "set", "map")

Writer = CompactWriter | BinaryWriter


def write_field(writer: Writer, identity: int, spec: tuple[Any, ...], value: Any) -> None:
    if spec[0] == "bool":
        if not isinstance(value, bool):
            raise expected("bool", value)
        writer.bool_field(identity, value)
        return
    writer.field_begin(TYPES[spec[0]], identity)
    _write_value(writer, spec, value, False)


def _write_value(writer: Writer, spec: tuple[Any, ...], value: Any, key: bool) -> None:
    kind = spec[0]
    if kind in BITS:
        if not isinstance(value, int):
            raise expected("int", value)
        if not -(1 << BITS[kind]) <= value < 1 << BITS[kind]:
            raise Fault(f"does not fit {'i32' if kind == 'enum' else kind}")
        writer.integer(value, BITS[kind])
    elif kind == "struct":
        spec[1].write(writer, value)
    elif kind in _CONTAINERS:
        _write_container(writer, spec, value, key)
    else:
        _write_scalar(writer, kind, value)


def _write_scalar(writer: Writer, kind: str, value: Any) -> None:
    if kind == "bool":
        if not isinstance(value, bool):
            raise expected("bool", value)
        writer.boolean(value)
    elif kind == "double":
        if not isinstance(value, int | float):
            raise expected("float", value)
        try:
            writer.double(float(value))
        except OverflowError:
            raise Fault("does not fit double") from None
    elif kind == "string":
        if not isinstance(value, str):
            raise expected("str", value)
        try:
            writer.binary(value.encode())
        except UnicodeEncodeError:
            raise Fault("cannot be written as UTF-8") from None
    elif kind == "binary":
        try:
            writer.binary(bytes(memoryview(value)))
        except TypeError:
            raise expected("bytes", value) from None
    else:
        if not isinstance(value, uuid.UUID):
            raise expected("uuid.UUID", value)
        writer.out += value.bytes


def _write_container(writer: Writer, spec: tuple[Any, ...], value: Any, key: bool) -> None:
    kind = spec[0]
    if kind == "map":
        if not isinstance(value, dict) and not (key and isinstance(value, tuple)):
            raise expected("dict", value)
        pairs = list(value.items()) if isinstance(value, dict) else list(value)
        writer.map_begin(TYPES[spec[1][0]], TYPES[spec[2][0]], len(pairs))
        for index, (name, item) in enumerate(pairs):
            with step(f"[{index}]"):
                _write_value(writer, spec[1], name, True)
                _write_value(writer, spec[2], item, key)
        return
    wanted: Any = (list, tuple) if kind == "list" else (set, frozenset)
    if not isinstance(value, wanted):
        raise expected(kind, value)
    items = list(value) if kind == "list" else in_order(value)
    writer.list_begin(TYPES[spec[1][0]], len(items))
    for index, item in enumerate(items):
        with step(f"[{index}]"):
            _write_value(writer, spec[1], item, key or kind == "set")
