"""The order that every subject sends."""

from __future__ import annotations

from typing import Any

ADDRESS = {
    "name": "Ada Lovelace",
    "street": "12 St James's Square",
    "city": "London",
    "postcode": "SW1Y 4JH",
    "country": "GB",
}
LINES = [
    {"product_id": 7001, "sku": "KB-104-UK", "quantity": 1, "price_minor": 8999},
    {"product_id": 7042, "sku": "MOUSE-2B", "quantity": 2, "price_minor": 1950},
    {"product_id": 90210, "sku": "USB-C-1M", "quantity": 4, "price_minor": 7990},
]


def order(types: Any) -> Any:
    """From any module that has Order, Address, Line and Status."""
    return types.Order(
        id=1000001, customer_id=48213, status=types.Status(1) if callable(types.Status) else 1, currency="EUR",
        placed_at=1767225600123, email="ada.lovelace@example.org", express=True, discount=0.05,
        note="Please leave it at the door", address=types.Address(**ADDRESS), lines=[types.Line(**line) for line in LINES],
        tags=["gift", "priority"],
    )  # fmt: skip
