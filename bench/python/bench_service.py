"""bench.Echo in Python: the order comes back, confirmed. Run by `bascule run bench_service:app`."""

from __future__ import annotations

from bench.bench import EchoBase, Order, Status

from bascule import App, Context

app = App("bench")


@app.serve
class Echo(EchoBase):
    async def place(self, order: Order, *, ctx: Context) -> Order:
        order.status = Status.CONFIRMED
        return order
