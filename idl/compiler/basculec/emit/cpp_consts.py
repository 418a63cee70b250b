"""Default values of arguments as C++ initialisers."""

from __future__ import annotations

from typing import Any

from basculec import consts
from basculec.emit.cpp_text import literal
from basculec.emit.cpp_types import CppTypes
from basculec.model import Base, Contract, Enum, Field, ListOf, MapOf, SetOf, Struct, Type


def default_value(contract: Contract, types: CppTypes, argument: Field) -> str:
    """What follows the variable's name: `{}`, or ` = value`."""
    if argument.default is None:
        return "{}"
    return " = " + _value(contract, types, argument.type, consts.typed(contract, argument.type, argument.default))


def _value(contract: Contract, types: CppTypes, of_type: Type, value: Any) -> str:
    if isinstance(of_type, Base):
        return _base(types, of_type, value)
    if isinstance(of_type, (ListOf, SetOf)):
        return f"{types.name(of_type)}{{{', '.join(_value(contract, types, of_type.element, v) for v in value)}}}"
    if isinstance(of_type, MapOf):
        pairs = (
            f"{{{_value(contract, types, of_type.key, k)}, {_value(contract, types, of_type.value, v)}}}"
            for k, v in value
        )
        return f"{types.name(of_type)}{{{', '.join(pairs)}}}"
    declared = contract.resolve(of_type)
    if isinstance(declared, Enum):
        return f"static_cast<{types.name(of_type)}>({value})"
    return _struct(contract, types, of_type, declared, value)


def _struct(contract: Contract, types: CppTypes, of_type: Type, declared: Struct, value: dict[str, Any]) -> str:
    sets = "".join(
        f" made.__set_{f.name}({_value(contract, types, f.type, value[f.name])});"
        for f in declared.fields
        if f.name in value
    )
    return f"[] {{ {types.name(of_type)} made;{sets} return made; }}()"


def _base(types: CppTypes, of_type: Base, value: Any) -> str:
    if of_type.name == "bool":
        return "true" if value else "false"
    if of_type.name in ("string", "binary"):
        data = value.decode() if isinstance(value, bytes) else value
        return f"std::string({literal(data)}, {len(data.encode())})"
    if of_type.name == "double":
        return repr(value)
    if of_type.name == "uuid":
        return f"{types.name(of_type)}({literal(value)})"
    return "INT64_MIN" if value == -(1 << 63) else f"{value}{'LL' if abs(value) >= 1 << 31 else ''}"
