"""The Python peer: the same order, validated the same way, and sent back confirmed.

The gateway refuses what is missing, unknown or of the wrong type (nothing is converted: "yes" is not true), a key that comes
twice, and NaN. Pydantic's strict types and two hooks of the standard library's JSON parser do the same here, in FastAPI's own
way, a custom APIRoute. The second route is FastAPI without the hooks, which takes the last of two equal keys, and NaN.
"""

import json
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

Int64 = Annotated[int, Field(strict=True, ge=-(1 << 63), lt=1 << 63)]
Int32 = Annotated[int, Field(strict=True, ge=-(1 << 31), lt=1 << 31)]
Bool = Annotated[bool, Field(strict=True)]
Double = Annotated[float, Field(strict=True)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Status(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"


class Address(Closed):
    name: str
    street: str
    city: str
    postcode: str
    country: str


class Line(Closed):
    product_id: Int64
    sku: str
    quantity: Int32
    price_minor: Int64


class Order(Closed):
    id: Int64
    customer_id: Int64
    status: Status
    currency: str
    placed_at: Int64
    email: str
    express: Bool
    discount: Double
    note: str | None = None
    address: Address
    lines: list[Line]
    tags: list[str] | None = None


def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise json.JSONDecodeError("a key comes twice", "", 0)
    return made


def no_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)


strict_decoder = json.JSONDecoder(object_pairs_hook=once, parse_constant=no_constant)


class StrictRequest(Request):
    async def json(self) -> Any:
        return strict_decoder.decode((await self.body()).decode())


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


strict = APIRouter(route_class=StrictRoute)
app = FastAPI()


@strict.post("/v1/bench/orders")
async def place(order: Order) -> Order:
    order.status = Status.CONFIRMED
    return order


@app.post("/own-parser/v1/bench/orders")
async def place_with_own_parser(order: Order) -> Order:
    order.status = Status.CONFIRMED
    return order


app.include_router(strict)
