"""What the shop's tests say in a word: make products and customers, place orders, wait until they ended."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any

import httpx

ENDED = ("CONFIRMED", "REJECTED")
_emails = itertools.count()


class Shop:
    """The shop through its HTTP API; every call checks the status it must have."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def product(self, price_minor: int = 100, stock: int = 10, name: str = "thing") -> dict[str, Any]:
        return self._post("/v1/products", {"name": name, "price_minor": price_minor, "stock": stock}, 201)

    def customer(self, deposit: int = 0) -> dict[str, Any]:
        email = f"c{next(_emails)}-{uuid.uuid4().hex[:8]}@example.org"
        customer = self._post("/v1/customers", {"name": "Ada", "email": email}, 201)
        if deposit:
            customer = self._post(f"/v1/customers/{customer['id']}/deposits", {"amount_minor": deposit})
        return customer

    def place(self, customer: int, *lines: tuple[int, int], key: str = "") -> dict[str, Any]:
        return self._post("/v1/orders", wish(customer, lines), 202, {"idempotency-key": key} if key else {})

    def get(self, path: str) -> dict[str, Any]:
        answer = self.http.get(path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    def order(self, id_: int) -> dict[str, Any]:
        return self.get(f"/v1/orders/{id_}")

    def ended(self, id_: int) -> dict[str, Any] | None:
        order = self.order(id_)
        return order if order["status"] in ENDED else None

    def balance(self, customer: int) -> int:
        return int(self.get(f"/v1/customers/{customer}")["balance_minor"])

    def stock(self, product: int) -> int:
        return int(self.get(f"/v1/products/{product}")["stock"])

    def _post(
        self, path: str, body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        answer = self.http.post(path, json=body, headers=headers or {})
        assert answer.status_code == status, f"POST {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())


def wish(customer: int, lines: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    return {"customer_id": customer, "lines": [{"product_id": p, "quantity": q} for p, q in lines]}


async def place_many(gateway: str, wishes: list[dict[str, Any]], at_once: int = 100, tries: int = 1) -> list[int]:
    """Places all orders, `at_once` at a time, each under a key of its own; the ids of the orders, in the wishes' order.

    With `tries` a failed attempt is repeated under the same key, as a client does that does not know what became of it.
    """
    gate = asyncio.Semaphore(at_once)

    async def place(client: httpx.AsyncClient, body: dict[str, Any]) -> int:
        key = uuid.uuid4().hex
        problem = ""
        for attempt in range(tries):
            async with gate:
                try:
                    answer = await client.post("/v1/orders", json=body, headers={"idempotency-key": key})
                    if answer.status_code == 202:
                        return int(answer.json()["id"])
                    problem = f"{answer.status_code} {answer.text}"
                except httpx.HTTPError as error:
                    problem = repr(error)
            await asyncio.sleep(min(0.1 * (attempt + 1), 1))  # a client's back-off, not a wait for a condition
        raise AssertionError(f"an order could not be placed in {tries} tries: {problem}")

    limits = httpx.Limits(max_connections=at_once)
    async with httpx.AsyncClient(base_url=gateway, timeout=30, limits=limits) as client:
        return await asyncio.gather(*(place(client, body) for body in wishes))
