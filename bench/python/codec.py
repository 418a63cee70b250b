"""The codec beside Apache Thrift's accelerated one, on the same order, in this process, alternating.   codec.py ROUNDS"""

from __future__ import annotations

import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bench.bench as ours
from sample import order

from bascule import contract

CONTRACT = Path(__file__).resolve().parents[1] / "contract" / "bench.thrift"
CALLS = 20_000


def apache() -> tuple[Callable[[], bytes], Callable[[bytes], Any]]:
    """Apache's classes and its accelerated compact protocol."""
    from thrift.protocol.TCompactProtocol import TCompactProtocolAccelerated
    from thrift.transport.TTransport import TMemoryBuffer

    folder = tempfile.mkdtemp()
    source = Path(folder) / "apache_order.thrift"
    source.write_text(CONTRACT.read_text().replace("namespace * bench", "namespace py apache_order"))
    subprocess.run(["thrift", "--gen", "py:slots,enum", "-out", folder, str(source)], check=True, capture_output=True)
    sys.path.insert(0, folder)
    theirs = importlib.import_module("apache_order.ttypes")
    value = order(SimpleNamespace(Order=theirs.Order, Address=theirs.Address, Line=theirs.Line, Status=theirs.Status))

    def encode() -> bytes:
        memory = TMemoryBuffer()
        value.write(TCompactProtocolAccelerated(memory, fallback=False))
        return bytes(memory.getvalue())

    def decode(data: bytes) -> Any:
        made = theirs.Order()
        made.read(TCompactProtocolAccelerated(TMemoryBuffer(data), fallback=False))
        return made

    return encode, decode


def microseconds(call: Callable[[], object]) -> float:
    return timeit.timeit(call, number=CALLS) / CALLS * 1e6


def main(rounds: int) -> None:
    plan, value = contract.registry.plan("bench.Order"), order(ours)
    data = plan.encode(value)
    apache_encode, apache_decode = apache()
    assert apache_encode() == data, "the two libraries write different bytes"
    subjects: dict[str, Callable[[], object]] = {
        "encode": lambda: plan.encode(value), "apache encode": apache_encode,
        "decode": lambda: plan.decode(data), "apache decode": lambda: apache_decode(data),
    }  # fmt: skip
    measured: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, call in subjects.items():
            measured[name].append(microseconds(call))
    median = {name: statistics.median(values) for name, values in measured.items()}
    results = [
        {
            "name": f"python/codec {way}, {len(data)} bytes", "unit": "us", "value": round(median[way], 3),
            "peers": {"thrift accelerated": round(median[f"apache {way}"], 3)},
            "ratio": {"thrift accelerated": round(median[f"apache {way}"] / median[way], 2)},
        }
        for way in ("encode", "decode")
    ]  # fmt: skip
    print(json.dumps(results))


main(int(sys.argv[1]))
