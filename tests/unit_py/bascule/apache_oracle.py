"""Apache Thrift's Python library as an oracle: writes a contract's values by their descriptor, with its own protocols."""

from __future__ import annotations

from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

from bascule.codec.order import in_order
from bascule.contract import Registry, python_name

_BASE = {
    "bool": (TType.BOOL, "writeBool", "readBool"), "i8": (TType.BYTE, "writeByte", "readByte"),
    "i16": (TType.I16, "writeI16", "readI16"), "i32": (TType.I32, "writeI32", "readI32"),
    "i64": (TType.I64, "writeI64", "readI64"), "double": (TType.DOUBLE, "writeDouble", "readDouble"),
    "string": (TType.STRING, "writeString", "readString"), "binary": (TType.STRING, "writeBinary", "readBinary"),
}  # fmt: skip


def _wire(registry: Registry, ref: Any) -> int:
    if isinstance(ref, str):
        return int(_BASE[ref][0])
    if "ref" in ref:
        return int(TType.I32 if registry.types[ref["ref"]]["kind"] == "enum" else TType.STRUCT)
    return int(TType.MAP if "map" in ref else TType.LIST if "list" in ref else TType.SET)


def encode(registry: Registry, ref: Any, value: Any, *, binary: bool) -> bytes:
    memory = TMemoryBuffer()
    _write(registry, TBinaryProtocol(memory) if binary else TCompactProtocol(memory), ref, value)
    return bytes(memory.getvalue())


def _write(registry: Registry, out: Any, ref: Any, value: Any) -> None:
    if isinstance(ref, str):
        getattr(out, _BASE[ref][1])(value)
    elif "ref" in ref:
        described = registry.types[ref["ref"]]
        if described["kind"] == "enum":
            out.writeI32(int(value))
        else:
            _write_struct(registry, out, described, value)
    elif "map" in ref:
        pairs = list(value.items() if isinstance(value, dict) else value)
        out.writeMapBegin(_wire(registry, ref["map"][0]), _wire(registry, ref["map"][1]), len(pairs))
        for key, item in pairs:
            _write(registry, out, ref["map"][0], key)
            _write(registry, out, ref["map"][1], item)
        out.writeMapEnd()
    else:
        kind = "list" if "list" in ref else "set"
        begin, end = (out.writeListBegin, out.writeListEnd) if kind == "list" else (out.writeSetBegin, out.writeSetEnd)
        begin(_wire(registry, ref[kind]), len(value))
        for item in value if kind == "list" else in_order(value):
            _write(registry, out, ref[kind], item)
        end()


def _write_struct(registry: Registry, out: Any, described: dict[str, Any], value: Any) -> None:
    out.writeStructBegin("")
    for each in sorted(described["fields"], key=lambda each: each["id"]):
        item = getattr(value, python_name(each["name"]))
        if item is None:
            continue
        out.writeFieldBegin(each["name"], _wire(registry, each["type"]), each["id"])
        _write(registry, out, each["type"], item)
        out.writeFieldEnd()
    out.writeFieldStop()
    out.writeStructEnd()
