"""What the scripts of this folder share: an external broker behaves as one of our daemons does.

It is private (own folder, own ports, nothing of the system's), stays in the foreground, writes a ready file once it takes
AMQP connections ({"name", "pid", "launcher", "endpoints": {"amqp": URL}}; pid is the broker's own process, launcher the
script's), and ends on SIGTERM. What a launcher that was killed left running is ended by the next on the same folder.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

LOCAL = "127.0.0.1"
START_SECONDS = 120


def parser(what: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--data", required=True, type=pathlib.Path, help="the instance's folder; made when it is not there"
    )
    made.add_argument("--listen", default=f"{LOCAL}:0", help="host:port of AMQP; port 0: one of its own")
    made.add_argument("--ready-file", type=pathlib.Path, help="written once it serves")
    return made


def fail(why: str) -> NoReturn:
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {why}")


_reserved: list[socket.socket] = []


def reserved_port() -> int:
    """A port of the kernel's choice that it gives to nobody else while this launcher lives: it is bound, and not listened to. The
    broker listens there all the same, as it sets SO_REUSEADDR (RabbitMQ, epmd and Artemis do)."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((LOCAL, 0))
    _reserved.append(reserved)
    return int(reserved.getsockname()[1])


def split(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host, int(port) or reserved_port()


def speaks_amqp(host: str, port: int) -> bool:
    """Whether an AMQP 1.0 protocol header is answered by one (RabbitMQ opens its port before its plugins run)."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=5) as peer:
        peer.sendall(b"AMQP\x03\x01\x00\x00")
        return peer.recv(8) == b"AMQP\x03\x01\x00\x00"
    return False


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT become SystemExit, so that every `finally` on the way runs."""

    def end(number: int, _frame: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    yield


def die_with_parent() -> None:
    """In the child, before exec: SIGKILL when the launcher dies, however it dies."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)


@contextlib.contextmanager
def child(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, which is stopped with the block: SIGTERM, and SIGKILL after 20 s; killed with us."""
    process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
        command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent, **options
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def serve(name: str, process: subprocess.Popen[bytes], url: str, ready_file: pathlib.Path | None,
          serving: Callable[[], int | None], log: pathlib.Path) -> int:  # fmt: skip
    """Waits until it serves, says so, and waits until it ends; `serving` gives the broker's process id once it does."""
    deadline = time.monotonic() + START_SECONDS
    while (pid := serving()) is None:
        if process.poll() is not None:
            fail(f"it ended with {process.returncode} while it started; see {log}:\n{tail(log)}")
        if time.monotonic() > deadline:
            fail(f"it does not serve after {START_SECONDS} s; see {log}:\n{tail(log)}")
        time.sleep(0.1)
    if ready_file is not None:
        temporary = ready_file.with_name(ready_file.name + ".tmp")
        temporary.write_text(json.dumps({"name": name, "pid": pid, "launcher": os.getpid(), "endpoints": {"amqp": url}}) + "\n")
        temporary.rename(ready_file)
    code = process.wait()
    return code if code >= 0 else 128 - code


def tail(log: pathlib.Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""
