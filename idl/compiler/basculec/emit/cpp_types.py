"""C++ spellings of contract types, and the statements that read and write their values."""

from __future__ import annotations

import itertools

from basculec.emit.render import indent
from basculec.model import Base, Contract, Enum, ListOf, MapOf, Ref, SetOf, Type

_BASE = {
    "bool": "bool",
    "i8": "std::int8_t",
    "i16": "std::int16_t",
    "i32": "std::int32_t",
    "i64": "std::int64_t",
    "double": "double",
    "string": "std::string",
    "binary": "std::string",
    "uuid": "::apache::thrift::TUuid",
}
_CALL = {"bool": "Bool", "i8": "Byte", "i16": "I16", "i32": "I32", "i64": "I64", "double": "Double",
         "string": "String", "binary": "Binary", "uuid": "UUID"}  # fmt: skip
_CODE = {"bool": "T_BOOL", "i8": "T_BYTE", "i16": "T_I16", "i32": "T_I32", "i64": "T_I64", "double": "T_DOUBLE",
         "string": "T_STRING", "binary": "T_STRING", "uuid": "T_UUID"}  # fmt: skip


def namespace(dotted: str) -> str:
    return "::".join(dotted.split("."))


class CppTypes:
    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._numbers = itertools.count()

    def name(self, of_type: Type) -> str:
        if isinstance(of_type, Base):
            return _BASE[of_type.name]
        if isinstance(of_type, ListOf):
            return f"std::vector<{self.name(of_type.element)}>"
        if isinstance(of_type, SetOf):
            return f"std::set<{self.name(of_type.element)}>"
        if isinstance(of_type, MapOf):
            return f"std::map<{self.name(of_type.key)}, {self.name(of_type.value)}>"
        declared = self.contract.resolve(of_type)
        full = f"::{namespace(declared.program.namespace_for('cpp'))}::{declared.name}"
        return full + "::type" if isinstance(declared, Enum) else full

    def parameter(self, of_type: Type) -> str:
        """How a client's method takes it."""
        return self.name(of_type) if self.is_scalar(of_type) else f"const {self.name(of_type)}&"

    def is_enum(self, of_type: Type) -> bool:
        return isinstance(of_type, Ref) and isinstance(self.contract.resolve(of_type), Enum)

    def is_struct(self, of_type: Type) -> bool:
        return isinstance(of_type, Ref) and not self.is_enum(of_type)

    def is_scalar(self, of_type: Type) -> bool:
        return self.is_enum(of_type) or (isinstance(of_type, Base) and of_type.name not in ("string", "binary"))

    def code(self, of_type: Type) -> str:
        """Its apache::thrift::protocol::TType."""
        if isinstance(of_type, Base):
            return "::apache::thrift::protocol::" + _CODE[of_type.name]
        if isinstance(of_type, ListOf):
            return "::apache::thrift::protocol::T_LIST"
        if isinstance(of_type, SetOf):
            return "::apache::thrift::protocol::T_SET"
        if isinstance(of_type, MapOf):
            return "::apache::thrift::protocol::T_MAP"
        return "::apache::thrift::protocol::T_I32" if self.is_enum(of_type) else "::apache::thrift::protocol::T_STRUCT"

    def write(self, of_type: Type, value: str) -> list[str]:
        if isinstance(of_type, Base):
            return [f"out.write{_CALL[of_type.name]}({value});"]
        if isinstance(of_type, (ListOf, SetOf)):
            kind = "List" if isinstance(of_type, ListOf) else "Set"
            item = f"item{next(self._numbers)}"
            return [
                f"out.write{kind}Begin({self.code(of_type.element)}, static_cast<std::uint32_t>({value}.size()));",
                f"for (const {self.name(of_type.element)}& {item} : {value}) {{",
                *indent(self.write(of_type.element, item), 2),
                "}",
                f"out.write{kind}End();",
            ]
        if isinstance(of_type, MapOf):
            item = f"item{next(self._numbers)}"
            codes = f"{self.code(of_type.key)}, {self.code(of_type.value)}"
            return [
                f"out.writeMapBegin({codes}, static_cast<std::uint32_t>({value}.size()));",
                f"for (const auto& {item} : {value}) {{",
                *indent(self.write(of_type.key, f"{item}.first") + self.write(of_type.value, f"{item}.second"), 2),
                "}",
                "out.writeMapEnd();",
            ]
        return (
            [f"out.writeI32(static_cast<std::int32_t>({value}));"]
            if self.is_enum(of_type)
            else [f"{value}.write(&out);"]
        )

    def read(self, of_type: Type, target: str) -> list[str]:
        if isinstance(of_type, Base):
            return [f"in.read{_CALL[of_type.name]}({target});"]
        if isinstance(of_type, (ListOf, SetOf)):
            return self._read_items(of_type, target)
        if isinstance(of_type, MapOf):
            return self._read_map(of_type, target)
        if self.is_enum(of_type):
            number = f"number{next(self._numbers)}"
            return [
                f"std::int32_t {number} = 0;",
                f"in.readI32({number});",
                f"{target} = static_cast<{self.name(of_type)}>({number});",
            ]
        return [f"{target}.read(&in);"]

    def _read_items(self, of_type: ListOf | SetOf, target: str) -> list[str]:
        n = next(self._numbers)
        kind, insert = ("List", "push_back") if isinstance(of_type, ListOf) else ("Set", "insert")
        return [
            f"::apache::thrift::protocol::TType type{n} = ::apache::thrift::protocol::T_STOP;",
            f"std::uint32_t count{n} = 0;",
            f"in.read{kind}Begin(type{n}, count{n});",
            f"::bascule::contract::require_element(type{n}, {self.code(of_type.element)}, count{n});",
            f"{target}.clear();",
            f"::bascule::thrift::charge(in, {target}, count{n});",
            f"for (std::uint32_t i{n} = 0; i{n} < count{n}; ++i{n}) {{",
            f"  {self.name(of_type.element)} item{n}{{}};",
            *indent(self.read(of_type.element, f"item{n}"), 2),
            f"  {target}.{insert}(std::move(item{n}));",
            "}",
            f"in.read{kind}End();",
        ]

    def _read_map(self, of_type: MapOf, target: str) -> list[str]:
        n = next(self._numbers)
        return [
            f"::apache::thrift::protocol::TType key{n} = ::apache::thrift::protocol::T_STOP, value{n} = ::apache::thrift::protocol::T_STOP;",
            f"std::uint32_t count{n} = 0;",
            f"in.readMapBegin(key{n}, value{n}, count{n});",
            f"::bascule::contract::require_element(key{n}, {self.code(of_type.key)}, count{n});",
            f"::bascule::contract::require_element(value{n}, {self.code(of_type.value)}, count{n});",
            f"{target}.clear();",
            f"::bascule::thrift::charge(in, {target}, count{n});",
            f"for (std::uint32_t i{n} = 0; i{n} < count{n}; ++i{n}) {{",
            f"  {self.name(of_type.key)} first{n}{{}};",
            *indent(self.read(of_type.key, f"first{n}"), 2),
            f"  {self.name(of_type.value)}& second{n} = {target}[std::move(first{n})];",
            *indent(self.read(of_type.value, f"second{n}"), 2),
            "}",
            "in.readMapEnd();",
        ]
