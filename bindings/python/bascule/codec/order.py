"""The order in which a set is written: by value, as C++ keeps it, so that equal values give equal bytes in every process."""

from __future__ import annotations

from typing import Any


def sort_key(value: Any) -> Any:
    """A value that compares like the contract's value does in C++; absent fields come first."""
    fields = getattr(value, "__bascule_fields__", None)
    if fields is not None:
        return tuple(
            (item is not None, None if item is None else sort_key(item)) for item in (getattr(value, f) for f in fields)
        )
    if isinstance(value, tuple | list):
        return tuple(map(sort_key, value))
    if isinstance(value, frozenset | set):
        return tuple(sorted(map(sort_key, value)))
    if isinstance(value, dict):
        return tuple((sort_key(key), sort_key(item)) for key, item in value.items())
    return value


def in_order(values: Any) -> list[Any]:
    """The elements of a set, in order; as they come where they cannot be compared (a value that does not fit the contract)."""
    try:
        return sorted(values, key=sort_key)
    except TypeError:
        return list(values)
