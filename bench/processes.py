"""What the benchmarks share: starting a daemon and waiting until it serves, and reading processor time."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import time
from collections.abc import Iterator

BIN = pathlib.Path(os.environ.get("BASCULE_BIN", "build/bench/bin")).resolve()


@dataclasses.dataclass
class Daemon:
    pid: int
    endpoints: dict[str, str]


@contextlib.contextmanager
def daemon(
    folder: pathlib.Path, program: str, *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[Daemon]:
    """Runs a daemon of ours until the block ends; its log is FOLDER/PROGRAM.log."""
    ready = folder / f"{program}.ready"
    with open(folder / f"{program}.log", "w") as log:
        process = subprocess.Popen(
            [str(BIN / program), "--ready-file", str(ready), *arguments],
            stderr=log,
            env={**os.environ, **(environment or {})},
        )
    try:
        deadline = time.monotonic() + 20
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{program} did not start: {(folder / f'{program}.log').read_text()[-2000:]}")
            time.sleep(0.02)
        yield Daemon(process.pid, json.loads(ready.read_text())["endpoints"])
    finally:
        process.terminate()
        process.wait(15)


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes have used so far, user and system."""
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
