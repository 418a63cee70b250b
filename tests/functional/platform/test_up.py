"""`bascule up` as a person runs it: in the foreground, in the background, beside another, and stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bascule.platform import application
from support.platforms import SHOP, data_folder
from support.waiting import eventually

UP = ["up", "--http-port", "0", "--amqp-port", "0", "--fast-db"]
CATALOG_ONLY = [
    option
    for name in (service.name for service in application.load(SHOP).services if service.name != "catalog")
    for option in ("--without", name)
]


@pytest.fixture
def data() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder
        run("down", "--data", str(folder))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bascule", *arguments],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180,
    )  # fmt: skip


def processes(data: Path) -> dict[str, int]:
    listed = json.loads(run("status", "--json", "--data", str(data)).stdout)["processes"]
    return {process["name"]: process["pid"] for process in listed}


def foreground(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bascule", *UP, *CATALOG_ONLY, "--data", str(data)],
        stdin=subprocess.DEVNULL, stdout=(data / "out").open("w"), stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def said(up: subprocess.Popen[str], data: Path, text: str) -> None:
    def heard() -> bool:
        output = (data / "out").read_text()
        if text not in output and up.poll() is not None:
            raise RuntimeError(f"`up` ended with {up.returncode}: {output}")
        return text in output

    eventually(heard, f"`up` says {text!r}", 180)


def all_gone(pids: dict[str, int]) -> bool:
    """Ended; whoever took their children over may not have read how yet."""
    return not any(alive(pid) for pid in pids.values())


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_and_stops_everything_in_order(data: Path, number: signal.Signals) -> None:
    up = foreground(data)
    said(up, data, "Ctrl-C stops everything")
    pids = processes(data)
    up.send_signal(number)
    assert up.wait(timeout=240) == 0
    assert all_gone(pids)
    log = (data / "log" / "supervisord.log").read_text()
    stopped = [line.split("stopped: ")[1].split()[0] for line in log.splitlines() if "stopped: " in line]
    assert stopped == ["gateway", "catalog", "broker", "postgres", "watch"]
    assert "exit status 0" in log.split("stopped: gateway")[1].splitlines()[0]


def test_a_death_and_the_restart_are_said(data: Path) -> None:
    up = foreground(data)
    said(up, data, "Ctrl-C stops everything")
    os.kill(processes(data)["catalog"], signal.SIGKILL)
    said(up, data, "(terminated by SIGKILL)")
    said(up, data, "catalog is ready again")
    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=240) == 0


def test_a_killed_up_leaves_nothing_running(data: Path) -> None:
    up = foreground(data)
    said(up, data, "Ctrl-C stops everything")
    pids = processes(data)
    up.kill()
    up.wait()
    eventually(lambda: all_gone(pids), "everything stopped by itself", 180)


def test_detached_it_stays_and_goes_with_down(data: Path) -> None:
    started = run(*UP, *CATALOG_ONLY, "--detach", "--data", str(data))
    assert started.returncode == 0, started.stderr
    assert "curl" in started.stdout
    pids = processes(data)
    assert sorted(pids) == ["broker", "catalog", "gateway", "postgres"]
    assert run("down", "--data", str(data)).returncode == 0
    assert all_gone(pids)
    assert run("status", "--data", str(data)).returncode == 3


def test_what_a_killed_supervisor_left_is_cleared_by_the_next_up(data: Path) -> None:
    assert run(*UP, *CATALOG_ONLY, "--detach", "--data", str(data)).returncode == 0
    orphans = processes(data)
    os.kill(int((data / "run" / "supervisord.pid").read_text()), signal.SIGKILL)
    eventually(lambda: run("status", "--data", str(data)).returncode == 3, "supervisor is gone")
    again = run(*UP, *CATALOG_ONLY, "--detach", "--data", str(data))
    assert again.returncode == 0, again.stderr
    assert all_gone(orphans)


def test_what_fails_to_start_is_named_with_its_log_and_nothing_is_left(data: Path) -> None:
    app = data / "app.toml"
    app.write_text(
        'name = "x"\n[[service]]\nname = "broken"\ncommand = ["sh", "-c", "echo no such colour; exit 3", "sh"]\n'
    )
    done = run(*UP, "--app", str(app), "--data", str(data))
    assert done.returncode == 1
    assert "broken ended 3 times before it was ready (exit status 3)" in done.stderr
    assert "no such colour" in done.stderr
    assert run("status", "--data", str(data)).returncode == 3


def test_a_command_that_cannot_be_run_is_named(data: Path) -> None:
    app = data / "app.toml"
    (data / "tool").write_text("#!/no/such/interpreter\n")
    (data / "tool").chmod(0o755)
    app.write_text('name = "x"\n[[service]]\nname = "broken"\ncommand = ["./tool"]\n')
    done = run(*UP, "--app", str(app), "--data", str(data))
    assert done.returncode == 1
    assert "broken ended 3 times before it was ready" in done.stderr
