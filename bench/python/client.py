"""Python client of bench.Echo.   client.py URL IN_FLIGHT TOTAL"""

from __future__ import annotations

import asyncio
import sys

import bench.bench as types
from measure import measure
from sample import order

from bascule import Connection


async def main(url: str, in_flight: int, total: int) -> None:
    async with Connection(url) as connection:
        client, sent = types.EchoClient(connection), order(types)
        assert (await client.place(sent)).status == types.Status.CONFIRMED
        await measure(lambda: client.place(sent), in_flight, total)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
