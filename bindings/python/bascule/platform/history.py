"""What happened to processes since `up`, read from events.jsonl: restarts, and sentences for a person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A start from any other state follows a death, and is a restart.
FIRST_START = {"stopped", "unknown"}


@dataclass(frozen=True)
class Event:
    """One change of a process's state."""

    process: str
    event: str
    previous: str
    pid: int
    reason: str

    @property
    def restart(self) -> bool:
        return self.event == "starting" and self.previous not in FIRST_START


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Events of the lines; a line that is cut off or foreign is passed over."""
    for line in lines:
        try:
            item: Any = json.loads(line)
            yield Event(item["process"], item["event"], item["from"], item.get("pid", 0), item.get("reason", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def read(file: Path) -> list[Event]:
    try:
        return list(parse(file.read_text(encoding="utf-8").splitlines()))
    except OSError:
        return []


def restarts(events: Iterable[Event]) -> Counter[str]:
    """How often each process was started again."""
    return Counter(event.process for event in events if event.restart)


def sentence(event: Event) -> str | None:
    """What a person watching should hear of; None for what is routine."""
    ended = f" ({event.reason})" if event.reason else ""
    match event.event:
        case "exited":
            return f"{event.process} exited{ended}; starting it again"
        case "backoff":
            return f"{event.process} ended right after its start{ended}; trying again with growing pauses"
        case "fatal":
            return f"{event.process} would not start ten times over; trying again every 15 s: ./bascule logs {event.process}"
        case "starting" if event.restart:
            return f"{event.process} starts again"
    return None
