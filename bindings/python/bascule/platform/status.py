"""What runs: supervisor's view, the ready files and the history, put together."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bascule.platform import history, ready
from bascule.platform.layout import Layout
from bascule.platform.supervisor import ProcessState, Supervisor

POSTGRES = "postgres"


@dataclass(frozen=True)
class ProcessStatus:
    """One process as `status` shows it. state: running (serving), starting, backoff, fatal, stopping, stopped, exited."""

    name: str
    pid: int | None
    state: str
    restarts: int
    uptime_s: float | None = None
    endpoints: dict[str, str] = field(default_factory=dict)


def combine(process: ProcessState, said: ready.Ready | None, restarts: int, uptime: float | None) -> ProcessStatus:
    """A process runs once the very process that supervisor knows has said that it is ready."""
    serving = said is not None and process.pid != 0 and said.pid == process.pid
    state = process.state
    if state in ("running", "starting"):
        state = "running" if serving else "starting"
    endpoints = said.endpoints if said and serving else {}
    return ProcessStatus(process.name, process.pid or None, state, restarts, uptime, endpoints)


def read_ready(layout: Layout, name: str) -> ready.Ready | None:
    if name != POSTGRES:
        return ready.read(layout.ready_file(name))
    pid = postmaster(layout.cluster)
    return ready.Ready(pid, {"postgres": str(layout.postgres_sockets)}) if pid else None


def postmaster(cluster: Path) -> int | None:
    """The postmaster's process id once it accepts connections, from the file that it keeps for this purpose."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[0]) if len(lines) >= 8 and lines[7].strip() == "ready" else None
    except (OSError, ValueError):
        return None


def uptime(pid: int) -> float | None:
    try:
        return round(time.time() - psutil.Process(pid).create_time(), 1) if pid else None
    except psutil.Error:
        return None


def collect(layout: Layout) -> list[ProcessStatus]:
    """Every process, in the order in which they start. Raises NotRunning."""
    states = Supervisor(layout).states()
    counted = history.restarts(history.read(layout.events))
    return [
        combine(state, read_ready(layout, name), counted[name], uptime(state.pid)) for name, state in states.items()
    ]


def as_json(processes: list[ProcessStatus]) -> dict[str, Any]:
    return {"processes": [asdict(process) for process in processes]}


def wait_serving(layout: Layout, names: set[str], seconds: float) -> set[str]:
    """Waits until these processes serve; returns those that still did not when the time was up."""
    deadline = time.monotonic() + seconds
    while True:
        late = names - {process.name for process in collect(layout) if process.state == "running"}
        if not late or time.monotonic() > deadline:
            return late
        time.sleep(0.03)
