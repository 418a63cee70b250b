"""Constants and defaults: from Thrift's untyped literals to values of their declared type, and to JSON."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from basculec.model import INTEGER_BITS, Base, ConstValue, Contract, Enum, ListOf, MapOf, SetOf, Struct, Type


class BadConstant(Exception):
    """The literal is no value of the type; the text says why and what to do."""


def typed(contract: Contract, of_type: Type, literal: ConstValue) -> Any:
    """bool, int, float, str, bytes; an enum is its int; lists and sets are lists; maps are lists of pairs in order of
    key; a struct is a dict by field name."""
    if isinstance(of_type, Base):
        return _base(of_type.name, literal)
    if isinstance(of_type, (ListOf, SetOf)):
        _expect(literal, "list", "a list, such as [1, 2]")
        return [typed(contract, of_type.element, item) for item in literal.value]  # type: ignore[attr-defined]
    if isinstance(of_type, MapOf):
        if literal.kind == "list" and not literal.value:
            return []
        _expect(literal, "map", 'a map, such as {"a": 1}')
        pairs = [(typed(contract, of_type.key, k), typed(contract, of_type.value, v)) for k, v in literal.value]  # type: ignore[attr-defined]
        return sorted(pairs, key=lambda pair: repr(pair[0]) if not isinstance(pair[0], (int, str)) else pair[0])
    declared = contract.resolve(of_type)
    if isinstance(declared, Enum):
        _expect(literal, "int", f"a value of {declared.name}")
        if literal.value not in declared.values.values():
            raise BadConstant(
                f"{literal.value} is no value of {declared.qualified}; name one of {', '.join(declared.values)}"
            )
        return literal.value
    return _struct(contract, declared, literal)


def _struct(contract: Contract, declared: Struct, literal: ConstValue) -> dict[str, Any]:
    if not (literal.kind == "list" and not literal.value):
        _expect(literal, "map", f'the fields of {declared.name}, such as {{"name": value}}')
    by_name = {f.name: f for f in declared.fields}
    found: dict[str, Any] = {}
    for key, value in literal.value:  # type: ignore[attr-defined]
        field = by_name.get(str(key.value))
        if field is None:
            raise BadConstant(f"{declared.qualified} has no field {key.value}; use one of {', '.join(by_name)}")
        found[field.name] = typed(contract, field.type, value)
    return {f.name: found[f.name] for f in declared.fields if f.name in found}


def _expect(literal: ConstValue, kind: str, wanted: str) -> None:
    if literal.kind != kind:
        raise BadConstant(f"{literal.value!r} does not fit; write {wanted}")


def _base(name: str, literal: ConstValue) -> Any:
    if name == "bool":
        if literal.value not in (0, 1):
            raise BadConstant(f"{literal.value!r} is no bool; write true or false")
        return bool(literal.value)
    if name == "double":
        if literal.kind not in ("int", "double"):
            raise BadConstant(f"{literal.value!r} is no double; write a number")
        return float(literal.value)  # type: ignore[arg-type]
    if name in INTEGER_BITS:
        limit = 1 << (INTEGER_BITS[name] - 1)
        if literal.kind != "int" or not -limit <= literal.value < limit:  # type: ignore[operator]
            raise BadConstant(f"{literal.value!r} is no {name}; write a number from {-limit} to {limit - 1}")
        return literal.value
    _expect(literal, "string", "a quoted string")
    if name == "binary":
        return str(literal.value).encode()
    if name == "uuid":
        try:
            return str(uuid.UUID(str(literal.value)))
        except ValueError:
            raise BadConstant(f"{literal.value!r} is no UUID; write 8-4-4-4-12 hexadecimal digits") from None
    return literal.value


def to_json(contract: Contract, of_type: Type, value: Any) -> Any:
    """A typed value in the HTTP/JSON mapping of docs/architecture.md."""
    if isinstance(of_type, Base):
        return base64.b64encode(value).decode() if of_type.name == "binary" else value
    if isinstance(of_type, (ListOf, SetOf)):
        return [to_json(contract, of_type.element, item) for item in value]
    if isinstance(of_type, MapOf):
        pairs = [(to_json(contract, of_type.key, k), to_json(contract, of_type.value, v)) for k, v in value]
        if json_object_key(contract, of_type.key):
            return {_key_text(k): v for k, v in pairs}
        return [list(pair) for pair in pairs]
    declared = contract.resolve(of_type)
    if isinstance(declared, Enum):
        return next(name for name, number in declared.values.items() if number == value)
    return {f.name: to_json(contract, f.type, value[f.name]) for f in declared.fields if f.name in value}


def _key_text(key: Any) -> str:
    return {True: "true", False: "false"}[key] if isinstance(key, bool) else str(key)


def json_object_key(contract: Contract, of_type: Type) -> bool:
    """Whether a map with such keys is a JSON object; otherwise it is an array of pairs."""
    if isinstance(of_type, Base):
        return of_type.name in ("string", "bool", *INTEGER_BITS)
    return not isinstance(of_type, (ListOf, SetOf, MapOf)) and isinstance(contract.resolve(of_type), Enum)
