"""What a handler gets: the call or event at hand, its transaction, and events on its behalf."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from bascule import contract
from bascule._native import ContextBase
from bascule.database import Row, Transaction, Value, parameters, rows_from

if TYPE_CHECKING:
    from bascule.types import Struct

_T = TypeVar("_T")


class Context(ContextBase):
    """The call or event that is being handled. Valid until its handler returns.

    ``deadline`` (by :func:`time.monotonic`, or None), ``principal``, ``idempotency_key``, ``traceparent``, ``trace_id``,
    ``tracestate`` and ``method`` say what came with it. Deadline, principal and trace go on with every call made meanwhile.
    """

    __slots__ = ()

    @property
    def remaining(self) -> float | None:
        """Seconds left, never negative; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    async def transaction(self) -> Transaction:
        """The transaction of this work, begun at the first use. Raises Unavailable without a database."""
        if self._extra is None:
            await self._begin()
            self._extra = Transaction(self)
        made: Transaction = self._extra
        return made

    async def emit(self, event: Struct) -> None:
        """Puts an event into the outbox: published once the transaction has committed, and only then."""
        described = contract.registry.event_of(type(event))
        key = "" if described.key is None else _key_text(getattr(event, contract.python_name(described.key)))
        body = contract.registry.plan(described.type).encode_message(described.type, 4, event)
        await self._emit(described.topic, described.type, key, body)

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        """A statement outside the transaction, as one of its own: for reading."""
        return rows_from(await self._query(sql, parameters(values)))

    async def fetchrow(self, sql: str, *values: Value) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """For plain functions, in their threads: runs a coroutine on the event loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(self.remaining)


def _key_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, int) else str(value)


current: ContextVar[Context | None] = ContextVar("bascule_context", default=None)


def current_context() -> Context:
    """The call or event that is being handled. Raises RuntimeError outside of one."""
    context = current.get()
    if context is None:
        raise RuntimeError("no call or event is being handled here")
    return context
