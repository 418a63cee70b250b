"""What `bascule doctor` looks at. Each check answers with a verdict and, when something is wrong, what to do."""

from __future__ import annotations

import importlib
import platform as machine
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bascule.errors import NotRunning, PlatformError
from bascule.platform import ports, status
from bascule.platform.account import postgres_account
from bascule.platform.application import Application
from bascule.platform.layout import Layout, own_folder, socket_folder
from bascule.platform.postgres import Cluster
from bascule.platform.programs import Programs

SUPPORTED = {("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")}
NEEDED_DISK = 2 << 30
NEEDED_FILES = 1024


@dataclass(frozen=True)
class Finding:
    """One line of the report. verdict: ok, note (works, but look at it) or wrong."""

    verdict: str
    title: str
    text: str


def ok(title: str, text: str) -> Finding:
    return Finding("ok", title, text)


def note(title: str, text: str) -> Finding:
    return Finding("note", title, text)


def wrong(title: str, text: str) -> Finding:
    return Finding("wrong", title, text)


def examine(layout: Layout, application: Application, programs: Programs) -> Iterator[Finding]:
    """Every check, one after another; one that fails by itself is a finding too."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("system", lambda: iter([system(machine.freedesktop_os_release())])),
        ("python", lambda: iter([python()])),
        ("programs", lambda: missing_programs(application, programs)),
        ("postgres", lambda: iter([postgres(layout)])),
        ("sockets", lambda: iter([sockets(layout)])),
        ("resources", lambda: resources(layout)),
        ("platform", lambda: running(layout)),
    ]
    for title, check in checks:
        try:
            yield from check()
        except (PlatformError, OSError) as error:
            yield wrong(title, str(error))


def system(release: dict[str, str]) -> Finding:
    name = release.get("PRETTY_NAME", "unknown")
    if (release.get("ID", ""), release.get("VERSION_ID", "")) in SUPPORTED:
        return ok("system", name)
    return note("system", f"{name}: Bascule is tested on Debian 12, Debian 13 and Ubuntu 24.04")


def python() -> Finding:
    version = sys.version.split()[0]
    try:
        importlib.import_module("bascule._native")
    except ImportError as error:
        return wrong("python", f"{version}, without the native module ({error}): build it, ./bascule setup")
    return ok("python", f"{version} with the native module")


def missing_programs(application: Application, programs: Programs) -> Iterator[Finding]:
    wanted = {"broker": ["bascule-broker"], "gateway": ["bascule-gateway"]}
    wanted.update({service.name: service.command for service in application.services})
    missing = [name for name, command in wanted.items() if programs.resolve(command, application.directory) is None]
    if missing:
        yield wrong("programs", f"no program for {', '.join(missing)}: build them, ./bascule setup")
    else:
        yield ok("programs", f"all {len(wanted)} of {application.name}, the broker and the gateway among them")


def postgres(layout: Layout) -> Finding:
    account = postgres_account()
    cluster = Cluster(layout, account, fast=False)
    made = "cluster in" if (cluster.folder / "PG_VERSION").exists() else "will make a cluster in"
    return ok("postgres", f"{cluster.binaries.parent.name} as {account.name}; {made} {cluster.folder}")


def sockets(layout: Layout) -> Finding:
    folder = socket_folder(layout.data)
    own_folder(folder.parent)
    return ok("sockets", str(folder))


def resources(layout: Layout) -> Iterator[Finding]:
    nearest = next(folder for folder in [layout.data, *layout.data.parents] if folder.exists())
    free = shutil.disk_usage(nearest).free
    text = f"{free / (1 << 30):.1f} GB free on {nearest}"
    yield (ok("disk", text) if free > NEEDED_DISK else wrong("disk", f"{text}: make room, or use another --data"))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    enough = files == resource.RLIM_INFINITY or files >= NEEDED_FILES
    yield (
        ok("files", f"{files} open files allowed")
        if enough
        else wrong("files", f"only {files} open files allowed: ulimit -n {NEEDED_FILES}")
    )


def running(layout: Layout) -> Iterator[Finding]:
    try:
        processes = status.collect(layout)
    except NotRunning:
        yield ok("platform", f"not running on {layout.data}")
        yield from (free_port(port, flag) for port, flag in ((8080, "--http-port"), (5672, "--amqp-port")))
        return
    for process in processes:
        if process.state != "running":
            yield wrong(process.name, f"{process.state}: ./bascule logs {process.name}")
        elif process.restarts:
            yield note(process.name, f"running, after {process.restarts} restarts: ./bascule logs {process.name}")
        else:
            yield ok(process.name, "running")


def free_port(port: int, flag: str) -> Finding:
    try:
        ports.check_free(port, flag)
    except PlatformError as error:
        return note("port", str(error))
    return ok("port", f"{port} is free")
