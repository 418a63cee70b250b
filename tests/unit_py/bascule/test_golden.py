"""The golden messages that Apache's library wrote, through the code that basculec wrote: read and written byte for byte."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bascule import contract
from bascule.codec import NATIVE, pure

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
NAMES = ["scalars", "presence", "containers", "keys", "node", "choice", "awkward", "checked"]


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module that basculec writes for every_type.thrift."""
    folder = tmp_path_factory.mktemp("contracts")
    compiler = ROOT / "idl" / "compiler" / "bin" / "basculec"
    files = [ROOT / "idl" / "tests" / name for name in ("every_common.thrift", "every_type.thrift")]
    subprocess.run([compiler, *files, "--python", folder], check=True)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("every.every_type")
    sys.path.remove(str(folder))


@pytest.fixture(params=["native", "pure"])
def codec(request: pytest.FixtureRequest, every: Any) -> Iterator[str]:
    assert NATIVE
    from bascule import codec as chosen

    contract.registry.codec = pure if request.param == "pure" else chosen
    yield request.param
    contract.registry.codec = chosen


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_read_and_written_byte_for_byte(codec: str, every: Any, name: str, binary: bool) -> None:
    message = (GOLDEN / f"{name}.{'binary' if binary else 'compact'}").read_bytes()
    method = contract.registry.method_plan("every.Every", name)
    (value,) = method.decode_call(message, binary)
    assert type(value).__module__ == "every.every_type"
    assert method.encode_call((value,), binary) == message


def test_what_the_maker_put_in(codec: str, every: Any) -> None:
    (value,) = contract.registry.method_plan("every.Every", "scalars").decode_call(
        (GOLDEN / "scalars.compact").read_bytes()
    )
    assert value == every.Scalars(
        flag=True, tiny=-128, small=-32768, medium=2147483647, large=-(2**63), real=-0.1, text='grüß "Gott" \\ \n 😀',
        data=b"\x00\xff\x80binary", colour=type(value.colour)(6), far=-1, far_flag=False,
    )  # fmt: skip
    (keys,) = contract.registry.method_plan("every.Every", "keys").decode_call((GOLDEN / "keys.compact").read_bytes())
    assert keys.by_list == {(): "o", (1, 2): "p"}
    assert keys.by_set == {frozenset([3]): "q"}
    assert keys.by_map == {((1, 2),): "r"}
    assert {(point.x, point.y) for point in keys.points} == {(0, 1), (2, 0)}


def test_defaults_of_generated_classes(codec: str, every: Any) -> None:
    made = every.Presence(must=1, colour=every.Presence(must=1).colour)
    plan = contract.registry.plan("every.Presence")
    assert plan.decode(plan.encode(made)) == made
    assert (made.plain_default, made.maybe_default, made.maybe, made.numbers) == (3, 5, None, [1, 2])
    absent = plan.decode(b"\x15\x02\x00")
    assert (absent.plain_default, absent.table, absent.corner) == (3, {"a": 1}, made.corner)
    assert absent.table is not plan.decode(b"\x15\x02\x00").table
