"""The Python peer: the same order, validated the same way by Pydantic, and sent back confirmed."""

from enum import StrEnum
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

Int64 = Annotated[int, Field(strict=True, ge=-(1 << 63), lt=1 << 63)]
Int32 = Annotated[int, Field(strict=True, ge=-(1 << 31), lt=1 << 31)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Status(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"


class Address(Strict):
    name: str
    street: str
    city: str
    postcode: str
    country: str


class Line(Strict):
    product_id: Int64
    sku: str
    quantity: Int32
    price_minor: Int64


class Order(Strict):
    id: Int64
    customer_id: Int64
    status: Status
    currency: str
    placed_at: Int64
    email: str
    express: bool
    discount: float
    note: str | None = None
    address: Address
    lines: list[Line]
    tags: list[str] | None = None


app = FastAPI()


@app.post("/v1/bench/orders")
async def place(order: Order) -> Order:
    order.status = Status.CONFIRMED
    return order
