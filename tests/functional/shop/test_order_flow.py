"""The shop, used over HTTP as its customers use it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from functional.shop.shopping import Shop, place_many, wish
from support.platforms import RunningPlatform

Eventually = Callable[..., Any]


@pytest.fixture
def shop(platform: RunningPlatform) -> Shop:
    return Shop(platform.http)


def test_a_product_is_created_and_found(shop: Shop) -> None:
    product = shop.product(price_minor=1999, stock=3, name="Käse")
    assert product == {"id": product["id"], "name": "Käse", "price_minor": 1999, "stock": 3}
    assert shop.get(f"/v1/products/{product['id']}") == product


def test_products_are_listed_in_pages(shop: Shop) -> None:
    made = [shop.product()["id"] for _ in range(5)]
    seen: list[int] = []
    cursor = ""
    while True:
        page = shop.get(f"/v1/products?limit=2&cursor={cursor}")
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page.get("next_cursor", "")
        if not cursor:
            break
    assert [id_ for id_ in seen if id_ in made] == made
    assert len(seen) == len(set(seen)), "no product twice"


def test_what_is_not_there_is_a_problem(platform: RunningPlatform) -> None:
    answer = platform.http.get("/v1/products/999999999")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == 404


def test_an_order_is_confirmed_paid_and_taken_from_stock(shop: Shop, eventually: Eventually) -> None:
    product, customer = shop.product(price_minor=250, stock=10), shop.customer(deposit=1000)
    order = shop.place(customer["id"], (product["id"], 3))
    assert order["status"] == "PENDING"
    ended = eventually(lambda: shop.ended(order["id"]), "the order ends")
    assert ended["status"] == "CONFIRMED", ended
    assert ended["total_minor"] == 750
    assert shop.balance(customer["id"]) == 250
    assert shop.stock(product["id"]) == 7


def test_an_order_without_stock_is_rejected_and_costs_nothing(shop: Shop, eventually: Eventually) -> None:
    product, customer = shop.product(stock=2), shop.customer(deposit=1000)
    order = shop.place(customer["id"], (product["id"], 3))
    ended = eventually(lambda: shop.ended(order["id"]), "the order ends")
    assert ended["status"] == "REJECTED" and ended["reason"], ended
    assert shop.balance(customer["id"]) == 1000
    assert shop.stock(product["id"]) == 2


def test_an_order_that_cannot_be_paid_gives_the_stock_back(shop: Shop, eventually: Eventually) -> None:
    product, customer = shop.product(price_minor=500, stock=5), shop.customer(deposit=499)
    order = shop.place(customer["id"], (product["id"], 1))
    ended = eventually(lambda: shop.ended(order["id"]), "the order ends")
    assert ended["status"] == "REJECTED" and ended["reason"], ended
    assert shop.balance(customer["id"]) == 499
    eventually(lambda: shop.stock(product["id"]) == 5, "the reservation is released")


def test_all_lines_or_none(shop: Shop, eventually: Eventually) -> None:
    plenty, scarce, customer = shop.product(stock=10), shop.product(stock=0), shop.customer(deposit=10_000)
    order = shop.place(customer["id"], (plenty["id"], 1), (scarce["id"], 1))
    assert eventually(lambda: shop.ended(order["id"]), "the order ends")["status"] == "REJECTED"
    assert shop.stock(plenty["id"]) == 10


def test_a_repeated_key_gets_the_first_answer_and_no_second_order(shop: Shop, platform: RunningPlatform) -> None:
    product, customer = shop.product(stock=10), shop.customer(deposit=1000)
    first = shop.place(customer["id"], (product["id"], 1), key="retry-me-" + str(customer["id"]))
    again = shop.place(customer["id"], (product["id"], 1), key="retry-me-" + str(customer["id"]))
    assert again == first
    listed = shop.get(f"/v1/customers/{customer['id']}/orders")["items"]
    assert [order["id"] for order in listed] == [first["id"]]
    # The same key for another wish is a mistake of the caller's, and does nothing.
    other = platform.http.post(
        "/v1/orders",
        json=wish(customer["id"], ((product["id"], 2),)),
        headers={"idempotency-key": "retry-me-" + str(customer["id"])},
    )
    assert other.status_code == 400, other.text


def test_the_python_services_learn_from_orders(shop: Shop, eventually: Eventually) -> None:
    first, second = shop.product(stock=10), shop.product(stock=10)
    buyer, other = shop.customer(deposit=10_000), shop.customer(deposit=10_000)
    order = shop.place(buyer["id"], (first["id"], 1), (second["id"], 1))
    assert eventually(lambda: shop.ended(order["id"]), "the order ends")["status"] == "CONFIRMED"
    told = eventually(
        lambda: shop.get(f"/v1/customers/{buyer['id']}/notifications")["items"], "the customer is told"
    )
    assert [item["order_id"] for item in told] == [order["id"]], "once"
    shop.place(other["id"], (first["id"], 1))
    eventually(
        lambda: second["id"]
        in [item["product_id"] for item in shop.get(f"/v1/customers/{other['id']}/recommendations?limit=100")["items"]],
        "what was bought together is recommended",
    )


def test_home_is_one_aggregate(shop: Shop, platform: RunningPlatform, eventually: Eventually) -> None:
    customer = shop.customer(deposit=5)

    def whole() -> dict[str, Any] | None:
        answer = platform.http.get(f"/v1/customers/{customer['id']}/home")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()) if answer.headers["x-gateway-completed"] == "true" else None

    home = eventually(whole, "all parts are answered before their deadlines")
    assert home["customer"]["balance_minor"] == 5
    assert {"customer", "orders", "recommendations", "notifications"} <= set(home)
    eventually(
        lambda: platform.http.get("/v1/customers/999999999/home").status_code == 404, "the customer is a required part"
    )


def test_a_thousand_orders_at_once_keep_the_invariants(
    shop: Shop, platform: RunningPlatform, eventually: Eventually
) -> None:
    products = [shop.product(price_minor=100 * (i + 1), stock=60) for i in range(10)]
    customers = [shop.customer(deposit=20_000) for _ in range(20)]
    seeded = random.Random(7)
    wishes = [
        wish(
            seeded.choice(customers)["id"],
            tuple((p["id"], seeded.randint(1, 2)) for p in seeded.sample(products, seeded.randint(1, 2))),
        )
        for _ in range(1000)
    ]
    ids = asyncio.run(place_many(platform.gateway, wishes, tries=20))
    assert len(set(ids)) == 1000, "each wish is an order of its own"
    check_invariants(shop, products, customers, ids, 20_000, eventually)


def check_invariants(
    shop: Shop,
    products: list[dict[str, Any]],
    customers: list[dict[str, Any]],
    ids: list[int],
    deposit: int,
    eventually: Eventually,
) -> None:
    """Every order ends; no stock below zero; no money made or lost; each effect applied once."""
    orders = [eventually(lambda id_=id_: shop.ended(id_), f"order {id_} ends", seconds=120) for id_ in ids]
    confirmed = [order for order in orders if order["status"] == "CONFIRMED"]
    assert confirmed, "some orders must succeed"
    assert all(order["reason"] for order in orders if order["status"] == "REJECTED")
    for customer in customers:
        spent = sum(order["total_minor"] for order in confirmed if order["customer_id"] == customer["id"])
        balance = shop.balance(customer["id"])
        assert balance >= 0
        assert balance + spent == deposit, f"customer {customer['id']}: money made or lost"
    for product in products:
        sold = sum(
            line["quantity"] for order in confirmed for line in order["lines"] if line["product_id"] == product["id"]
        )
        # The stock of an order that could not be paid comes back a moment after the order was rejected.
        eventually(
            lambda product=product, sold=sold: shop.stock(product["id"]) + sold == product["stock"],
            f"stock of product {product['id']} is what was there less what was sold ({sold})",
        )
        assert shop.stock(product["id"]) >= 0
