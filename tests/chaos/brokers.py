"""A broker that tests kill, freeze and start again, on one port and one data folder for all of its lives; and its load."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import tomli_w

from bascule.platform import ready
from bascule.platform.programs import Programs
from chaos import history
from chaos.ledger import Ledger, read
from support.platforms import TREE
from support.ports import Reserved
from support.waiting import eventually

STATUS_IO_ERROR = 74


def program() -> str:
    return Programs.of_tree(TREE).need("bascule-broker", ["bascule-broker"], TREE)[0]


class Broker:
    """start() begins a life and waits until it serves. Every end of a life is written to the ledger `lives`."""

    def __init__(self, folder: Path, settings: Mapping[str, object] | None = None, data: Path | None = None) -> None:
        self.folder = folder
        self.data = data or folder / "data"
        self.ready_file = folder / "ready.json"
        self.log_file = folder / "broker.log"
        self.lives = folder / "lives.ledger"
        self._ledger = Ledger(self.lives)
        self.config = folder / "broker.toml"
        self._reserved = Reserved()  # in all of its lives, and in between
        section = {
            "listen": self._reserved.address,
            "data": str(self.data),
            "metrics": "127.0.0.1:0",
            "handshake_timeout": "60s",  # a slow machine is no silent peer
            **(settings or {}),
        }
        self.config.write_bytes(tomli_w.dumps({"broker": section}).encode())
        self.port = int(str(section["listen"]).rpartition(":")[2])
        self.process: subprocess.Popen[bytes] | None = None
        self.wrapper: list[str] = []  # what the program is started by

    @property
    def url(self) -> str:
        return f"amqp://127.0.0.1:{self.port}"

    def spawn(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        self.ready_file.unlink(missing_ok=True)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, program(), "--config", str(self.config), "--ready-file", str(self.ready_file)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environment or {})},
            )  # fmt: skip
        return self.process

    def start(self, environment: Mapping[str, str] | None = None) -> Broker:
        process = self.spawn(environment)
        serves = self.wait_ready(process)
        assert serves, f"the broker ended with {process.returncode}: {self.log()[-2000:]}"
        return self

    def wait_ready(self, process: subprocess.Popen[bytes], seconds: float = 240) -> bool:
        """False when it ends before it serves."""
        exited = os.pidfd_open(process.pid)
        try:
            for _ in range(int(seconds * 200)):
                if self.ready_file.exists():
                    return True
                if select.select([exited], [], [], 0.005)[0]:
                    process.wait()
                    return False
        finally:
            os.close(exited)
        raise AssertionError(f"the broker did not serve within {seconds} s: {self.log()[-2000:]}")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9, and the life's end in the ledger."""
        assert self.process is not None
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        """Waits until the process is gone; its exit status."""
        assert self.process is not None
        status = self.process.wait(timeout=240)
        self._ledger.note("life")
        self._ledger.flush()
        return status

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def rss(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def metric(self, name: str) -> float:
        """The sum over its labels; 0 when there is none."""
        said = ready.read(self.ready_file)
        assert said is not None
        with urllib.request.urlopen(said.endpoints["metrics"] + "/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return sum(
            float(value) for value in re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        )

    def queued(self, queue: str) -> int:
        """Messages that wait, are handed out, or are not due yet."""
        kinds = ("messages", "unsettled", "scheduled")
        return int(sum(self.metric_of(f"bascule_broker_queue_{kind}", queue) for kind in kinds))

    def ended_connections(self) -> int:
        """How many this life of it has seen end."""
        return int(self.metric("bascule_broker_connections_opened_total") - self.metric("bascule_broker_connections"))

    def metric_of(self, name: str, queue: str) -> float:
        said = ready.read(self.ready_file)
        assert said is not None
        with urllib.request.urlopen(said.endpoints["metrics"] + "/metrics", timeout=30) as answer:
            found = re.search(rf'^{name}{{queue="{re.escape(queue)}"}} (\S+)$', answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def tool(self, name: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
        """bascule-broker verify, dump or compact."""
        return subprocess.run(
            [program(), name, "--data", str(data or self.data)], capture_output=True, text=True, timeout=180, check=False
        )


class Load:
    """Producers and consumers of one queue, and the verdict on what they saw."""

    def __init__(self, folder: Path, queue: str = "chaos") -> None:
        self.folder = folder
        self.queue = queue
        self.ledgers: list[Path] = []
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def ledger(self, name: str) -> Path:
        return self.folder / f"{name}.ledger"

    def produce(self, url: str, name: str = "p", **options: object) -> subprocess.Popen[bytes]:
        return self._start("produce", url, name, options)

    def consume(self, url: str, name: str = "c", **options: object) -> subprocess.Popen[bytes]:
        return self._start("consume", url, name, options)

    def _start(self, what: str, url: str, name: str, options: Mapping[str, object]) -> subprocess.Popen[bytes]:
        ledger = self.ledger(name)
        self.ledgers.append(ledger)
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "chaos.clients", what, "--url", url, "--queue", self.queue, "--ledger", str(ledger),
                 "--name", name, *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": f"{TREE / 'tests'}:{TREE / 'bindings/python'}"},
            )  # fmt: skip
        return self.processes[name]

    def stop(self, *names: str) -> None:
        """SIGTERM, in turn: a producer hears of what is on its way first."""
        for name in names or list(self.processes):
            process = self.processes.pop(name)
            process.terminate()
            try:
                assert process.wait(timeout=240) in (0, -signal.SIGTERM), (self.folder / f"{name}.log").read_text()[
                    -2000:
                ]
            finally:
                process.kill()

    def kill(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def gone(self, name: str) -> None:
        """A client that was killed could not write down that its link is gone."""
        self.processes.pop(name, None)
        self.lost_touch(name)

    def lost_touch(self, name: str) -> None:
        """A client's link is as good as gone, and it does not know: what it holds may go to others from now on."""
        linked = [line.split()[-1] for line in self.ledger(name).read_text().splitlines() if " linked " in line]
        ledger = Ledger(self.ledger(name))
        ledger.note("gone", who=linked[-1])
        ledger.flush()

    def freeze(self, name: str) -> None:
        """SIGSTOP; whoever sends SIGCONT sees it go on as if nothing had been."""
        os.kill(self.processes[name].pid, signal.SIGSTOP)
        self.lost_touch(name)

    def count(self, kind: str) -> int:
        needle = f" {kind} "
        return sum(path.read_text().count(needle) for path in self.ledgers if path.exists())

    def wait_more(self, kind: str, more: int, seconds: float = 240) -> None:
        """Until `more` events of a kind were written down from now on."""
        before = self.count(kind)
        eventually(lambda: self.count(kind) >= before + more, f"{more} more {kind}", seconds)

    def drain(self, broker: Broker, seconds: float = 240) -> None:
        """Until the queue is empty; a consumer must be running."""
        eventually(lambda: broker.queued(self.queue) == 0, f"queue {self.queue} is drained", seconds, 0.05)

    def verdict(self, *brokers: Broker, drained: bool = True) -> history.Verdict:
        return history.check(read([*self.ledgers, *(broker.lives for broker in brokers)]), drained)
