"""The running shop under a load of orders while its services, its broker and its database are killed: the books stay right."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chaos.settings import FULL, SEED
from functional.shop.shopping import Shop, place_many, wish
from functional.shop.test_order_flow import check_invariants
from support import platforms
from support.platforms import RunningPlatform
from support.waiting import eventually

VICTIMS = ("broker", "postgres", "orders", "catalog", "accounts", "gateway")
DEPOSIT = 10_000


@pytest.fixture(scope="module")
def platform() -> Iterator[RunningPlatform]:
    with platforms.running() as started:
        yield started


class Customers:
    """Orders placed by clients that repeat what failed under the same key, until told to stop."""

    def __init__(self, platform: RunningPlatform, shop: Shop, chance: random.Random) -> None:
        self.products = [shop.product(price_minor=100, stock=400) for _ in range(4)]
        self.customers = [shop.customer(deposit=DEPOSIT) for _ in range(5)]
        self.wishes: list[dict[str, Any]] = []
        self.placed: list[int] = []
        self._platform = platform
        self._chance = chance
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                some = [self._wish() for _ in range(20)]
                self.placed += asyncio.run(place_many(self._platform.gateway, some, at_once=10, tries=120))
                self.wishes += some
        except BaseException as error:
            self._failure = error

    def _wish(self) -> dict[str, Any]:
        product = self._chance.choice(self.products)["id"]
        return wish(self._chance.choice(self.customers)["id"], ((product, self._chance.randint(1, 3)),))

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure


@pytest.mark.timeout(1200)
def test_the_books_balance_whatever_was_killed(platform: RunningPlatform) -> None:
    chance = random.Random(SEED)
    shop = Shop(platform.http)
    load = Customers(platform, shop, chance)
    try:
        for _ in range(5 if FULL else 1):
            for victim in chance.sample(VICTIMS, len(VICTIMS)):
                before = len(load.placed)
                platform.kill_and_wait(victim)
                eventually(lambda before=before: len(load.placed) > before, f"orders are taken after {victim} died", 120)
        together = chance.sample(("broker", "orders", "catalog", "accounts"), 3)  # and several at once
        pids = {name: platform.kill(name) for name in together}
        for name, pid in pids.items():
            platform.wait_running(name, other_than=pid)
        before = len(load.placed)
        eventually(lambda: len(load.placed) > before, f"orders are taken after {together} died", 120)
    finally:
        load.stop()
    assert len(set(load.placed)) == len(load.wishes), "each wish is one order, whatever was repeated"
    for customer in load.customers:
        wanted = [id_ for id_, body in zip(load.placed, load.wishes) if body["customer_id"] == customer["id"]]
        assert sorted(listed(shop, customer["id"])) == sorted(wanted), (
            "no order is lost, and none that nobody asked for"
        )
    check_invariants(shop, load.products, load.customers, load.placed, DEPOSIT, eventually)


def listed(shop: Shop, customer: int) -> list[int]:
    """The ids of all orders of a customer."""
    found: list[int] = []
    cursor = ""
    while True:
        page = eventually(
            lambda cursor=cursor: shop.get(f"/v1/customers/{customer}/orders?limit=200&cursor={cursor}"),
            "orders are listed",
        )
        found += [order["id"] for order in page["items"]]
        cursor = page.get("next_cursor", "")
        if not cursor:
            return found
