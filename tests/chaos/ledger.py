"""The ledger: what a client did, a line each, written outside of the broker's reach before or right after it was done.

A line is `nanoseconds kind id key seq digest who`, `-` for what does not apply; every line is one write to the file, so that
a killed client leaves whole lines. The clock is CLOCK_MONOTONIC, one for all processes of the machine.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from chaos.history import Event, Kind


def digest(id_: str, body: bytes) -> str:
    """Of the id too: a message that arrives under another's name is not that other one."""
    return f"{zlib.crc32(body, zlib.crc32(id_.encode(errors='surrogateescape'))):08x}"


class Ledger:
    """The writing side. Lines of one turn may be written together: `flush()` before what they announce is done."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lines: list[str] = []

    def note(self, kind: Kind, id_: str = "", key: str = "", seq: int = 0, digest: str = "", who: str = "") -> None:
        self._lines.append(
            f"{time.monotonic_ns()} {kind} {id_ or '-'} {key or '-'} {seq} {digest or '-'} {who or '-'}\n"
        )

    def flush(self) -> None:
        if self._lines:
            os.write(self._file, "".join(self._lines).encode())
            self._lines.clear()


def read(paths: Iterable[Path]) -> list[Event]:
    """All events of all ledgers, in the order of their times."""
    timed: list[tuple[int, Event]] = []
    for path in paths:
        if not path.exists():
            continue
        for line in path.read_text().splitlines():
            at, kind, id_, key, seq, digest_, who = ("" if word == "-" else word for word in line.split(" "))
            timed.append((int(at), Event(cast(Kind, kind), id_, key, int(seq), digest_, who)))
    timed.sort(key=lambda pair: pair[0])
    return [event for _, event in timed]
