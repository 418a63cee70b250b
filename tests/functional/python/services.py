"""Python services as processes, for these tests."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import tomli_w

from bascule.platform import ready
from support.platforms import TREE
from support.waiting import eventually

HERE = Path(__file__).parent
CONTRACTS = TREE / "build" / "dev" / "contracts" / "python"


@contextlib.contextmanager
def python_service(app: str, config: dict[str, object], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `bascule run APP` until the block ends; it must then drain and exit with 0."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_bytes(tomli_w.dumps(config).encode())
    ready_file, log = folder / "ready.json", folder / "log"
    command = [sys.executable, "-m", "bascule", "run", app]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TREE / "bindings" / "python"), str(CONTRACTS), str(HERE)]),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--config", str(folder / "config.toml"), "--ready-file", str(ready_file)],
            stdout=out, stderr=out, env=environment,
        )  # fmt: skip
    try:

        def serving() -> ready.Ready | None:
            if process.poll() is not None:
                raise RuntimeError(f"{app} ended with {process.returncode}: {log.read_text(errors='replace')}")
            return ready.read(ready_file)

        eventually(serving, f"{app} is ready", seconds=240)
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(240) == 0, log.read_text(errors="replace")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
