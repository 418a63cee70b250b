"""The codec beside Apache Thrift's accelerated one, on the 279-byte order, in this process, alternating."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROUNDS, CALLS = 7, 20_000


def field(number: int, name: str, kind: Any, requiredness: str = "required") -> dict[str, Any]:
    return {"id": number, "name": name, "type": kind, "requiredness": requiredness, "default": None}


DESCRIPTOR: dict[str, Any] = {
    "bascule": 1, "name": "bench", "namespace": "bench", "digest": "", "services": {}, "events": {}, "constants": {},
    "types": {
        "bench.Status": {"kind": "enum", "values": {"PENDING": 1, "CONFIRMED": 2, "REJECTED": 3}},
        "bench.Address": {"kind": "struct", "fields": [
            field(1, "street", "string"), field(2, "city", "string"), field(3, "postcode", "string"),
            field(4, "country", "string", "optional")]},
        "bench.OrderLine": {"kind": "struct", "fields": [
            field(1, "product_id", "i64"), field(2, "name", "string"), field(3, "quantity", "i32"),
            field(4, "price_minor", "i64")]},
        "bench.Order": {"kind": "struct", "fields": [
            field(1, "id", "i64"), field(2, "customer_id", "i64"), field(3, "status", {"ref": "bench.Status"}),
            field(4, "lines", {"list": {"ref": "bench.OrderLine"}}), field(5, "total_minor", "i64"),
            field(6, "currency", "string"), field(7, "note", "string", "optional"),
            field(8, "ship_to", {"ref": "bench.Address"}, "optional"),
            field(9, "labels", {"map": ["string", "string"]}, "optional"), field(10, "gift", "bool"),
            field(11, "weight_kg", "double"), field(12, "created_at_us", "i64")]},
    },
}  # fmt: skip


def order(make: Callable[[str], type[Any]]) -> Any:
    """The same order from either library's classes."""
    line = make("OrderLine")
    names = ["Espresso cup", "Ceramic filter", "Kettle, gooseneck", "Scale 0.1 g"]
    return make("Order")(
        id=7_204_518, customer_id=90_112, status=make("Status")(1),
        lines=[line(product_id=1000 + i, name=n, quantity=i + 1, price_minor=1_999 + 100 * i) for i, n in enumerate(names)],
        total_minor=21_990, currency="EUR", note="leave at the door, ring!",
        ship_to=make("Address")(street="Rue de la Bascule 12", city="Bruxelles", postcode="1000", country="BE"),
        labels={"channel": "web", "campaign": "autumn-2026", "priority": "normal", "warehouse": "BRU-2"},
        gift=False, weight_kg=2.75, created_at_us=1_763_875_200_000_000,
    )  # fmt: skip


def apache() -> tuple[Any, Callable[[], bytes], Callable[[bytes], Any]]:
    """Apache's classes and its accelerated compact protocol."""
    folder = tempfile.mkdtemp()
    subprocess.run(
        [
            shutil.which("thrift") or "thrift",
            "--gen",
            "py:slots,enum",
            "-out",
            folder,
            str(HERE / "order.thrift"),
        ],
        check=True,
    )
    sys.path.insert(0, folder)
    from order_apache import ttypes
    from thrift.protocol.TCompactProtocol import TCompactProtocolAccelerated
    from thrift.transport.TTransport import TMemoryBuffer

    value = order(lambda name: getattr(ttypes, name))

    def encode() -> bytes:
        memory = TMemoryBuffer()
        value.write(TCompactProtocolAccelerated(memory, fallback=False))
        return bytes(memory.getvalue())

    def decode(data: bytes) -> Any:
        made = ttypes.Order()
        made.read(TCompactProtocolAccelerated(TMemoryBuffer(data), fallback=False))
        return made

    return value, encode, decode


def microseconds(call: Callable[[], object]) -> float:
    return timeit.timeit(call, number=CALLS) / CALLS * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="an array of results, nothing else")
    options = parser.parse_args()
    from bascule import dynamic

    registry = dynamic.load(json.dumps(DESCRIPTOR))
    plan = registry.plan("bench.Order")
    ours = order(lambda name: registry.classes[f"bench.{name}"])
    data = plan.encode(ours)
    _, apache_encode, apache_decode = apache()
    assert apache_encode() == data, "the two libraries write different bytes"
    measured: dict[str, list[float]] = {"encode": [], "decode": [], "apache encode": [], "apache decode": []}
    for _ in range(ROUNDS):
        measured["encode"].append(microseconds(lambda: plan.encode(ours)))
        measured["apache encode"].append(microseconds(apache_encode))
        measured["decode"].append(microseconds(lambda: plan.decode(data)))
        measured["apache decode"].append(microseconds(lambda: apache_decode(data)))
    median = {name: statistics.median(values) for name, values in measured.items()}
    results = [
        {
            "name": f"codec.{way}", "unit": "us", "value": round(median[way], 3), "bytes": len(data),
            "peers": {"thrift accelerated": round(median[f"apache {way}"], 3)},
            "ratio": {"thrift accelerated": round(median[f"apache {way}"] / median[way], 2)},
        }
        for way in ("encode", "decode")
    ]  # fmt: skip
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for each in results:
        print(
            f"{each['name']}: {each['value']} us, {each['bytes']} bytes; {each['peers']}; faster by {each['ratio']}"
        )


if __name__ == "__main__":
    main()
