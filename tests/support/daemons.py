"""One daemon alone, for tests of its own protocol."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import tomli_w

from bascule.platform import ready
from bascule.platform.programs import Programs
from support.platforms import TREE
from support.waiting import eventually


class Daemon:
    """A daemon that serves."""

    def __init__(self, process: subprocess.Popen[bytes], endpoints: dict[str, str], log: Path) -> None:
        self.process = process
        self.endpoints = endpoints
        self._log = log

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def amqp(self) -> str:
        return self.endpoints["amqp"]


@contextlib.contextmanager
def daemon(program: str, config: dict[str, object], folder: Path) -> Iterator[Daemon]:
    """Runs a daemon with this configuration until the block ends; it must then drain and exit with 0.

    A broker is more patient with handshakes than by itself, unless the configuration says how patient it is: the test's own
    process may be slow to go on with one, and is no silent peer.
    """
    broker = config.get("broker")
    if program == "bascule-broker" and isinstance(broker, dict):
        config = {**config, "broker": {"handshake_timeout": "60s", **broker}}
    path = Programs.of_tree(TREE).need(program, [program], TREE)
    (folder / "config.toml").write_bytes(tomli_w.dumps(config).encode())
    ready_file = folder / "ready.json"
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*path, "--config", str(folder / "config.toml"), "--ready-file", str(ready_file)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:

        def serving() -> ready.Ready | None:
            if process.poll() is not None:
                raise RuntimeError(f"{program} ended with {process.returncode}: {log.read_text(errors='replace')}")
            return ready.read(ready_file)

        said = eventually(serving, f"{program} is ready", 240)
        assert said is not None
        yield Daemon(process, said.endpoints, log)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=240) == 0, log.read_text(errors="replace")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
