"""N calls in flight by an asyncio client, TOTAL in all after a warm-up of a tenth; prints rate, p50, p99 and processor time."""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import time
from collections.abc import Awaitable, Callable


async def measure(call: Callable[[], Awaitable[object]], in_flight: int, total: int) -> None:
    await _run(call, in_flight, max(total // 10, in_flight), [])
    times: list[float] = []
    used, began = _cpu(), time.perf_counter()
    await _run(call, in_flight, total, times)
    seconds = time.perf_counter() - began
    percentiles = statistics.quantiles(times, n=100)
    figures = {
        "rate": round(total / seconds),
        "p50_us": round(percentiles[49] * 1e6, 1),
        "p99_us": round(percentiles[98] * 1e6, 1),
    }
    print(json.dumps({**figures, "client_cpu_us": round((_cpu() - used) / total * 1e6, 2)}))


async def _run(call: Callable[[], Awaitable[object]], in_flight: int, total: int, times: list[float]) -> None:
    left = total

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            began = time.perf_counter()
            await call()
            times.append(time.perf_counter() - began)

    await asyncio.gather(*(worker() for _ in range(in_flight)))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
