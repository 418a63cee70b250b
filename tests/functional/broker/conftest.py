"""The broker as a process of its own, and an independent AMQP 1.0 client (python-qpid-proton) to talk to it."""

from __future__ import annotations

import json
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from proton import Message
from proton.utils import BlockingConnection

ROOT = pathlib.Path(__file__).resolve().parents[3]


def broker_binary() -> pathlib.Path:
    return pathlib.Path(os.environ.get("BASCULE_BUILD", ROOT / "build" / "dev")) / "bin" / "bascule-broker"


class BrokerProcess:
    """A running bascule-broker. `url` is where it serves; stop() drains it and gives its exit code."""

    def __init__(self, *arguments: str, config: str = "", wait: bool = True) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-broker-"))
        self.ready_file = self.folder / "ready.json"
        self.command = [str(broker_binary()), "--listen", "127.0.0.1:0", "--ready-file", str(self.ready_file), *arguments]
        if config:
            (self.folder / "bascule.toml").write_text(config)
            self.command += ["--config", str(self.folder / "bascule.toml")]
        environment = dict(os.environ)
        if "handshake_timeout" not in config:
            environment["BASCULE_BROKER__HANDSHAKE_TIMEOUT"] = "60s"  # a slow machine is no silent peer
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(self.command, stderr=self.log, env=environment)
        if wait:
            self._wait_ready()

    def _wait_ready(self) -> None:
        exited = os.pidfd_open(self.process.pid)
        try:
            until = time.monotonic() + 120
            while not self.ready_file.exists():
                if select.select([exited], [], [], 0.01)[0]:
                    raise RuntimeError(f"the broker ended: {self.log_text()}")
                assert time.monotonic() < until, f"the broker does not serve: {self.log_text()}"
        finally:
            os.close(exited)
        ready = json.loads(self.ready_file.read_text())
        self.endpoints: dict[str, str] = ready["endpoints"]
        self.url = self.endpoints["amqp"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def log_text(self) -> str:
        return (self.folder / "log").read_text()

    def alive(self) -> bool:
        return self.process.poll() is None

    def rss(self) -> int:
        """Resident bytes."""
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=240)


StartBroker = Callable[..., BrokerProcess]


@pytest.fixture
def start_broker() -> Iterator[StartBroker]:
    started: list[BrokerProcess] = []

    def start(*arguments: str, config: str = "") -> BrokerProcess:
        started.append(BrokerProcess(*arguments, config=config))
        return started[-1]

    yield start
    for broker in started:
        if broker.alive():
            broker.kill()
        broker.log.close()


@pytest.fixture(scope="module")
def shared_broker() -> Iterator[BrokerProcess]:
    running = BrokerProcess()
    yield running
    assert running.alive(), "the broker died: " + running.log_text()
    running.kill()
    running.log.close()


Connect = Callable[..., BlockingConnection]


@pytest.fixture
def connect(shared_broker: BrokerProcess) -> Iterator[Connect]:
    """Opens blocking connections to the module's broker (or to `url`), and closes them."""
    opened: list[BlockingConnection] = []

    def make(url: str | None = None, **options: object) -> BlockingConnection:
        options.setdefault("timeout", 30)
        opened.append(BlockingConnection(url or shared_broker.url, **options))
        return opened[-1]

    yield make
    for connection in opened:
        connection.timeout = 0.3  # its broker may be gone
        try:
            connection.close()
        except Exception:  # the test may have killed its peer
            pass


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A queue address of the test's own."""
    return "test." + request.node.name.replace("[", ".").replace("]", "")


def text(body: str, **fields: object) -> Message:
    return Message(body=body, **fields)


@pytest.fixture(scope="session")
def rawamqp() -> ModuleType:
    """Frames made by hand."""
    from support import rawamqp as module

    return module
