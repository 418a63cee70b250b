"""What the bridge between asyncio and the loop's thread promises: deadlines, cancellation, threads, forks, the end."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from every.every_type import EveryClient, EverySyncClient
from every_service import Every
from services import CONTRACTS, HERE, python_service

import bascule
from bascule import App, CallOptions, Connection, Context
from bascule.configuration import ServiceConfiguration
from bascule.context import current
from support import daemons
from support.platforms import TREE
from support.ports import Reserved
from support.waiting import eventually

Eventually = Callable[..., Any]


class Handlers(Every):
    """every.Every whose `slow` and `echo_base` a test gives."""

    def __init__(self, **given: Any) -> None:
        self.given = given

    async def slow(self, milliseconds: int, *, ctx: Context) -> str:
        answer: str = await self.given["slow"](milliseconds, ctx)
        return answer

    async def echo_base(self, text: str, *, ctx: Context) -> str:
        answer: str = await self.given["echo"](text, ctx)
        return answer

    def reverse(self, data: bytes, *, ctx: Context) -> bytes:
        answer: bytes = self.given["reverse"](data, ctx)
        return answer


def make_app(url: str, **given: Any) -> Any:
    """A running app: an async context manager."""
    app = App("every")
    app.serve(Handlers(**given))
    return app, app.running(ServiceConfiguration("every", broker_url=url))


@pytest.fixture
async def client(own_broker: str) -> AsyncIterator[EveryClient]:
    async with Connection(own_broker) as connection:
        yield EveryClient(connection, timeout=30)


async def test_a_handler_is_a_task_of_asyncio(own_broker: str, client: EveryClient) -> None:
    async def slow(milliseconds: int, ctx: Context) -> str:
        task = asyncio.current_task()
        assert task is not None
        async with asyncio.timeout(30):  # needs a current task from the first step on
            await asyncio.sleep(0)
        async with asyncio.TaskGroup() as group:
            one = group.create_task(asyncio.sleep(0, "grouped"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        assert asyncio.current_task() is task
        return one.result()

    _, running = make_app(own_broker, slow=slow)
    async with running:
        assert await client.slow(1, options=CallOptions(timeout=30)) == "grouped"


async def test_the_deadline_goes_along_and_cancels_the_handler(own_broker: str, client: EveryClient) -> None:
    seen: list[Any] = []
    cancelled = asyncio.Event()

    async def slow(milliseconds: int, ctx: Context) -> str:
        seen.append(ctx.remaining)
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    _, running = make_app(own_broker, slow=slow)
    async with running:
        timeout = 0.3
        while not seen:  # a busy machine needs longer than that to begin it
            began = time.monotonic()
            with pytest.raises(bascule.DeadlineExceeded):
                await client.slow(1, options=CallOptions(timeout=timeout))
            assert time.monotonic() - began < timeout + 10, "not the client's 30 s"
            timeout *= 2
        assert 0 < seen[0] <= timeout / 2
        async with asyncio.timeout(30):
            await cancelled.wait()


async def test_calls_on_behalf_of_a_call_inherit_deadline_principal_and_trace(
    own_broker: str, client: EveryClient
) -> None:
    seen: list[Any] = []
    traces: list[str] = []
    app: App

    async def slow(milliseconds: int, ctx: Context) -> str:
        seen.append((ctx.remaining, ctx.principal, current.get() is ctx))
        traces.append(ctx.trace_id)
        return await app.client(EveryClient).echo_base("x")

    async def echo(text: str, ctx: Context) -> str:
        seen.append((ctx.remaining, ctx.principal, current.get() is ctx))
        traces.append(ctx.trace_id)
        return text

    app, running = make_app(own_broker, slow=slow, echo=echo)
    async with running:
        assert await client.slow(1, options=CallOptions(timeout=25, principal="ann")) == "x"
    assert [entry[1:] for entry in seen] == [("ann", True), ("ann", True)]
    assert 5 < seen[0][0] <= 25  # not the 500 ms of the contract
    assert seen[1][0] <= seen[0][0] + 0.002  # the wire counts in milliseconds, rounded up
    assert current.get() is None
    assert traces == [traces[0]] * 2
    assert int(traces[0], 16) != 0, "a caller without a trace begins one"


async def test_a_cancelled_call_is_forgotten(own_broker: str, client: EveryClient) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(milliseconds: int, ctx: Context) -> str:
        begun.set()
        await go_on.wait()
        return "late"

    async def echo(text: str, ctx: Context) -> str:
        return text

    _, running = make_app(own_broker, slow=slow, echo=echo)
    async with running:
        call = asyncio.ensure_future(client.slow(1, options=CallOptions(timeout=30)))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.slow(1, options=CallOptions(timeout=30)), 0.01)
        go_on.set()
        assert await client.echo_base("next") == "next"


async def test_a_call_cancelled_before_there_is_a_connection_is_never_made(tmp_path: Path, reserved: Reserved) -> None:
    """Calls made before the first connection wait for it: one that nobody waits for any more must not be sent then."""
    seen: list[str] = []

    async def echo(text: str, ctx: Context) -> str:
        seen.append(text)
        return text

    address = reserved.address
    async with Connection(f"amqp://{address}") as connection:
        client = EveryClient(connection, timeout=60)
        withdrawn = asyncio.ensure_future(client.echo_base("withdrawn"))
        wanted = asyncio.ensure_future(client.echo_base("wanted"))
        await asyncio.sleep(0)  # both are under way
        withdrawn.cancel()
        with daemons.daemon("bascule-broker", {"broker": {"listen": address}}, tmp_path) as broker:
            _, running = make_app(broker.amqp, echo=echo)
            async with running:
                assert await wanted == "wanted"
                assert await client.echo_base("last") == "last"
    assert withdrawn.cancelled()
    assert seen == ["wanted", "last"]


async def test_plain_messages_share_a_link_an_address_and_links_are_bounded(tmp_path: Path) -> None:
    config: dict[str, object] = {"broker": {"listen": "127.0.0.1:0", "metrics": "127.0.0.1:0"}}
    with daemons.daemon("bascule-broker", config, tmp_path) as broker:

        pages = httpx.Client(base_url=broker.endpoints["metrics"], timeout=30)

        def metric(name: str) -> float:
            text = pages.get("/metrics").text
            return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])  # type: ignore[index]

        with Connection(broker.amqp) as connection, pages:
            engine = connection.open()
            for number in range(1000):
                engine.send("queue.one", ["queue"], "subject", b"%d" % number, "text/plain")
            eventually(lambda: metric("bascule_broker_transfers_in_total") >= 1000, "all of them arrived")
            assert metric("bascule_broker_links_opened_total") <= 3, "one link for them all"
            # More addresses than a connection may have links (256 by default): those used longest ago give way.
            for number in range(300):
                engine.send(f"queue.{number}", ["queue"], "subject", b"x", "text/plain")
                eventually(lambda n=number: metric("bascule_broker_transfers_in_total") >= 1001 + n, "it arrived")


async def test_nobody_serving_is_not_waited_for_longer_than_the_deadline(client: EveryClient) -> None:
    began = time.monotonic()
    with pytest.raises(bascule.Error):
        await client.echo_base("x", options=CallOptions(timeout=0.3))
    assert time.monotonic() - began < 10, "not the client's 30 s"


async def test_without_a_broker_calls_fail_at_their_deadline() -> None:
    async with Connection("amqp://127.0.0.1:1") as connection:
        with pytest.raises((bascule.Unavailable, bascule.DeadlineExceeded)):
            await EveryClient(connection).echo_base("x", options=CallOptions(timeout=0.2))


async def test_plain_functions_run_in_threads_and_at_once(own_broker: str, client: EveryClient) -> None:
    barrier = threading.Barrier(4, timeout=30)
    names: set[str] = set()

    def reverse(data: bytes, ctx: Context) -> bytes:
        barrier.wait()  # passes only when four of them run at the same time
        names.add(threading.current_thread().name)
        assert current.get() is ctx
        return data[::-1]

    _, running = make_app(own_broker, reverse=reverse)
    async with running:
        assert await asyncio.gather(*(client.reverse(b"ab") for _ in range(4))) == [b"ba"] * 4
    assert threading.main_thread().name not in names


async def test_blocking_clients_from_many_threads(own_broker: str) -> None:
    async def echo(text: str, ctx: Context) -> str:
        await asyncio.sleep(0.01)
        return text

    _, running = make_app(own_broker, echo=echo)
    async with running:
        with Connection(own_broker) as connection, ThreadPoolExecutor(8) as pool:
            client = EverySyncClient(connection, timeout=30)
            loop = asyncio.get_running_loop()
            answers = await asyncio.gather(*(loop.run_in_executor(pool, client.echo_base, str(n)) for n in range(64)))
    assert answers == [str(n) for n in range(64)]


async def test_a_lifespan_may_call_other_services(own_broker: str) -> None:
    async def echo(text: str, ctx: Context) -> str:
        return text

    order: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        order.append(await app.client(EveryClient, timeout=30).echo_base("before"))
        yield

    _, running = make_app(own_broker, echo=echo)
    async with running:
        async with App("other", lifespan=lifespan).running(ServiceConfiguration("other", broker_url=own_broker)):
            order.append("serving")
    assert order == ["before", "serving"]


async def test_draining_lets_what_was_begun_end(own_broker: str, client: EveryClient) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(milliseconds: int, ctx: Context) -> str:
        begun.set()
        await go_on.wait()
        return "finished"

    _, running = make_app(own_broker, slow=slow)
    async with running:
        call = asyncio.ensure_future(client.slow(1, options=CallOptions(timeout=30)))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
    assert await call == "finished"


async def test_a_killed_instance_is_told_at_once(
    own_broker: str, client: EveryClient, tmp_path: Path, eventually: Eventually
) -> None:
    with python_service("every_service:app", {"broker": {"url": own_broker}}, tmp_path / "service") as process:
        assert await client.echo_base("up") == "up"
        call = asyncio.ensure_future(client.slow(300_000, options=CallOptions(timeout=120)))
        await asyncio.sleep(0)
        assert await client.echo_base("behind it") == "behind it"
        began = time.monotonic()
        process.kill()
        with pytest.raises(bascule.Unavailable):
            await call
        assert time.monotonic() - began < 60, "not the 120 s that it may take"
        process.wait()


async def test_an_awaited_future_behaves_like_asyncios(own_broker: str, client: EveryClient) -> None:
    async def echo(text: str, ctx: Context) -> str:
        return text

    _, running = make_app(own_broker, echo=echo)
    async with running:
        future: Any = client.echo_base("a")
        assert asyncio.isfuture(future)
        assert not future.done()
        with pytest.raises(asyncio.InvalidStateError):
            future.result()
        called: list[Any] = []
        future.add_done_callback(called.append)
        assert await future == "a"
        assert await future == "a"
        assert called == [future]
        assert await asyncio.shield(client.echo_base("b")) == "b"
        done, pending = await asyncio.wait([asyncio.ensure_future(client.echo_base("c"))])
        assert not pending
        assert done.pop().result() == "c"


def run_program(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TREE / "bindings" / "python"), str(CONTRACTS), str(HERE)]),
    }
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(text), *arguments],
        capture_output=True, text=True, timeout=180, env=environment, check=False,
    )  # fmt: skip


def test_a_fork_is_refused_and_harms_nobody(broker: str) -> None:
    done = run_program(
        """
        import os, sys
        from bascule import Connection
        from every.every_type import EverySyncClient
        connection = Connection(sys.argv[1]); connection.open()
        child = os.fork()
        if child == 0:
            try:
                EverySyncClient(connection).echo_base("x")
            except RuntimeError as error:
                print(error, flush=True)
                sys.exit(7)
            sys.exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        connection.close()
        """,
        broker,
    )
    assert done.returncode == 0, done.stderr
    assert "opened before a fork" in done.stdout
    assert done.stdout.endswith("7\n")


@pytest.mark.parametrize("how", ["nothing", "pending", "thread", "exit"])
def test_the_interpreter_ends_cleanly_whatever_is_open(broker: str, how: str) -> None:
    done = run_program(
        """
        import asyncio, os, sys, threading
        from bascule import Connection
        from every.every_type import EveryClient, EverySyncClient
        connection = Connection(sys.argv[1])
        how = sys.argv[2]
        if how == "nothing":
            connection.open()
        elif how == "pending":
            async def main():
                EveryClient(connection).echo_base("never awaited")
                await asyncio.sleep(0.05)
            asyncio.run(main())
        elif how == "thread":
            client = EverySyncClient(connection, timeout=30)
            def call():
                try:
                    client.echo_base("x")
                except Exception:  # a daemon thread that prints while the interpreter ends is Python's own way to abort
                    pass
            threading.Thread(target=call, daemon=True).start()
            connection.open()
        else:
            async def main():
                future = asyncio.ensure_future(EveryClient(connection).echo_base("x"))
                await asyncio.sleep(0)
                sys.exit(3)
            asyncio.run(main())
        print("end")
        """,
        broker,
        how,
    )
    assert done.returncode == (3 if how == "exit" else 0), done.stderr
    assert "Fatal" not in done.stderr
