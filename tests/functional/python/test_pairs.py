"""Every pair of C++ and Python, client and server, over every Thrift type."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from every.common.every_common import Point, Refused
from every.every_type import EveryClient, EverySyncClient, Failure

import bascule
from bascule import CallOptions, Connection, contract
from support.platforms import TREE

GOLDEN = TREE / "tests" / "golden"
NAMES = sorted(file.stem for file in GOLDEN.glob("*.compact"))


def golden(name: str) -> Any:
    (value,) = contract.registry.method_plan("every.Every", name).decode_call((GOLDEN / f"{name}.compact").read_bytes())
    return value


@pytest.fixture
async def client(every: str) -> AsyncIterator[EveryClient]:
    async with Connection(every) as connection:
        yield EveryClient(connection, timeout=30)


def test_a_cpp_client_calls_every_method(every: str) -> None:
    caller = TREE / "build" / "dev" / "bin" / "every-caller"
    done = subprocess.run([caller, every, GOLDEN], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") >= 20


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", NAMES)
async def test_a_python_client_gets_back_what_it_sent(client: EveryClient, name: str, binary: bool) -> None:
    value = golden(name)
    assert await getattr(client, name)(value, options=CallOptions(binary=binary)) == value


@pytest.mark.parametrize("name", NAMES)
def test_a_blocking_python_client_too(every: str, name: str) -> None:
    with EverySyncClient(every, timeout=30) as client:
        assert getattr(client, name)(golden(name)) == golden(name)


async def test_many_arguments_and_plain_values(client: EveryClient) -> None:
    colour = golden("scalars").colour
    joined = await client.join(True, -128, 1, 2, -(2**63), 0.5, "é", b"xyz", colour, [1, 2], {"b": 2, "a": 1}, 7)
    assert joined == f"true -128 1 2 {-(2**63)} 0.500000 é xyz {int(colour)} 1 2 a=1 b=2 limit 7"
    assert await client.str(["", "a"]) == ["", "a"]
    assert await client.map_of({-1: [Point(x=1, y=2)], 5: []}) == {-1: [Point(x=1, y=2)], 5: []}
    assert await client.negate(True) is False
    assert await client.reverse(b"\x00ab") == b"ba\x00"
    assert await client.colour(colour) is colour
    assert await client.echo_base("inherited") == "inherited"
    await client.nothing()


async def test_declared_exceptions_come_typed(client: EveryClient) -> None:
    assert await client.fail(0) == 0
    with pytest.raises(Refused) as refused:
        await client.fail(1)
    assert (refused.value.message, refused.value.code, str(refused.value)) == ("no", 7, "no")
    with pytest.raises(Failure, match="failed"):
        await client.fail(2)
    with pytest.raises(Failure, match="void failed"):
        await client.fail_void(2)
    await client.fail_void(0)


async def test_platform_failures_come_typed_and_tell_nothing_of_the_inside(client: EveryClient) -> None:
    with pytest.raises(bascule.Internal) as internal:
        await client.fail(3)
    assert "nobody declared" not in str(internal.value)
    with pytest.raises(bascule.PermissionDenied, match="not you"):
        await client.fail(4)


async def test_checks_of_the_contract_are_made_by_the_service(client: EveryClient) -> None:
    value = golden("checked")
    value.count = 11
    with pytest.raises(bascule.InvalidArgument, match="count"):
        await client.checked(value)
    value.count, value.emails = 1, ["a@b", "nobody"]
    with pytest.raises(bascule.InvalidArgument, match=r"emails\[1\]"):
        await client.checked(value)


async def test_a_thousand_calls_at_once(client: EveryClient) -> None:
    answers = await asyncio.gather(*(client.echo_base(str(number)) for number in range(1000)))
    assert answers == [str(number) for number in range(1000)]


async def test_oneway_returns_without_an_answer(client: EveryClient, tmp_path: Path) -> None:
    from every.every_type import Happened

    assert await client.tell(Happened(id=1, scalars=golden("scalars"))) is None
    assert await client.echo_base("still there") == "still there"
