"""A Python service on PostgreSQL: one transaction per call, once in effect, events through the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from every.every_type import EveryClient, Failure, Happened

import bascule
from bascule import CallOptions, Connection, contract
from bascule.platform.application import Application, Service
from support import platforms
from support.platforms import TREE

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def ledger() -> Iterator[platforms.RunningPlatform]:
    """Broker, gateway and the ledger with a database of its own."""
    import os

    path = os.pathsep.join(map(str, (TREE / "bindings/python", TREE / "build/dev/contracts/python", HERE)))
    service = Service(
        "ledger",
        ["{python}", "-m", "bascule", "run", "ledger_service:app"],
        database=True,
        environment={"PYTHONPATH": path},
    )
    with platforms.running(Application("ledger", HERE, [service])) as started:
        yield started


@pytest.fixture
async def client(ledger: platforms.RunningPlatform) -> AsyncIterator[EveryClient]:
    async with Connection(ledger.broker) as connection:
        yield EveryClient(connection, timeout=30)


async def entries(client: EveryClient) -> int:
    return int((await client.echo_base("")).split()[0])


async def test_a_call_commits_what_its_handler_did(client: EveryClient) -> None:
    before = await entries(client)
    assert await client.fail(0) > 0
    assert await entries(client) == before + 1


@pytest.mark.parametrize(("code", "error"), [(2, Failure), (3, bascule.Internal)])
async def test_a_call_that_raises_leaves_nothing(client: EveryClient, code: int, error: type[Exception]) -> None:
    before = await entries(client)
    with pytest.raises(error):
        await client.fail(code)
    assert await entries(client) == before


async def test_an_sql_error_says_what_it_was(client: EveryClient) -> None:
    with pytest.raises(Failure) as refused:
        await client.fail(5)
    assert refused.value.message == "23505 entry_pkey True"


async def test_the_same_key_gets_the_first_answer_and_no_second_effect(client: EveryClient) -> None:
    before = await entries(client)
    options = CallOptions(idempotency_key="once")
    first = await client.fail(0, options=options)
    assert await client.fail(0, options=options) == first
    assert await entries(client) == before + 1
    with pytest.raises(bascule.InvalidArgument):
        await client.fail(7, options=options)  # another request under the same key
    assert await client.fail(0, options=CallOptions(idempotency_key="twice")) != first


async def test_a_failed_call_does_not_use_up_its_key(client: EveryClient) -> None:
    options = CallOptions(idempotency_key="failing")
    for _ in range(2):
        with pytest.raises(Failure):
            await client.fail(2, options=options)


async def test_plain_functions_reach_the_database(client: EveryClient) -> None:
    assert await client.reverse(b"\x00\xff") == b"\xff\x00"


async def test_an_event_is_emitted_and_handled_once_in_effect(
    client: EveryClient, ledger: platforms.RunningPlatform, eventually: Callable[..., Any]
) -> None:
    (scalars,) = contract.registry.method_plan("every.Every", "scalars").decode_call(
        (TREE / "tests/golden/scalars.compact").read_bytes()
    )
    await client.tell(Happened(id=41, scalars=scalars))
    await client.tell(Happened(id=42, scalars=scalars))
    with bascule.Connection(ledger.broker) as connection:
        from every.every_type import EverySyncClient

        blocking = EverySyncClient(connection, timeout=30)
        eventually(
            lambda: blocking.echo_base("").split()[1:] == ["41:1", "42:1"], "both events are heard, once", seconds=60
        )
    assert "the first attempt fails" in ledger.log("ledger")
