"""A service's own database, as a handler uses it: rows, parameters, and the transaction that its effect is part of.

Statements run in the C++ core (pipelined, prepared, pooled); here values become parameters and rows become Python values.
"""

from __future__ import annotations

import datetime
import decimal
import ipaddress
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from bascule.failures import Error, error_class

if TYPE_CHECKING:
    from bascule.context import Context

Value: TypeAlias = Any
_RawResult: TypeAlias = tuple[tuple[str, ...], tuple[int, ...], list[tuple[bytes | None, ...]], int]


class SqlError(Error):
    """What PostgreSQL answered when a statement failed."""

    def __init__(self, message: str, sqlstate: str = "", constraint: str = "", code: str = "internal") -> None:
        super().__init__(message)
        self.sqlstate, self.constraint = sqlstate, constraint
        self.__bascule_error__ = code

    @property
    def is_unique_violation(self) -> bool:
        return self.sqlstate == "23505"

    @property
    def is_retryable(self) -> bool:
        """The same transaction, run again from its beginning, may succeed."""
        return self.sqlstate in ("40001", "40P01")


def make_error(code: str, message: str) -> Error:
    return error_class(code)(message)


def make_sql_error(code: str, message: str, sqlstate: str, constraint: str) -> SqlError:
    return SqlError(message, sqlstate, constraint, code)


class Row(Mapping[str, Value]):
    """One row: values by column name, or by position."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: tuple[str, ...], values: tuple[Value, ...]) -> None:
        self._names, self._values = names, values

    def __getitem__(self, key: str | int) -> Value:
        if isinstance(key, int):
            return self._values[key]
        try:
            return self._values[self._names.index(key)]
        except ValueError:
            raise KeyError(f"no column {key!r}: the row has {', '.join(self._names)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{n}={v!r}' for n, v in zip(self._names, self._values, strict=True))})"


# -- values to parameters ----------------------------------------------------------------------------------------------


def parameter(value: Value) -> str | bytes | None:
    """A parameter in PostgreSQL's text format (bytea: binary)."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | float | decimal.Decimal):
        return str(int(value)) if isinstance(value, int) else str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, list | tuple | set | frozenset):
        return "{" + ",".join(map(_element, value)) + "}"
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, uuid.UUID | ipaddress.IPv4Address | ipaddress.IPv6Address):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be a parameter: give PostgreSQL's text of it")


def _element(value: Value) -> str:
    if isinstance(value, list | tuple):
        return str(parameter(value))
    if isinstance(value, bytes):
        return '"\\\\x' + value.hex() + '"'
    text = parameter(value)
    if text is None:
        return "NULL"
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- fields to values --------------------------------------------------------------------------------------------------


def _timestamp(text: str) -> datetime.datetime | str:
    if text in ("infinity", "-infinity"):
        return text
    return datetime.datetime.fromisoformat(text + ":00" if text[-3] in "+-" else text)


def _bytea(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _array(convert: Callable[[str], Value]) -> Callable[[str], Value]:
    def read(text: str) -> list[Value]:
        values, _ = _array_items(text, 1, convert)
        return values

    return read


def _array_items(text: str, at: int, convert: Callable[[str], Value]) -> tuple[list[Value], int]:
    """The items of an array literal from behind its ``{``, and where it ends."""
    values: list[Value] = []
    while text[at] != "}":
        if text[at] == "{":
            inner, at = _array_items(text, at + 1, convert)
            values.append(inner)
        elif text[at] == '"':
            item, at = _quoted(text, at + 1)
            values.append(convert(item))
        else:
            end = min(i for i in (text.find(",", at), text.find("}", at)) if i >= 0)
            values.append(None if text[at:end] == "NULL" else convert(text[at:end]))
            at = end
        if text[at] == ",":
            at += 1
    return values, at + 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    out = []
    while text[at] != '"':
        at += text[at] == "\\"
        out.append(text[at])
        at += 1
    return "".join(out), at + 1


_CONVERT: dict[int, Callable[[str], Value]] = {
    16: lambda text: text == "t", 17: _bytea, 20: int, 21: int, 23: int, 26: int, 700: float, 701: float,
    1700: decimal.Decimal, 114: json.loads, 3802: json.loads, 2950: uuid.UUID, 1082: datetime.date.fromisoformat,
    1114: _timestamp, 1184: _timestamp, 5069: int,
}  # fmt: skip
_ARRAYS = {1000: 16, 1001: 17, 1005: 21, 1007: 23, 1016: 20, 1021: 700, 1022: 701, 1231: 1700, 2951: 2950}
_CONVERT |= {oid: _array(_CONVERT[element]) for oid, element in _ARRAYS.items()}
_CONVERT |= {1009: _array(str), 1015: _array(str)}


def rows_from(result: _RawResult) -> list[Row]:
    names, types, rows, _ = result
    converters = [_CONVERT.get(each, str) for each in types]
    return [
        Row(names, tuple(None if f is None else c(f.decode()) for f, c in zip(row, converters, strict=True)))
        for row in rows
    ]


class Transaction:
    """The transaction of the call or event at hand: committed when its handler returns, rolled back when it raises.

    Statements of one transaction run one behind the other. Parameters are ``$1``, ``$2``, ...
    """

    __slots__ = ("_context",)

    def __init__(self, context: Context) -> None:
        self._context = context

    async def execute(self, sql: str, *values: Value) -> int:
        """Runs a statement; returns how many rows it touched."""
        result: _RawResult = await self._context._execute(sql, [parameter(each) for each in values])
        return result[3]

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        """Runs a statement; returns its rows."""
        return rows_from(await self._context._execute(sql, [parameter(each) for each in values]))

    async def fetchrow(self, sql: str, *values: Value) -> Row | None:
        """Runs a statement; returns its first row, or None."""
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *values: Value) -> Value:
        """Runs a statement; returns the first column of its first row, or None."""
        row = await self.fetchrow(sql, *values)
        return row[0] if row is not None else None


def parameters(values: Sequence[Value]) -> list[str | bytes | None]:
    return [parameter(each) for each in values]
