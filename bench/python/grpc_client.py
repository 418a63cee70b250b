"""The peer: grpc.aio client of the same order.   grpc_client.py HOST:PORT IN_FLIGHT TOTAL"""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import grpc
import order_pb2
import order_pb2_grpc
from measure import measure
from sample import order


async def main(address: str, in_flight: int, total: int) -> None:
    types = SimpleNamespace(Order=order_pb2.Order, Address=order_pb2.Address, Line=order_pb2.Line, Status=None)
    async with grpc.aio.insecure_channel(address) as channel:
        stub, sent = order_pb2_grpc.EchoStub(channel), order(types)
        assert (await stub.Place(sent)).status == order_pb2.CONFIRMED
        await measure(lambda: stub.Place(sent), in_flight, total)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
