"""What generated clients derive from, for asyncio and for plain threads."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from bascule import contract
from bascule.connection import DEFAULT_URL, Connection
from bascule.context import current
from bascule.failures import Unavailable


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What a caller says about one call; what is None is the contract's, or the current context's."""

    timeout: float | None = None  # seconds; the current context's deadline still holds
    idempotency_key: str | None = None  # a repeated call with the same key gets the first answer
    principal: str | None = None
    binary: bool = False  # Thrift's binary protocol instead of compact


_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0


class _Stub:
    """What both kinds of client share."""

    __bascule_service__: ClassVar[str]
    __slots__ = ("_connection", "_options", "_owned", "_retries")

    def __init__(
        self, connection: Connection | str = DEFAULT_URL, *, timeout: float | None = None, retries: int = 0
    ) -> None:
        """``connection``: a Connection, which is shared, or a broker's URL, which gets one of its own.

        ``retries``: how often a call is tried again when nobody could serve it; only calls that may be repeated are.
        """
        self._owned = isinstance(connection, str)
        self._connection = Connection(connection) if isinstance(connection, str) else connection
        self._options = CallOptions(timeout=timeout)
        self._retries = retries

    def _may_retry(self, method: str, options: CallOptions) -> bool:
        described = contract.registry.method(self.__bascule_service__, method)
        return self._retries > 0 and (described.idempotent or options.idempotency_key is not None)

    def _timeout(self, said: CallOptions) -> float | None:
        return said.timeout if said.timeout is not None else self._options.timeout

    def _pauses(self) -> list[float]:
        """Full jitter under an exponential bound."""
        return [random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**n)) for n in range(self._retries)]


class _Budget:
    """The time that all attempts of one call have together."""

    __slots__ = ("_until",)

    def __init__(self, timeout: float | None) -> None:
        self._until = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        return None if self._until is None else self._until - time.monotonic()

    def allows(self, pause: float) -> bool:
        context, left = current.get(), self.left()
        if context is not None and context.remaining is not None and context.remaining <= pause:
            return False
        return left is None or left > pause


class AsyncClient(_Stub):
    """Base of the generated asynchronous clients."""

    __slots__ = ()

    def _call(self, method: str, args: tuple[object, ...], options: CallOptions | None) -> Awaitable[Any]:
        said = options or self._options
        connection = self._connection
        if connection._loop is None or connection._loop is not asyncio.get_running_loop():
            connection.attach()
        bound = connection.bound(self.__bascule_service__, method)
        if self._retries and self._may_retry(method, said):
            return self._call_again(bound, args, said)
        if options is None and said.timeout is None:
            return bound(args)
        return bound(args, self._timeout(said), said.idempotency_key, said.principal, said.binary)

    async def _call_again(
        self, bound: Callable[..., Awaitable[Any]], args: tuple[object, ...], said: CallOptions
    ) -> Any:
        budget = _Budget(self._timeout(said))
        for pause in self._pauses():
            try:
                return await bound(args, budget.left(), said.idempotency_key, said.principal, said.binary)
            except Unavailable:
                if not budget.allows(pause):
                    raise
                await asyncio.sleep(pause)
        return await bound(args, budget.left(), said.idempotency_key, said.principal, said.binary)

    async def __aenter__(self) -> Self:
        self._connection.attach()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._owned:
            self._connection.close()


class SyncClient(_Stub):
    """Base of the generated blocking clients: for plain threads, and for frameworks without asyncio."""

    __slots__ = ()

    def _call(self, method: str, args: tuple[object, ...], options: CallOptions | None) -> Any:
        said = options or self._options
        connection = self._connection
        bound = connection.bound(self.__bascule_service__, method)
        budget = _Budget(self._timeout(said))
        for pause in self._pauses() if self._may_retry(method, said) else ():
            try:
                return bound.wait(args, budget.left(), said.idempotency_key, said.principal, said.binary)
            except Unavailable:
                if not budget.allows(pause):
                    raise
                time.sleep(pause)
        return bound.wait(args, budget.left(), said.idempotency_key, said.principal, said.binary)

    def __enter__(self) -> Self:
        self._connection.open()
        return self

    def __exit__(self, *_: object) -> None:
        if self._owned:
            self._connection.close()
