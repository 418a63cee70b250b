"""The shop over HTTP, whole, on every broker: `bascule up --broker amqp://...`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest

from functional.shop.shopping import Shop
from interop.brokers import brokers
from interop.brokers.brokers import RunningBroker
from support import platforms
from support.waiting import eventually


@pytest.fixture(scope="module")
def platform(broker: RunningBroker) -> Iterator[platforms.RunningPlatform]:
    options = platforms.Options(http_port=0, amqp_port=0, fast_db=True, broker=broker.url)
    with platforms.running(options=options) as started:
        yield started


@pytest.mark.feature("the shop's order flow over HTTP")
def test_orders(platform: platforms.RunningPlatform) -> None:
    shop = Shop(platform.http)
    product = eventually(lambda: shop.product(price_minor=250, stock=10), "products are taken")
    customer = eventually(lambda: shop.customer(deposit=1000), "customers are taken")
    order = eventually(lambda: shop.place(customer["id"], (product["id"], 3), key="one"), "an order is taken")
    ended = eventually(lambda: shop.ended(order["id"]), "the order ends", seconds=90)
    assert ended is not None
    assert ended["status"] == "CONFIRMED", ended
    assert shop.balance(customer["id"]) == 250
    assert shop.stock(product["id"]) == 7
    refused = eventually(lambda: shop.place(customer["id"], (product["id"], 8), key="two"), "another is taken")
    ended = eventually(lambda: shop.ended(refused["id"]), "the second order ends", seconds=90)
    assert ended is not None and ended["status"] == "REJECTED"
    eventually(lambda: shop.stock(product["id"]) == 7, "nothing is reserved for it")

    def told() -> bool:
        items = shop.get(f"/v1/customers/{customer['id']}/notifications")["items"]
        return order["id"] in [item["order_id"] for item in items]

    eventually(told, "the customer is told")


@pytest.mark.feature("the shop's order flow over HTTP")
def test_a_service_that_dies_with_orders_under_way(platform: platforms.RunningPlatform) -> None:
    shop = Shop(platform.http)
    product = eventually(lambda: shop.product(price_minor=1, stock=100), "products are taken")
    customer = eventually(lambda: shop.customer(deposit=1000), "customers are taken")
    orders = [
        eventually(lambda n=n: shop.place(customer["id"], (product["id"], 1), key=f"o{n}"), "an order is taken")["id"]
        for n in range(10)
    ]
    platform.kill_and_wait("catalog")
    for id_ in orders:
        ended = eventually(lambda id_=id_: shop.ended(id_), f"order {id_} ends", seconds=120)
        assert ended is not None and ended["status"] == "CONFIRMED", ended
    assert shop.stock(product["id"]) == 90
    assert shop.balance(customer["id"]) == 990


def test_up_runs_a_private_broker_and_starts_it_again() -> None:
    """`bascule up --broker rabbitmq`: supervised, shown by status, and back after a crash."""
    # RabbitMQ can lose a quorum queue that is younger than a second (docs/brokers.md): a crash right after the start would do it.
    name = next((each for each in ("artemis", "rabbitmq-4", "rabbitmq-3") if each in brokers.wanted()), None)
    if name is None:
        pytest.skip("only our own broker is wanted")
    options = platforms.Options(http_port=0, amqp_port=0, fast_db=True, broker=name)
    with platforms.running(options=options) as started:
        assert started.processes()["broker"].endpoints["amqp"] == started.broker
        shop = Shop(started.http)
        product = eventually(lambda: shop.product(price_minor=1, stock=10), "products are taken")
        customer = eventually(lambda: shop.customer(deposit=10), "customers are taken")
        before = json.loads(started.layout.ready_file("broker").read_text())
        os.kill(before["pid"], signal.SIGKILL)
        started.wait_running("broker", other_than=before["launcher"], seconds=240)

        def placed() -> int | None:
            body = {"customer_id": customer["id"], "lines": [{"product_id": product["id"], "quantity": 1}]}
            answer = started.http.post("/v1/orders", json=body)
            return int(answer.json()["id"]) if answer.status_code == 202 else None

        order = eventually(placed, "an order is taken again", seconds=90)
        assert order is not None
        ended = eventually(lambda: shop.ended(order), "the order ends", seconds=90)
        assert ended is not None and ended["status"] == "CONFIRMED"
