"""A whole platform for tests, started by the same code as `bascule up`: its own data folder, ports from the kernel."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bascule.platform import application
from bascule.platform.application import Application
from bascule.platform.layout import Layout
from bascule.platform.platform import Platform
from bascule.platform.programs import Programs
from bascule.platform.settings import Options
from bascule.platform.status import ProcessStatus
from support.waiting import eventually

TREE = Path(__file__).resolve().parents[2]
SHOP = TREE / "deploy" / "local" / "shop.toml"


class RunningPlatform:
    """A platform that runs: where it is, and what tests do to it."""

    def __init__(self, platform: Platform, layout: Layout, programs: Programs) -> None:
        self._platform = platform
        self.layout = layout
        self.programs = programs
        self.gateway: str = platform.endpoints["gateway"]
        self.broker: str = platform.endpoints["broker"]
        self.postgres: str = platform.endpoints["postgres"]
        self.http = httpx.Client(base_url=self.gateway, timeout=30)

    @property
    def data(self) -> Path:
        return self.layout.data

    def processes(self) -> dict[str, ProcessStatus]:
        return {process.name: process for process in self._platform.processes()}

    def pid(self, name: str) -> int:
        pid = self.processes()[name].pid
        assert pid is not None, f"{name} does not run"
        return pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a signal and returns the process id that it went to."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def wait_running(self, name: str, other_than: int = 0, seconds: float = 90) -> ProcessStatus:
        """Waits until a process serves; `other_than`: the process id that must have been replaced."""

        def serves() -> ProcessStatus | None:
            process = self.processes()[name]
            return process if process.state == "running" and process.pid != other_than else None

        return eventually(serves, f"{name} serves", seconds)  # type: ignore[return-value]

    def kill_and_wait(self, name: str) -> ProcessStatus:
        """Kills a process as a crash would, and waits until its successor serves."""
        return self.wait_running(name, other_than=self.kill(name))

    def stop(self, name: str) -> None:
        """Drains and stops a process, which then stays away until start()."""
        self._platform.stop_one(name)

    def start(self, name: str) -> None:
        self._platform.start_one(name)

    def config(self, name: str) -> dict[str, Any]:
        return tomllib.loads(self.layout.config_file(name).read_text())

    def conninfo(self, service: str) -> str:
        """How a service itself connects to its database."""
        return str(self.config(service)["service"][service]["database"])

    def log(self, name: str) -> str:
        return self.layout.log_file(name).read_text(errors="replace")


@contextlib.contextmanager
def data_folder(prefix: str = "bascule-test-") -> Iterator[Path]:
    """A folder that PostgreSQL's account reaches too (pytest's own are closed to it), gone afterwards with its sockets."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(Layout.of(folder).sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(
    declared: Application | None = None, options: Options | None = None, data: Path | None = None
) -> Iterator[RunningPlatform]:
    """Runs an application (the shop unless told otherwise) until the block ends."""
    with contextlib.ExitStack() as stack:
        wanted = options or Options(http_port=0, amqp_port=0, fast_db=True, log_level="debug")
        layout = Layout.of(data if data is not None else stack.enter_context(data_folder()))
        programs = Programs.of_tree(TREE)
        platform = Platform(
            declared if declared is not None else application.load(SHOP),
            layout,
            dataclasses.replace(wanted, timeout=240),  # what does not start at all ends, and is told at once
            programs,
        )
        platform.start(lambda line: None)
        stack.callback(platform.stop, lambda line: None)
        started = RunningPlatform(platform, layout, programs)
        stack.callback(started.http.close)
        yield started
