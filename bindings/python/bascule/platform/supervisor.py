"""Supervisor (supervisord.org) as the platform's process runner: its configuration, starting it, talking to it.

Nothing starts by itself: the platform starts each process when what it needs is ready. Groups stop one after another
in descending priority, so a shutdown from anywhere drains the gateway, then the services, the broker, PostgreSQL.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from bascule.errors import NotRunning, PlatformError
from bascule.platform.layout import Layout

WATCH = "watch"
# Of supervisor.xmlrpc.Faults.
SHUTDOWN_STATE = 6
SPAWN_ERROR = 50
# Groups by the order in which they start; they stop in the reverse.
PRIORITIES = {"storage": 100, "messaging": 200, "services": 300, "edge": 400}


@dataclass(frozen=True)
class Program:
    """One process that supervisor runs. `account` is set when it must not run as us."""

    name: str
    group: str
    command: list[str]
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    account: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 20


@dataclass(frozen=True)
class ProcessState:
    """What supervisor knows about a process."""

    name: str
    group: str
    state: str
    pid: int
    exit_status: int


def quoted(words: list[str]) -> str:
    """A command line that supervisor splits into exactly these words ("%" starts its own expansions)."""
    return shlex.join(words).replace("%", "%%")


def environment_line(values: dict[str, str]) -> str:
    """KEY="value",...: supervisor has no escape for a quote, and strips quotes at a value's ends."""

    def value(name: str, text: str) -> str:
        if '"' in text or "\n" in text or text.startswith("'") or text.endswith("'"):
            raise PlatformError(f"environment variable {name}: supervisor cannot carry its quotes or line breaks")
        return '"' + text.replace("%", "%%") + '"'

    return ",".join(f"{name}={value(name, text)}" for name, text in sorted(values.items()))


def render(layout: Layout, programs: list[Program]) -> str:
    """The configuration file."""
    sections = [
        f"""[unix_http_server]
file = {layout.supervisor_socket}
chmod = 0700

[supervisord]
logfile = {layout.supervisor_log}
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = {layout.supervisor_pid}
childlogdir = {layout.logs}
nodaemon = true
silent = true
strip_ansi = false

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[eventlistener:{WATCH}]
command = {quoted([sys.executable, "-m", "bascule.platform.watch", str(layout.data)])}
events = PROCESS_STATE
buffer_size = 1000
priority = 0
autostart = true
autorestart = true
startretries = 1000
stdout_logfile = NONE
stderr_logfile = {layout.log_file(WATCH)}
stderr_logfile_maxbytes = 1MB
"""
    ]
    sections += [render_program(layout, program) for program in programs]
    for group, priority in PRIORITIES.items():
        members = [program.name for program in programs if program.group == group]
        if members:
            sections.append(f"[group:{group}]\nprograms = {','.join(members)}\npriority = {priority}\n")
    return "\n".join(sections)


def render_program(layout: Layout, program: Program) -> str:
    """One process. A start that lasts under 2 s counts as failed: retried after 1, 2, ... 10 s; then see watch.py."""
    lines = [
        f"[program:{program.name}]",
        f"command = {quoted(program.command)}",
        f"directory = {str(program.directory).replace('%', '%%')}",
        "autostart = false",
        "autorestart = true",
        "startsecs = 2",
        "startretries = 10",
        f"stopsignal = {program.stop_signal}",
        f"stopwaitsecs = {program.stop_seconds}",
        "killasgroup = true",
        "redirect_stderr = true",
        f"stdout_logfile = {layout.log_file(program.name)}",
        "stdout_logfile_maxbytes = 20MB",
        "stdout_logfile_backups = 2",
    ]
    if program.account:
        lines.append(f"user = {program.account}")
    if program.environment:
        lines.append(f"environment = {environment_line(program.environment)}")
    return "\n".join(lines) + "\n"


class Supervisor:
    """Talks to the supervisor of one platform over its Unix socket. Not safe for use by several threads at once."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def launch(self, tie_to_parent: bool) -> subprocess.Popen[bytes]:
        """Starts supervisord and waits until it answers. Tied: it shuts everything down when this process dies."""
        environment = {**os.environ, "BASCULE_PLATFORM": str(self._layout.data), "PYTHONUNBUFFERED": "1"}
        with (self._layout.logs / "supervisord.out").open("wb") as out:
            child = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._layout.supervisor_config)],
                cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, preexec_fn=die_with_parent if tie_to_parent else None,
            )  # fmt: skip
        deadline = time.monotonic() + 60  # it ends by itself when it cannot start
        while not self.alive():
            if child.poll() is not None or time.monotonic() > deadline:
                text = (self._layout.logs / "supervisord.out").read_text(errors="replace").strip()
                raise PlatformError(f"supervisord did not start: {text or 'see ' + str(self._layout.supervisor_log)}")
            time.sleep(0.02)
        return child

    def alive(self) -> bool:
        try:
            self._call("getState")
        except NotRunning:
            return False
        return True

    def pid(self) -> int:
        return int(self._call("getPID"))

    def states(self) -> dict[str, ProcessState]:
        """All processes but the watch, by name, in the order in which they start."""
        known = [info for info in self._call("getAllProcessInfo") if info["group"] in PRIORITIES]
        known.sort(key=lambda info: PRIORITIES[info["group"]])
        return {
            info["name"]: ProcessState(
                info["name"], info["group"], info["statename"].lower(), info["pid"], info["exitstatus"]
            )
            for info in known
        }

    def start(self, group: str, name: str) -> None:
        """Asks for a start; how it goes is told by states(), even when the process died before this returned."""
        self._call("startProcess", f"{group}:{name}", False, passed_over=SPAWN_ERROR)

    def stop(self, group: str, name: str) -> None:
        """Drains and stops a process and waits for it; supervisor does not start it again by itself."""
        self._call("stopProcess", f"{group}:{name}", True)

    def shutdown(self) -> None:
        self._call("shutdown")

    def _call(self, method: str, *arguments: Any, passed_over: int | None = None) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._layout.supervisor_socket}")
        server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == passed_over:
                return None
            if fault.faultCode == SHUTDOWN_STATE:
                raise NotRunning(f"the platform on {self._layout.data} is stopping right now") from fault
            raise PlatformError(f"supervisor refused {method}{arguments}: {fault.faultString}") from fault
        except (OSError, http.client.HTTPException) as error:
            raise NotRunning(f"no platform runs on {self._layout.data}: start it with ./bascule up") from error
        finally:
            transport.close()


def die_with_parent() -> None:
    """In the child, before exec: SIGTERM when the parent dies, however it dies."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)
