"""Processes of this platform that lost their supervisor (it was killed, say): found and ended before a new start."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil

from bascule.platform.layout import Layout


def find(layout: Layout) -> list[psutil.Process]:
    """Ours are those that carry BASCULE_PLATFORM with our data folder, and the postmaster of our cluster."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("BASCULE_PLATFORM") == str(layout.data):
                found[process.pid] = process
    # PostgreSQL overwrites its environment with its title.
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        pid = int((layout.cluster / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        if process.name() == "postgres" and process.cwd() == str(layout.cluster.resolve()):
            found[pid] = process
    ancestors = {parent.pid for parent in psutil.Process().parents()}
    return [process for process in found.values() if process.pid not in ancestors]


def end(processes: list[psutil.Process], seconds: float = 10) -> None:
    """Asks them to stop, and kills what is left after a while."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for its clients.
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, left = psutil.wait_procs(processes, timeout=seconds)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=seconds)
