"""A connection to the broker: one background thread that never takes the GIL, and its mailbox in asyncio.

Threads start when the first connection is opened, never at import. A process that forks afterwards must open its own
connections: using an inherited one raises an error that says so.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import logging
import os
import secrets
import threading
import weakref
from asyncio import tasks as asyncio_tasks
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from bascule import _native, contract, database
from bascule.context import Context, current

DEFAULT_URL = "amqp://127.0.0.1:5672"
_log = logging.getLogger("bascule")
_open: weakref.WeakSet[Connection] = weakref.WeakSet()


def _report(error: BaseException) -> None:
    _log.error("a handler failed", exc_info=error, extra={"trace_id": _trace_id()})


def _trace_id() -> str:
    context = current.get()
    return context.trace_id if context is not None else ""


class Connection:
    """Opens lazily; ``async with`` and ``with`` close it. Share one per process: it multiplexes any number of calls.

    Asynchronous calls belong to the event loop that made the first one; blocking calls may come from any thread.
    """

    def __init__(
        self, url: str = DEFAULT_URL, *, name: str = "client", threads: int | None = None,
        spin_us: int | None = None, **serving: Any,
    ) -> None:  # fmt: skip
        """``spin_us``: how long its thread watches for work before it sleeps, in microseconds (0: never; at most 10000).

        By default 50, and never with a single core, be it by a container's quota (docs/python.md).
        """
        self.url, self.name = url, name
        self.instance = f"{name}-{secrets.token_hex(4)}"
        self._serving = serving
        self._threads = threads
        self._spin_us = spin_us
        self._executor: ThreadPoolExecutor | None = None
        self._engine: _native.Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bound: dict[tuple[str, str], _native.BoundMethod] = {}
        self._lock = threading.Lock()
        self._state = "new"

    # -- life ----------------------------------------------------------------------------------------------------------

    def open(self) -> _native.Engine:
        """The engine, made at the first use. It connects in the background: calls wait until their deadline."""
        engine = self._engine
        if engine is None:
            with self._lock:
                if self._engine is None:
                    self._check()
                    self._engine = self.make_engine()
                    self._engine.begin()
                    self._engine.connect()
                engine = self._engine
        self._check()
        return engine

    def make_engine(self) -> _native.Engine:
        """An engine that does nothing yet; counted among those to be closed when the interpreter ends."""
        options = {
            "name": self.name, "instance": self.instance, "broker_url": self.url, "require": [], "database": "",
            "database_connections": 8, "concurrency": 256, "migrations": [], "admin": "",
            "spin_us": self._spin_us, **self._serving,
        }  # fmt: skip
        classes = {
            "current": current, "context": Context, "run_sync": self._run_sync, "make_error": database.make_error,
            "make_sql_error": database.make_sql_error, "report": _report,
            "enter_task": asyncio_tasks._enter_task, "leave_task": asyncio_tasks._leave_task,
        }  # fmt: skip
        self._engine = _native.Engine(options, classes)
        self._state = "open"
        _open.add(self)
        return self._engine

    def attach(self) -> _native.Engine:
        """Opens it for the running event loop."""
        loop = asyncio.get_running_loop()
        engine = self.open()
        if self._loop is loop:
            return engine
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError("this connection belongs to another event loop: open one for each")
        self.attach_engine(engine)
        return engine

    def attach_engine(self, engine: _native.Engine) -> None:
        loop = asyncio.get_running_loop()
        engine.attach(loop)
        loop.add_reader(engine.fileno(), engine.drain)
        self._loop = loop

    def _check(self) -> None:
        if self._state == "forked":
            raise RuntimeError("this connection was opened before a fork: open connections (and App) after the fork")
        if self._state == "closed":
            raise RuntimeError("this connection was closed")

    def close(self) -> None:
        """Ends what is under way as cancelled, and the thread. Idempotent."""
        engine, self._engine = self._engine, None
        if self._state != "open" or engine is None:
            self._state = "closed" if self._state == "new" else self._state
            return
        self._state = "closed"
        self._bound.clear()
        alive = self._loop is not None and not self._loop.is_closed()
        if alive and self._loop is not None:
            self._loop.remove_reader(engine.fileno())
        engine.close(alive)
        if self._executor is not None:
            self._executor.shutdown(wait=False)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.attach()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    # -- calls ---------------------------------------------------------------------------------------------------------

    def bound(self, service: str, method: str) -> _native.BoundMethod:
        """One method of one service, ready to be called."""
        made = self._bound.get((service, method))
        if made is None or self._state != "open":
            described = contract.registry.method(service, method)
            made = self.open().bind(
                contract.registry.method_plan(service, method), contract.registry.service(service).address,
                described.timeout or 0.0, described.idempotent,
            )  # fmt: skip
            self._bound[service, method] = made
        return made

    # -- plain functions -----------------------------------------------------------------------------------------------

    def _run_sync(self, context: Context, function: Callable[..., Any], arguments: tuple[Any, ...], task: Any) -> None:
        """Called by the native side for a handler that is a plain function: runs it in the thread pool."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="bascule")

        def work() -> None:
            current.set(context)
            try:
                value = function(*arguments, ctx=context)
            except BaseException as error:
                task.fail(error)
            else:
                task.succeed(value)

        self._executor.submit(contextvars.copy_context().run, work)


@atexit.register
def _close_all() -> None:
    # Before finalisation: a thread that wanted the GIL afterwards would never get it.
    for connection in list(_open):
        connection.close()


def _after_fork() -> None:
    for connection in list(_open):
        if connection._engine is not None:
            connection._engine.abandon()
        connection._state = "forked"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
