"""Ready files: what a process wrote once it serves, ``{"name", "pid", "endpoints": {"amqp": "amqp://..."}}``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Ready:
    """What one process says of itself: ours its own id, a script that runs another's program the script's."""

    pid: int
    endpoints: dict[str, str] = field(default_factory=dict)


def read(file: Path) -> Ready | None:
    """The file's content; None when it is not there or not (yet) whole."""
    try:
        item = json.loads(file.read_text(encoding="utf-8"))
        endpoints = {str(key): str(value) for key, value in item.get("endpoints", {}).items()}
        return Ready(int(item.get("launcher", item["pid"])), endpoints)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
