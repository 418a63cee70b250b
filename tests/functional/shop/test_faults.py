"""The shop while its parts die: it heals without a person, and its invariants hold."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from functional.shop.shopping import Shop, place_many, wish
from functional.shop.test_order_flow import check_invariants
from support.platforms import RunningPlatform

Eventually = Callable[..., Any]


@pytest.fixture
def shop(platform: RunningPlatform) -> Shop:
    return Shop(platform.http)


@pytest.mark.parametrize("victim", ["catalog", "accounts", "orders", "notifications"])
def test_a_killed_service_comes_back_and_goes_on(
    victim: str, shop: Shop, platform: RunningPlatform, eventually: Eventually
) -> None:
    platform.kill_and_wait(victim)
    product = eventually(lambda: shop.product(stock=5), "products are taken")
    customer = eventually(lambda: shop.customer(deposit=1000), "customers are taken")
    order = eventually(lambda: shop.place(customer["id"], (product["id"], 1)), "an order is taken")
    assert eventually(lambda: shop.ended(order["id"]), "the order ends", seconds=90)["status"] == "CONFIRMED"


def test_a_killed_database_is_reconnected_to(shop: Shop, platform: RunningPlatform, eventually: Eventually) -> None:
    product, customer = shop.product(stock=5), shop.customer(deposit=1000)
    platform.kill_and_wait("postgres")
    order = eventually(lambda: shop.place(customer["id"], (product["id"], 1)), "an order is taken", seconds=90)
    assert eventually(lambda: shop.ended(order["id"]), "the order ends", seconds=90)["status"] == "CONFIRMED"


def test_a_killed_broker_is_reconnected_to(shop: Shop, platform: RunningPlatform, eventually: Eventually) -> None:
    platform.kill_and_wait("broker")

    def bought() -> bool:
        product, customer = shop.product(stock=5), shop.customer(deposit=1000)
        order = shop.place(customer["id"], (product["id"], 1))
        return bool(eventually(lambda: shop.ended(order["id"]), "the order ends", seconds=90)["status"] == "CONFIRMED")

    eventually(bought, "the shop sells again", seconds=60)


def test_a_stopped_service_answers_503_and_says_so(
    shop: Shop, platform: RunningPlatform, eventually: Eventually
) -> None:
    platform.stop("recommendations")
    try:
        def refused() -> dict[str, Any] | None:
            answer = platform.http.get("/v1/customers/1/recommendations")
            return dict(answer.json()) if answer.status_code == 503 else None

        problem = eventually(refused, "its routes answer 503")
        assert "shop.Recommendations" in problem["detail"], problem
        # The aggregate goes on without the part that is optional.
        customer = eventually(lambda: shop.customer(), "a customer is made")

        def home() -> bool:
            page = platform.http.get(f"/v1/customers/{customer['id']}/home")
            assert page.status_code == 200 and page.headers["x-gateway-completed"] == "false", page.text
            return True

        eventually(home, "the rest of the page is there")
    finally:
        platform.start("recommendations")
    eventually(
        lambda: platform.http.get("/v1/customers/1/recommendations").status_code == 200, "its routes work again", seconds=90
    )


def test_orders_placed_while_services_are_killed_keep_the_invariants(
    shop: Shop, platform: RunningPlatform, eventually: Eventually
) -> None:
    """Clients retry under their keys; services die under load, one after another; the broker stays."""
    products = [shop.product(price_minor=100, stock=200) for _ in range(4)]
    customers = [shop.customer(deposit=10_000) for _ in range(5)]
    seeded = random.Random(11)
    wishes = [
        wish(seeded.choice(customers)["id"], ((seeded.choice(products)["id"], seeded.randint(1, 3)),)) for _ in range(300)
    ]
    placed: list[list[int]] = []
    clients = threading.Thread(
        target=lambda: placed.append(asyncio.run(place_many(platform.gateway, wishes, at_once=20, tries=200)))
    )
    clients.start()
    for victim in ("orders", "catalog", "accounts"):
        platform.kill_and_wait(victim)
    clients.join()
    assert placed and len(set(placed[0])) == len(wishes), "each wish is one order, whatever was repeated"
    for customer in customers:
        listed: list[int] = []
        cursor = ""
        while True:
            page = eventually(
                lambda customer=customer, cursor=cursor: shop.get(
                    f"/v1/customers/{customer['id']}/orders?limit=200&cursor={cursor}"
                ),
                "orders are listed",
            )
            listed += [order["id"] for order in page["items"]]
            cursor = page.get("next_cursor", "")
            if not cursor:
                break
        wanted = [i for i, body in zip(placed[0], wishes, strict=True) if body["customer_id"] == customer["id"]]
        assert sorted(listed) == sorted(wanted), "no order that nobody asked for"
    check_invariants(shop, products, customers, placed[0], 10_000, eventually)
