"""Random values of a contract's types, for property tests."""

from __future__ import annotations

import math
import uuid
from typing import Any

from hypothesis import strategies as st

from bascule.contract import Registry, python_name

_BASE: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "i8": st.integers(-(2**7), 2**7 - 1),
    "i16": st.integers(-(2**15), 2**15 - 1),
    "i32": st.integers(-(2**31), 2**31 - 1),
    "i64": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    "binary": st.binary(max_size=20),
    "uuid": st.builds(uuid.UUID, int=st.integers(0, 2**128 - 1)),
}


def values(registry: Registry, ref: Any, *, key: bool = False, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a type; bounded in depth, so that recursive types end."""
    if isinstance(ref, str):
        return _BASE[ref]
    if "ref" in ref:
        described = registry.types[ref["ref"]]
        cls = registry.classes[ref["ref"]]
        if described["kind"] == "enum":
            return st.sampled_from([1, 2, 100000, 7, -5]).map(cls)
        return _structs(registry, described, cls, depth)
    if "map" in ref:
        keys = values(registry, ref["map"][0], key=True, depth=depth + 1)
        made = st.dictionaries(keys, values(registry, ref["map"][1], key=key, depth=depth + 1), max_size=4)
        return made.map(lambda each: tuple(each.items())) if key else made
    if "set" in ref:
        items = st.sets(values(registry, ref["set"], key=True, depth=depth + 1), max_size=4)
        return items.map(frozenset) if key else items
    listed = st.lists(values(registry, ref["list"], key=key, depth=depth + 1), max_size=20 if depth == 0 else 4)
    return listed.map(tuple) if key else listed


def _structs(registry: Registry, described: dict[str, Any], cls: type[Any], depth: int) -> st.SearchStrategy[Any]:
    fields = described["fields"]

    def of(each: dict[str, Any]) -> st.SearchStrategy[Any]:
        return values(registry, each["type"], depth=depth + 1)

    if described["kind"] == "union":
        return st.one_of([st.builds(cls, **{python_name(each["name"]): of(each)}) for each in fields])
    chosen: dict[str, st.SearchStrategy[Any]] = {}
    for each in fields:
        optional = each["requiredness"] == "optional"
        if optional and depth > 4:
            continue
        chosen[python_name(each["name"])] = st.none() | st.deferred(lambda e=each: of(e)) if optional else of(each)
    return st.builds(cls, **chosen)


def canonical(value: Any) -> Any:
    """A value that is equal for equal contents, across the classes of two registries; NaN equals itself."""
    names = getattr(value, "__bascule_fields__", None)
    if names is not None:
        return type(value).__name__, [canonical(getattr(value, each)) for each in names]
    if isinstance(value, float):
        return "float", "nan" if math.isnan(value) else repr(value)
    if isinstance(value, list | tuple):
        return type(value).__name__, [canonical(each) for each in value]
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted((canonical(each) for each in value), key=repr)
    if isinstance(value, dict):
        return "dict", sorted(([canonical(k), canonical(v)] for k, v in value.items()), key=repr)
    return type(value).__name__, value


def same(one: Any, other: Any) -> bool:
    return bool(canonical(one) == canonical(other))
