"""Supervisor's event listener: writes what happens to processes to events.jsonl, and revives what supervisor gave up.

Run by supervisor as ``python -m bascule.platform.watch DATA``; standard input and output carry supervisor's event
listener protocol, so nothing else may be printed there.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from pathlib import Path

from supervisor.childutils import get_headers, listener

from bascule.errors import PlatformError
from bascule.platform.layout import Layout
from bascule.platform.supervisor import WATCH, Supervisor

# Supervisor tries ten times, 1 to 10 s apart; after that, once in this many seconds, for ever.
REVIVE_SECONDS = 15.0


def record(headers: dict[str, str], payload: dict[str, str], log: str, now: float) -> dict[str, object]:
    """One line of events.jsonl. `log` is the end of supervisor's log, which alone says how a process ended."""
    event = headers["eventname"].removeprefix("PROCESS_STATE_").lower()
    name = payload["processname"]
    line: dict[str, object] = {
        "time": round(now, 3),
        "process": name,
        "event": event,
        "from": payload["from_state"],
    }
    if "pid" in payload:
        line["pid"] = int(payload["pid"])
    if event in ("exited", "backoff"):
        line["reason"] = reason(log, name)
    return {key: value.lower() if key == "from" and isinstance(value, str) else value for key, value in line.items()}


def reason(log: str, name: str) -> str:
    """How the process last ended: ``terminated by SIGKILL``, ``exit status 1``."""
    found = re.findall(rf"exited: {re.escape(name)} \((.*?)(?:; (?:not )?expected)?\)$", log, re.MULTILINE)
    spawn = re.findall(rf"spawnerr: (.*{re.escape(name)}.*)$", log, re.MULTILINE)
    return str(found[-1]) if found else str(spawn[-1]) if spawn else ""


def tail(file: Path, size: int = 8192) -> str:
    try:
        with file.open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - size))
            return log.read().decode(errors="replace")
    except OSError:
        return ""


def revive(layout: Layout, group: str, name: str) -> None:
    try:
        Supervisor(layout).start(group, name)
    except PlatformError as error:
        sys.stderr.write(f"{name} could not be started again: {error}\n")


def main(data: str) -> None:
    layout = Layout.of(Path(data))
    with layout.events.open("a", encoding="utf-8") as events:
        while True:
            headers, body = listener.wait()
            payload = get_headers(body)
            if payload["processname"] != WATCH:
                line = record(headers, payload, tail(layout.supervisor_log), time.time())
                events.write(json.dumps(line) + "\n")
                events.flush()
                if line["event"] == "fatal":
                    again = (layout, payload["groupname"], payload["processname"])
                    timer = threading.Timer(REVIVE_SECONDS, revive, again)
                    timer.daemon = True
                    timer.start()
            listener.ok()


if __name__ == "__main__":
    main(sys.argv[1])
