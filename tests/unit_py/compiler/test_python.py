"""The generated Python: typed as people use it (mypy --strict, over the real runtime), and right at run time."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHOP = ("accounts", "catalog", "orders", "recommendations", "notifications")

GOOD_USE = """
from typing import assert_type

import bascule.service
from every.every_type import Choice, Presence, Scalars, TABLE
from shop.events import Line
from shop.orders import NewOrder, Order, OrderPage, OrdersBase, OrdersClient, OrdersSyncClient, OrderStatus


class Impl(OrdersBase):
    async def place_order(self, order: NewOrder, *, ctx: bascule.service.Context) -> Order:
        return Order(
            id=1, customer_id=order.customer_id, status=OrderStatus.PENDING, total_minor=0, lines=[], created_at_ms=0
        )

    def get_order(self, id: int, *, ctx: bascule.service.Context) -> Order:  # a plain function serves too
        raise NotImplementedError

    async def list_orders(self, customer_id: int, limit: int, cursor: str, *, ctx: bascule.service.Context) -> OrderPage:
        return OrderPage(items=[])


async def use(client: OrdersClient, sync: OrdersSyncClient) -> None:
    order = await client.place_order(NewOrder(customer_id=1, lines=[Line(product_id=1, quantity=2)]))
    assert_type(order, Order)
    assert_type(order.reason, str | None)
    assert_type(sync.list_orders(1), OrderPage)
    assert_type(TABLE, dict[str, list[int]])
    assert_type(Choice(number=1).text, str | None)
    Presence(must=1)
"""

# What a type checker must refuse, and the mypy code it refuses it with.
BAD_USE = {
    "missing required field": ("from shop.orders import NewOrder\nNewOrder(customer_id=1)\n", "call-arg"),
    "wrong field type": ("from shop.orders import NewOrder\nNewOrder(customer_id='1', lines=[])\n", "arg-type"),
    "positional field": ("from shop.events import Line\nLine(1, 2)\n", "call-arg"),
    "unknown field": ("from shop.events import Line\nLine(product_id=1, quantity=2, price=3)\n", "call-arg"),
    "method left out": ("from shop.catalog import CatalogBase\nclass C(CatalogBase):\n    pass\nC()\n", "abstract"),
    "method mistyped": (
        "import bascule.service\nfrom shop.orders import OrdersBase\nclass C(OrdersBase):\n"
        "    async def get_order(self, id: str, *, ctx: bascule.service.Context) -> int:\n        return 1\n",
        "override",
    ),
    "argument mistyped": ("from shop.orders import OrdersSyncClient\ndef f(c: OrdersSyncClient) -> None:\n    c.get_order('1')\n", "arg-type"),
}  # fmt: skip


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packages")
    files = [ROOT / "idl" / "shop" / f"{name}.thrift" for name in SHOP]
    command = [
        ROOT / "idl/compiler/bin/basculec",
        *files,
        ROOT / "idl/tests/every_type.thrift",
        ROOT / "idl/tests/awkward.thrift",
        "--python",
        out,
    ]
    subprocess.run([str(part) for part in command], check=True)
    return out


def mypy(packages: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MYPYPATH": f"{ROOT / 'bindings' / 'python'}:{packages}"}
    common = ["--strict", "--python-version", "3.11", "--explicit-package-bases", "--config-file", os.devnull]
    command = [sys.executable, "-m", "mypy", *common, "--cache-dir", str(packages / ".cache"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=packages, check=False)


def python(packages: Path, code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'bindings' / 'python'}:{packages}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_is_clean_under_mypy_strict(packages: Path) -> None:
    done = mypy(packages, "-p", "shop", "-p", "every")
    assert done.returncode == 0, done.stdout
    assert (packages / "shop" / "py.typed").is_file()


def test_people_may_use_it_as_it_is_meant(packages: Path) -> None:
    (packages / "good_use.py").write_text(GOOD_USE)
    done = mypy(packages, "good_use.py")
    assert done.returncode == 0, done.stdout


def test_mistakes_are_type_errors(packages: Path) -> None:
    for number, (text, _) in enumerate(BAD_USE.values()):
        (packages / f"bad_use_{number}.py").write_text(text)
    done = mypy(packages, *(f"bad_use_{number}.py" for number in range(len(BAD_USE))))
    for number, (name, (_, code)) in enumerate(BAD_USE.items()):
        found = [
            line for line in done.stdout.splitlines() if line.startswith(f"bad_use_{number}.py") and "error:" in line
        ]
        assert any(f"[{code}]" in line for line in found), (name, found)


def test_defaults_are_the_contracts(packages: Path) -> None:
    printed = python(packages, "from every.every_type import Presence\nprint(Presence(must=1))")
    assert printed == (
        "Presence(must=1, plain=0, plain_default=3, maybe=None, maybe_default=5, maybe_text=None, plain_text='seven', "
        "colour=Colour.RED, colour_default=Colour.GREEN, numbers=[1, 2], table={'a': 1}, point=None, corner=Point(x=1, y=2), "
        "on=True, half=0.5, raw=b'raw', few={1})"
    )


def test_mutable_defaults_are_not_shared(packages: Path) -> None:
    code = "from every.every_type import Presence\na, b = Presence(must=1), Presence(must=1)\na.numbers.append(3)\na.corner.x = 9\nprint(b.numbers, b.corner.x)"
    assert python(packages, code) == "[1, 2] 1"


def test_constants(packages: Path) -> None:
    code = "from every.every_type import *\nprint(LARGE, PI, GREETING, BYTES, FAVOURITE.name, ORIGIN, WORDS == {'one', 'two'}, TABLE)"
    assert python(packages, code) == (
        "9223372036854775807 3.141592653589793 grüß \"Gott\"\n b'abc' BLUE Point(x=0, y=0) True "
        "{'even': [2, 4], 'none': [], 'odd': [1, 3]}"
    )


def test_awkward_names(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    from basculec.cli import main

    path = contract_file(
        "namespace * awkward\nenum E {\n  name = 0\n  mro = 1\n  value = 2\n}\n"
        "struct S {\n  1: string str\n  2: list<i32> ints\n  3: string after\n  4: E e = E.value\n}\n"
        "union U {\n  1: i32 which\n  2: string value\n}\n"
        'service V {\n  map<string, i32> str(1: string ctx, 2: i32 options)\n  string dict(1: string a)\n}'
    )  # fmt: skip
    assert main([str(path), "--python", str(tmp_path / "out")]) == 0
    done = mypy(tmp_path / "out", "-p", "awkward")
    assert done.returncode == 0, done.stdout
    code = "from awkward.contract import *\nprint([m.name for m in E], S(after='x').str == '', U(value_='a').which_ if 0 else U(which_=1))"
    assert python(tmp_path / "out", code).startswith("['name_', 'mro_', 'value_'] True")


def test_docs_cannot_break_out_of_their_strings(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    from basculec.cli import main

    path = contract_file(
        '/** a \\" """ b \\n \\\\ "quoted" */\nnamespace * n\n/** ends with " */\nstruct S {\n  /** c \\ */\n  1: i32 x\n}'
    )
    assert main([str(path), "--python", str(tmp_path / "out"), "--cpp", str(tmp_path / "cpp")]) == 0
    tree = ast.parse((tmp_path / "out" / "n" / "contract.py").read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert names == ["S"]
