"""A connection's thread watches for work before it sleeps: by its setting, within a container's quota, and counted.

Each engine here is alone in a process of its own: the counters are of the whole process.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bascule import App
from bascule.configuration import load
from bascule.connection import Connection
from bascule.errors import PlatformError

SAYS = "from bascule.connection import Connection; print(Connection('amqp://127.0.0.1:1').make_engine().spin_us())"
# Calls that wake the thread often, and end at once or by their deadline, as there is no broker.
COUNTS = """
import re, sys
from bascule.connection import Connection
with Connection("amqp://127.0.0.1:1", spin_us=int(sys.argv[1])) as connection:
    engine = connection.open()
    def counter(name):
        return int(re.search(rf"^bascule_loop_{name}_total (\\d+)$", engine.metrics(), re.MULTILINE)[1])
    for _ in range(1000):
        try:
            engine.call("rpc.nobody", "method", b"", 0.001)
        except Exception:
            pass
        if counter("spins"):
            break
    print(*(counter(name) for name in ("sleeps", "spins", "spins_found", "spin_nanoseconds")))
"""


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def settings(tmp_path: Path, text: str, **environment: str) -> int | None:
    (tmp_path / "file.toml").write_text(text)
    return load("orders", tmp_path / "file.toml", environment).spin_us


def test_it_is_the_setting_of_every_process(tmp_path: Path) -> None:
    assert settings(tmp_path, "") is None
    assert settings(tmp_path, "[loop]\nspin_us = 0\n") == 0
    assert settings(tmp_path, "[loop]\nspin_us = 20\n", BASCULE_LOOP__SPIN_US="10000") == 10_000


@pytest.mark.parametrize("value", ["-1", "10001", "true", '"fast"'])
def test_what_is_no_such_time_is_refused_by_its_place(tmp_path: Path, value: str) -> None:
    with pytest.raises(PlatformError, match=r"file\.toml: \[loop\] `spin_us` must be a number from 0 to 10000"):
        settings(tmp_path, f"[loop]\nspin_us = {value}\n")


@pytest.mark.parametrize("value", [-1, 10_001])
def test_a_connection_refuses_it_too(value: int) -> None:
    with pytest.raises(ValueError, match=f"spin_us must be a number from 0 to 10000, not {value}"):
        Connection(spin_us=value).make_engine()


async def test_an_app_watches_for_as_long_as_its_configuration_says(tmp_path: Path) -> None:
    configuration = load("orders", None, {"BASCULE_LOOP__SPIN_US": "7", "BASCULE_BROKER__URL": "amqp://127.0.0.1:1"})
    app = App("orders")
    app.configuration = configuration
    connection = app._make_connection()
    try:
        assert connection.make_engine().spin_us() == 7
    finally:
        connection.close()


@pytest.mark.parametrize(("spin_us", "watches"), [("0", False), ("10000", True)])
def test_what_it_does_is_counted(spin_us: str, watches: bool) -> None:
    sleeps, spins, found, nanoseconds = map(int, run(sys.executable, "-c", COUNTS, spin_us).split())
    assert (spins > 0, nanoseconds > 0) == (watches, watches)
    assert found <= spins
    assert watches or sleeps == 0, "without watching nothing is counted"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_by_default_it_watches_a_little() -> None:
    assert run(sys.executable, "-c", SAYS) in ("50", "0")  # 0: this container has a quota of one core


def may_mount() -> bool:
    command = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /sys/fs/cgroup"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount a control group of its own")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
@pytest.mark.parametrize(("quota", "spin_us"), [("max 100000", "50"), ("200000 100000", "50"), ("100000 100000", "0")])
def test_a_container_that_has_one_core_by_its_quota_does_not_watch(quota: str, spin_us: str) -> None:
    mounted = f'mount -t tmpfs none /sys/fs/cgroup && echo {quota} > /sys/fs/cgroup/cpu.max && exec "$@"'
    assert run("unshare", "--mount", "sh", "-c", mounted, "sh", sys.executable, "-c", SAYS) == spin_us
