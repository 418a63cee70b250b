"""Brokers for these tests: ours and other people's, each private, on ports that stay over a restart."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bascule.platform import brokers
from bascule.platform.programs import Programs
from support.platforms import TREE
from support.ports import Reserved
from support.waiting import eventually

USUAL = ("embedded", "rabbitmq-3", "artemis")
ALL = (*USUAL, "rabbitmq-4")


def wanted() -> tuple[str, ...]:
    """$BASCULE_BROKERS (./bascule test interop --brokers): names, or `all`."""
    named = os.environ.get("BASCULE_BROKERS", "")
    return ALL if named == "all" else tuple(named.split(",")) if named else USUAL


class RunningBroker:
    """One broker, which a test may restart."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._ready = folder / "ready.json"
        # Kept until the end, also while the broker is away: nobody else gets them meanwhile.
        self._ports: list[Reserved] = []
        self._command = self._command_of()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        self._ready.unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as out:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.url = self._said()["endpoints"]["amqp"]

    def stop(self) -> None:
        """In order, as an operator does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(240)

    def kill(self) -> None:
        """The broker itself, as a crash does; its launcher ends by itself then."""
        assert self._process is not None
        os.kill(int(self._said()["pid"]), signal.SIGKILL)
        self._process.wait(240)

    def close(self) -> None:
        for port in self._ports:
            port.close()

    def _reserve(self) -> int:
        self._ports.append(Reserved())
        return self._ports[-1].port

    def console(self) -> str:
        """What RabbitMQ logged."""
        return (self._folder / "data" / "log" / "console").read_text(errors="replace")

    def _command_of(self) -> list[str]:
        external = brokers.external(self.name)
        listen = f"127.0.0.1:{self._reserve()}"
        if external is None:
            (program,) = Programs.of_tree(TREE).need("broker", ["bascule-broker"], TREE)
            rest = ["--data", str(self._folder / "data"), "--listen", listen]
            return [program, *rest, "--ready-file", str(self._ready)]
        rest = ["--data", str(self._folder / "data"), "--listen", listen, *external.arguments]
        if "rabbitmq_management" in external.arguments:
            rest += ["--management-port", str(self._reserve())]
        script = TREE / "tools" / "brokers" / external.launcher
        return [
            sys.executable,
            str(script),
            external.home_flag,
            str(external.home),
            *rest,
            "--ready-file",
            str(self._ready),
        ]

    def _said(self) -> dict[str, object]:
        def ready() -> dict[str, object] | None:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {(self._folder / 'log').read_text(errors='replace')[-2000:]}")
            return json.loads(self._ready.read_text()) if self._ready.exists() else None

        said = eventually(ready, f"{self.name} serves", seconds=240)
        assert said is not None
        return said


@contextlib.contextmanager
def running(name: str, folder: Path) -> Iterator[RunningBroker]:
    """Fetches and starts a broker. Raises PlatformError when this machine cannot have it."""
    external = brokers.external(name)
    if external is not None:
        brokers.fetch(external, TREE, assume_yes=True)
    started = RunningBroker(name, folder)
    begun = time.monotonic()
    started.start()
    print(f"\n{name} was up after {time.monotonic() - begun:.1f} s", file=sys.stderr)
    try:
        yield started
    finally:
        started.stop()
        started.close()
