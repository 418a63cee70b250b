"""Contract values as JSON and back: docs/architecture.md, "HTTP/JSON mapping"."""

from __future__ import annotations

import base64
import binascii
import math
import uuid
from typing import Any

from bascule.contract import Registry, TypeRef, python_name

_BOUNDS = {"i8": 7, "i16": 15, "i32": 31, "i64": 63}
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class JsonError(ValueError):
    """JSON that does not fit the contract: what is wrong, and the JSON pointer of where."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(f"{pointer or '/'}: {message}")
        self.message, self.pointer = message, pointer


def from_json(registry: Registry, ref: TypeRef, value: Any, pointer: str = "", *, key: bool = False) -> Any:
    """A Python value of a contract's type from parsed JSON. Raises JsonError."""
    if isinstance(ref, str):
        return _base_from_json(ref, value, pointer)
    if "ref" in ref:
        described = registry.types[ref["ref"]]
        if described["kind"] == "enum":
            return _enum_from_json(registry, ref["ref"], value, pointer)
        return _struct_from_json(registry, ref["ref"], value, pointer)
    if "map" in ref:
        return _map_from_json(registry, ref["map"], value, pointer, key)
    kind = "list" if "list" in ref else "set"
    if not isinstance(value, list):
        raise JsonError("an array is expected", pointer)
    items = [
        from_json(registry, ref[kind], item, f"{pointer}/{index}", key=key or kind == "set")
        for index, item in enumerate(value)
    ]
    if kind == "list":
        return tuple(items) if key else items
    return frozenset(items) if key else set(items)


def arguments_from_json(registry: Registry, described: list[dict[str, Any]], given: Any) -> tuple[Any, ...]:
    """A method's arguments, in the contract's order, from a JSON object by name. Raises JsonError."""
    if not isinstance(given, dict):
        raise JsonError("the arguments are an object by name")
    unknown = set(given) - {each["name"] for each in described}
    if unknown:
        raise JsonError(
            f"no argument {sorted(unknown)[0]}; there are {', '.join(each['name'] for each in described) or 'none'}"
        )
    return tuple(_argument_from_json(registry, each, given) for each in described)


def _argument_from_json(registry: Registry, described: dict[str, Any], given: dict[str, Any]) -> Any:
    name = described["name"]
    if given.get(name) is not None:
        return from_json(registry, described["type"], given[name], f"/{name}")
    if described.get("default") is not None:
        return from_json(registry, described["type"], described["default"], f"/{name}")
    if described["requiredness"] == "optional":
        return None
    raise JsonError("is missing", f"/{name}")


def to_json(registry: Registry, ref: TypeRef, value: Any) -> Any:
    """What ``json.dumps`` takes, of a Python value of a contract's type."""
    if isinstance(ref, str):
        return _base_to_json(ref, value)
    if "ref" in ref:
        described = registry.types[ref["ref"]]
        if described["kind"] == "enum":
            return next((name for name, number in described["values"].items() if number == value), int(value))
        return {
            each["name"]: to_json(registry, each["type"], item)
            for each in described["fields"]
            if (item := getattr(value, python_name(each["name"]))) is not None
        }
    if "map" in ref:
        return _map_to_json(registry, ref["map"], value)
    element = ref["list" if "list" in ref else "set"]
    return [to_json(registry, element, item) for item in value]


def _base_from_json(kind: str, value: Any, pointer: str) -> Any:
    if kind == "bool":
        if isinstance(value, bool):
            return value
        raise JsonError("true or false is expected", pointer)
    if kind in _BOUNDS:
        return _integer_from_json(kind, value, pointer)
    if kind == "double":
        if isinstance(value, str) and value in _SPECIAL:
            return _SPECIAL[value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise JsonError("a number is expected", pointer)
    if not isinstance(value, str):
        raise JsonError("a string is expected", pointer)
    if kind == "string":
        return value
    try:
        return base64.b64decode(value, validate=True) if kind == "binary" else uuid.UUID(value)
    except (binascii.Error, ValueError) as error:
        raise JsonError(f"no valid {'base64' if kind == 'binary' else 'UUID'}", pointer) from error


def _integer_from_json(kind: str, value: Any, pointer: str) -> int:
    if kind == "i64" and isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise JsonError("an integer is expected", pointer) from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise JsonError("an integer is expected", pointer)
    if not -(1 << _BOUNDS[kind]) <= value < 1 << _BOUNDS[kind]:
        raise JsonError(f"does not fit {kind}", pointer)
    return value


def _enum_from_json(registry: Registry, name: str, value: Any, pointer: str) -> Any:
    values = registry.types[name]["values"]
    if isinstance(value, str):
        if value not in values:
            raise JsonError(f"{name} has no value {value}; it has {', '.join(values)}", pointer)
        value = values[value]
    return registry.class_of(name)(_integer_from_json("i32", value, pointer))


def _struct_from_json(registry: Registry, name: str, value: Any, pointer: str) -> Any:
    described = registry.types[name]
    if not isinstance(value, dict):
        raise JsonError("an object is expected", pointer)
    fields = {each["name"]: each for each in described["fields"]}
    given: dict[str, Any] = {}
    for each, item in value.items():
        if each not in fields:
            raise JsonError(f"{name} has no field {each}", f"{pointer}/{each}")
        if item is None and fields[each]["requiredness"] == "optional":
            continue
        given[python_name(each)] = from_json(registry, fields[each]["type"], item, f"{pointer}/{each}")
    try:
        return registry.class_of(name)(**given)
    except TypeError as error:
        raise JsonError(str(error).replace("__init__() ", ""), pointer) from None


def _map_from_json(registry: Registry, parts: list[TypeRef], value: Any, pointer: str, key: bool) -> Any:
    if _is_object_key(registry, parts[0]):
        if not isinstance(value, dict):
            raise JsonError("an object is expected", pointer)
        pairs = [(_key_from_json(registry, parts[0], k, pointer), k, v) for k, v in value.items()]
    else:
        if not isinstance(value, list) or any(not isinstance(each, list) or len(each) != 2 for each in value):
            raise JsonError("an array of [key, value] pairs is expected", pointer)
        pairs = [
            (from_json(registry, parts[0], k, f"{pointer}/{index}/0", key=True), f"{index}/1", v)
            for index, (k, v) in enumerate(value)
        ]
    made = {k: from_json(registry, parts[1], v, f"{pointer}/{at}", key=key) for k, at, v in pairs}
    return tuple(made.items()) if key else made


def _is_object_key(registry: Registry, ref: TypeRef) -> bool:
    if isinstance(ref, str):
        return ref in ("string", "bool") or ref in _BOUNDS
    return "ref" in ref and registry.types[ref["ref"]]["kind"] == "enum"


def _key_from_json(registry: Registry, ref: TypeRef, text: str, pointer: str) -> Any:
    if ref == "bool":
        if text not in ("true", "false"):
            raise JsonError("a key is true or false", f"{pointer}/{text}")
        return text == "true"
    if ref in _BOUNDS or (isinstance(ref, dict) and text.lstrip("-").isdigit()):
        try:
            return from_json(registry, ref, int(text), f"{pointer}/{text}")
        except ValueError:
            raise JsonError("a key is an integer", f"{pointer}/{text}") from None
    return from_json(registry, ref, text, f"{pointer}/{text}")


def _base_to_json(kind: str, value: Any) -> Any:
    if kind == "binary":
        return base64.b64encode(value).decode()
    if kind == "uuid":
        return str(value)
    if kind == "double" and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _map_to_json(registry: Registry, parts: list[TypeRef], value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else value
    if not _is_object_key(registry, parts[0]):
        return [[to_json(registry, parts[0], k), to_json(registry, parts[1], v)] for k, v in pairs]
    made = {}
    for k, v in pairs:
        key = to_json(registry, parts[0], k)
        made[("true" if key else "false") if isinstance(key, bool) else str(key)] = to_json(registry, parts[1], v)
    return made
