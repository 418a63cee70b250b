"""Classes made at run time from a descriptor: for tools that meet a contract nobody compiled for them."""

from __future__ import annotations

from typing import Any

from bascule.contract import Registry, python_name
from bascule.json_mapping import from_json
from bascule.types import Enum, Exception_, Struct, Union, field

_BASES: dict[str, type[Any]] = {"struct": Struct, "union": Union, "exception": Exception_}


def load(descriptor: str) -> Registry:
    """A registry of its own, in which every type of the descriptor has a class."""
    registry = Registry()
    registry.register(descriptor)
    names = list(registry.types)
    for name in names:
        if registry.types[name]["kind"] == "enum":
            _make_enum(registry, name, registry.types[name]["values"])
    pending = [name for name in names if registry.types[name]["kind"] != "enum"]
    for name in pending:
        _make_struct(registry, name, defaults=False)
    for name in pending:  # again, now that a default may name any class
        if any(each.get("default") is not None for each in registry.types[name]["fields"]):
            _make_struct(registry, name, defaults=True)
    return registry


def _make_enum(registry: Registry, name: str, values: dict[str, int]) -> None:
    namespace = Enum.__prepare__(name.rpartition(".")[2], (Enum,))
    namespace["__bascule_type__"] = name
    for each, number in values.items():
        namespace[python_name(each)] = number
    make: Any = type(Enum)
    make(name.rpartition(".")[2], (Enum,), namespace, registry=registry)


def _make_struct(registry: Registry, name: str, *, defaults: bool) -> None:
    described = registry.types[name]
    namespace: dict[str, Any] = {
        "__bascule_type__": name,
        "__annotations__": {},
        "__doc__": described.get("doc") or None,
    }
    for each in described["fields"]:
        attribute = python_name(each["name"])
        namespace["__annotations__"][attribute] = "object"
        default = _default(registry, each, described["kind"] == "union", defaults)
        if default is not None:
            namespace[attribute] = default
    base = _BASES[described["kind"]]
    make: Any = type(base)
    make(name.rpartition(".")[2], (base,), namespace, registry=registry)


def _default(registry: Registry, described: dict[str, Any], one_of: bool, use: bool) -> Any:
    ref, default = described["type"], described.get("default")
    if use and default is not None:
        return field(default_factory=lambda: from_json(registry, ref, default))
    if one_of or described["requiredness"] == "optional":
        return field(default=None)
    if described["requiredness"] == "required":
        return None
    zero, how = registry.zero(ref, 0)
    return None if how == 2 else field(default_factory=zero) if how == 1 else field(default=zero)
