"""call, routes and events against the running shop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from support.platforms import TREE, RunningPlatform

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bascule(platform: RunningPlatform) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(TREE / "bindings" / "python"), "BASCULE_DATA": str(platform.data)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bascule", *arguments],
            capture_output=True, text=True, timeout=180, env=environment, check=False,
        )  # fmt: skip

    return run


def test_call_reaches_services_of_both_languages(bascule: Run, platform: RunningPlatform) -> None:
    made = platform.http.post("/v1/products", json={"name": "called", "price_minor": 5, "stock": 1}).json()
    done = bascule("call", "shop.Catalog.get_product", json.dumps({"id": made["id"]}))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == made
    listed = bascule("call", "shop.Notifications.list_notifications", '{"customer_id": 1}')
    assert listed.returncode == 0, listed.stderr
    assert "items" in json.loads(listed.stdout)


def test_call_prints_a_declared_exception(bascule: Run) -> None:
    done = bascule("call", "shop.Catalog.get_product", '{"id": 987654321}')
    assert done.returncode == 4, done.stderr
    assert json.loads(done.stdout)["exception"] == "shop.NotFound"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("shop.Catalog.get_product", '{"id": "x"}'), "/id: an integer is expected"),
        (("shop.Catalog.get_product", "{}"), "/id: is missing"),
        (("shop.Catalog.get_product", '{"id": 1, "more": 2}'), "no argument more"),
        (("shop.Catalog.no_such",), "has no method no_such"),
        (("shop.Catalog.list_products", '{"limit": 1000}'), "limit"),
        (("shop.Nobody.at_home", "--timeout", "0.5"), "shop.Nobody: nobody answered in 0.5 s"),
    ],
)
def test_call_says_what_is_wrong(bascule: Run, arguments: tuple[str, ...], says: str) -> None:
    done = bascule("call", *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_routes_come_from_the_contracts(bascule: Run) -> None:
    routes: list[dict[str, Any]] = json.loads(bascule("routes", "--json").stdout)
    known = {(each["verb"], each["path"]): each["method"] for each in routes}
    assert known["GET", "/v1/products/{id}"] == "shop.Catalog.get_product"
    assert known["GET", "/v1/customers/{id}/notifications"] == "shop.Notifications.list_notifications"
    assert known["POST", "/v1/orders"].startswith("shop.Orders.")


def test_events_are_shown_decoded(bascule: Run, platform: RunningPlatform) -> None:
    shown: list[subprocess.CompletedProcess[str]] = []
    tail = threading.Thread(
        target=lambda: shown.append(bascule("events", "tail", "events.shop.*", "-n", "20", "--json"))
    )
    tail.start()
    product = platform.http.post("/v1/products", json={"name": "p", "price_minor": 1, "stock": 100}).json()
    customer = platform.http.post("/v1/customers", json={"name": "c", "email": f"tail{product['id']}@x.y"}).json()
    order = {"customer_id": customer["id"], "lines": [{"product_id": product["id"], "quantity": 1}]}
    while tail.is_alive():  # until the listener stands and has heard enough: orders of other tests may end meanwhile
        platform.http.post("/v1/orders", json=order)
        tail.join(0.1)
    events = [json.loads(line) for line in shown[0].stdout.splitlines()]
    assert len(events) == 20
    assert all(event["type"].startswith("shop.") for event in events)
    event = next(event for event in events if event["data"].get("customer_id") == customer["id"])
    assert event["key"] == str(event["data"]["order_id"])
