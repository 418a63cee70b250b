"""App: the services and event handlers of one process.

    app = App("recommendations", migrations=Path(__file__).parent / "migrations")

    @app.serve
    class Recommendations(RecommendationsBase):
        async def list_recommendations(self, customer_id: int, limit: int, *, ctx: Context) -> ...: ...

    @app.on(OrderConfirmed)
    async def learn(event: OrderConfirmed, ctx: Context) -> None: ...

Nothing happens before it runs: no socket, no thread. ``bascule run module:app`` runs it.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

from bascule import contract, validation
from bascule.client import AsyncClient
from bascule.configuration import ServiceConfiguration
from bascule.connection import Connection
from bascule.failures import ContractError
from bascule.service import Service
from bascule.types import Struct

_Implementation = TypeVar("_Implementation", bound="Service | type[Service]")
_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_Client = TypeVar("_Client", bound=AsyncClient)
Lifespan = Callable[["App"], AbstractAsyncContextManager[None]]
DRAIN_SECONDS = 10.0


class App:
    """Collects services and handlers, then runs them on asyncio."""

    def __init__(self, name: str, *, migrations: Path | str | None = None, lifespan: Lifespan | None = None) -> None:
        """``name``: the section of the configuration, the consumer group, and the source of its events.

        ``migrations``: a folder of ``0001_name.sql``, applied in order, each once. ``lifespan``: entered before anything is
        served; left after everything has drained and the connection is closed.
        """
        self.name = name
        self.state: dict[str, Any] = {}
        self._migrations = Path(migrations) if migrations is not None else None
        self._lifespan = lifespan or _no_lifespan
        self._services: list[Service | type[Service]] = []
        self._events: list[tuple[type[Struct], Callable[..., Any]]] = []
        self._connection: Connection | None = None
        self.configuration = ServiceConfiguration(name)

    # -- what it does --------------------------------------------------------------------------------------------------

    @overload
    def serve(self, implementation: _Implementation) -> _Implementation: ...
    @overload
    def serve(self) -> Callable[[_Implementation], _Implementation]: ...
    def serve(self, implementation: Any = None) -> Any:
        """Serves a class (made without arguments when the app starts) or an instance. Also a decorator."""
        if implementation is None:
            return self.serve
        _check_service(implementation)
        self._services.append(implementation)
        return implementation

    def on(self, event: type[Struct]) -> Callable[[_Handler], _Handler]:
        """Decorates a handler of an event: ``handler(event)`` or ``handler(event, ctx)``, ``async def`` or ``def``.

        Each event is handled once in effect: what the handler does in ``ctx.transaction()`` commits together with the
        knowledge that it was done. Events of one key come one behind the other, in order.
        """
        contract.registry.event_of(event)  # refuses what is no event, here and not at start

        def add(handler: _Handler) -> _Handler:
            self._events.append((event, handler))
            return handler

        return add

    def client(self, client: type[_Client], *, timeout: float | None = None, retries: int = 0) -> _Client:
        """A client of another service over the app's own connection. Usable while the app runs."""
        if self._connection is None:
            raise RuntimeError("the app does not run: make clients in its lifespan, or in handlers")
        return client(self._connection, timeout=timeout, retries=retries)

    # -- running -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self, configuration: ServiceConfiguration | None = None) -> AsyncIterator[dict[str, str]]:
        """Serves while the block runs, then drains. Gives its endpoints."""
        if self._connection is not None:
            raise RuntimeError(f"{self.name} runs already")
        self.configuration = configuration or ServiceConfiguration(self.name)
        async with AsyncExitStack() as stack:
            connection = self._connection = self._make_connection()
            stack.callback(self._forget)
            engine = connection.make_engine()
            connection.attach_engine(engine)
            engine.begin()
            engine.connect()  # a lifespan may call other services
            await stack.enter_async_context(self._lifespan(self))
            self._register(engine)
            await engine.start()
            stack.push_async_callback(self._drain)
            address = engine.admin_address()
            yield {"admin": f"http://{address}"} if address else {}

    def _make_connection(self) -> Connection:
        config = self.configuration
        return Connection(
            config.broker_url, name=self.name, require=config.broker_require, threads=config.threads, database=config.database,
            database_connections=config.database_connections, concurrency=config.concurrency,
            migrations=read_migrations(self._migrations) if self._migrations else [], admin=config.metrics,
            spin_us=config.spin_us,
        )  # fmt: skip

    def _register(self, engine: Any) -> None:
        for implementation in self._services:
            made = implementation() if isinstance(implementation, type) else implementation
            engine.serve(_describe_service(made))
        for event, handler in self._events:
            engine.on_event(_describe_event(event, handler))

    async def _drain(self) -> None:
        assert self._connection is not None
        engine = self._connection.open()
        drained = asyncio.ensure_future(engine.stop_serving())
        done, _ = await asyncio.wait([drained], timeout=DRAIN_SECONDS)
        if not done:
            engine.cancel_all()
            await asyncio.wait([drained], timeout=1.0)

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@asynccontextmanager
async def _no_lifespan(_: App) -> AsyncIterator[None]:
    yield


def _check_service(implementation: Any) -> None:
    cls = implementation if isinstance(implementation, type) else type(implementation)
    if not issubclass(cls, Service) or not hasattr(cls, "__bascule_service__"):
        raise ContractError(f"{cls.__name__} serves no contract: derive it from a generated base")
    missing = sorted(getattr(cls, "__abstractmethods__", ()))
    if missing:
        raise ContractError(f"{cls.__name__} lacks {', '.join(missing)} of {cls.__bascule_service__}")
    for method in contract.registry.service(cls.__bascule_service__).methods.values():
        if not callable(getattr(cls, method.python_name, None)):
            raise ContractError(f"{cls.__name__} lacks {method.python_name} of {cls.__bascule_service__}")


def _describe_service(implementation: Service) -> dict[str, Any]:
    service = contract.registry.service(implementation.__bascule_service__)
    return {
        "name": service.name,
        "address": service.address,
        "descriptor": service.descriptor,
        "digest": service.digest,
        "methods": [
            {
                "name": each.name, "oneway": each.oneway, "idempotent": each.idempotent,
                "timeout_ms": int((each.timeout or 0) * 1000),
                "method": contract.registry.method_plan(service.name, each.name),
                "check": validation.arguments_check(contract.registry, each),
                **_describe_handler(getattr(implementation, each.python_name)),
            }
            for each in service.methods.values()
        ],
    }  # fmt: skip


def _describe_event(event: type[Struct], handler: Callable[..., Any]) -> dict[str, Any]:
    described = contract.registry.event_of(event)
    return {
        "topic": described.topic, "type": described.type, "check": None, "plan": contract.registry.plan(described.type),
        **_describe_handler(handler),
    }  # fmt: skip


def _describe_handler(handler: Callable[..., Any]) -> dict[str, Any]:
    is_async = inspect.iscoroutinefunction(handler)
    takes_context = any(
        each.name == "ctx" or each.kind is each.VAR_KEYWORD for each in inspect.signature(handler).parameters.values()
    )
    if not is_async and not takes_context:
        plain = handler

        def handler(*arguments: Any, ctx: object) -> Any:
            return plain(*arguments)

    return {"handler": handler, "is_async": is_async, "takes_context": takes_context or not is_async}


def read_migrations(folder: Path) -> list[tuple[str, str]]:
    """The ``.sql`` files of a folder by name: what brings a database up to date."""
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder of migrations: {folder}")
    return [(each.stem, each.read_text(encoding="utf-8")) for each in sorted(folder.glob("*.sql"))]


def instance_environment() -> dict[str, str]:
    """The environment variables that override configuration."""
    return {name: value for name, value in os.environ.items() if name.startswith("BASCULE_")}
