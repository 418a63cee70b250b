"""Run in a network namespace of its own: a broker whose admin port is open to a network, asked from both sides of it.

Prints each address with the status for the token, for a password, and for /metrics.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
import tomllib
from pathlib import Path

import httpx

from support import daemons

OUTSIDE = "192.0.2.1"  # TEST-NET-1 (RFC 5737)
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1


def set_address(interface: bytes, address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        packed = struct.pack("16sH2x4s8x", interface, socket.AF_INET, socket.inet_aton(address))
        fcntl.ioctl(control, SIOCSIFADDR, packed)
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", interface, IFF_UP))


def main(settings: str, folder: str, token: str) -> None:
    set_address(b"lo", "127.0.0.1")
    set_address(b"lo:1", OUTSIDE)
    with daemons.daemon("bascule-broker", tomllib.loads(Path(settings).read_text()), Path(folder)) as broker:
        port = broker.endpoints["metrics"].rsplit(":", 1)[1]
        for address in ("127.0.0.1", OUTSIDE):
            api, metrics = f"http://{address}:{port}/api/v1/queues", f"http://{address}:{port}/metrics"
            here = {"Host": "localhost"}
            print(address, httpx.get(api, headers={**here, "Authorization": f"Bearer {token}"}, timeout=60).status_code,
                  httpx.get(api, headers=here, auth=("alice", "wonder land"), timeout=60).status_code,
                  httpx.get(metrics, timeout=60).status_code)  # fmt: skip


main(*sys.argv[1:])
