"""every.Every in Python: answers with what it gets. Run by `bascule run every_service:app`."""

from __future__ import annotations

import asyncio
from typing import Any

from every.common.every_common import Colour, Point, Refused
from every.every_type import (
    Awkward,
    Checked,
    Choice,
    Containers,
    EveryBase,
    Failure,
    Happened,
    Keys,
    Node,
    Presence,
    Scalars,
)

from bascule import App, Context, PermissionDenied

app = App("every")
told: list[Happened] = []


@app.serve
class Every(EveryBase):
    async def echo_base(self, text: str, *, ctx: Context) -> str:
        return text

    async def scalars(self, value: Scalars, *, ctx: Context) -> Scalars:
        return value

    async def presence(self, value: Presence, *, ctx: Context) -> Presence:
        await asyncio.sleep(0)
        return value

    def containers(self, value: Containers, *, ctx: Context) -> Containers:
        return value  # a plain function: in the thread pool

    async def keys(self, value: Keys, *, ctx: Context) -> Keys:
        return value

    async def node(self, value: Node, *, ctx: Context) -> Node:
        return value

    async def choice(self, value: Choice, *, ctx: Context) -> Choice:
        return value

    async def awkward(self, value: Awkward, *, ctx: Context) -> Awkward:
        return value

    async def checked(self, value: Checked, *, ctx: Context) -> Checked:
        return value

    async def join(
        self, flag: bool, tiny: int, small: int, medium: int, large: int, real: float, text: str, data: bytes,
        colour: Colour, numbers: list[int], table: dict[str, int], limit: int, *, ctx: Context,
    ) -> str:  # fmt: skip
        parts: list[Any] = ["true" if flag else "false", tiny, small, medium, large, f"{real:f}", text, data.decode()]
        parts += [int(colour), *numbers, *(f"{key}={table[key]}" for key in sorted(table)), "limit", limit]
        return " ".join(map(format, parts))

    async def str(self, items: list[str], *, ctx: Context) -> list[str]:
        return items

    async def map_of(self, value: dict[int, list[Point]], *, ctx: Context) -> dict[int, list[Point]]:
        return value

    async def colour(self, value: Colour, *, ctx: Context) -> Colour:
        return value

    async def negate(self, value: bool, *, ctx: Context) -> bool:
        return not value

    def reverse(self, data: bytes, *, ctx: Context) -> bytes:
        return data[::-1]

    async def nothing(self, *, ctx: Context) -> None:
        pass

    async def fail(self, code: int, *, ctx: Context) -> int:
        if code == 1:
            raise Refused(message="no", code=7)
        if code == 2:
            raise Failure(message="failed")
        if code == 3:
            raise RuntimeError("nobody declared this")
        if code == 4:
            raise PermissionDenied("not you")
        return code

    async def fail_void(self, code: int, *, ctx: Context) -> None:
        if code == 2:
            raise Failure(message="void failed")

    async def tell(self, event: Happened, *, ctx: Context) -> None:
        told.append(event)

    async def slow(self, milliseconds: int, *, ctx: Context) -> str:
        await asyncio.sleep(milliseconds / 1000)
        return "done"
