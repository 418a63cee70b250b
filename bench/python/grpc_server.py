"""The peer: grpc.aio server of the same order. Prints its port."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import order_pb2
import order_pb2_grpc


class Echo(order_pb2_grpc.EchoServicer):  # type: ignore[misc]
    async def Place(self, request: Any, context: Any) -> Any:
        request.status = order_pb2.CONFIRMED
        return request


async def main() -> None:
    server = grpc.aio.server()
    order_pb2_grpc.add_EchoServicer_to_server(Echo(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


asyncio.run(main())
