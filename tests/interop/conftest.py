"""Fixtures of the interoperability tests: foreign clients, and brokers for them. What each test drives is in driver.py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from interop.clients import BY_NAME, QPID_JMS, Library
from interop.driver import Connection, Program
from interop.page import CANNOT, FAILS, NOT_YET, WORKS, Findings
from support import daemons

Connect = Callable[..., Connection]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "feature(title): the line of docs/interop.md that the test stands for")


FINDINGS = pytest.StashKey[Findings]()


@pytest.fixture(scope="session")
def findings(pytestconfig: pytest.Config) -> Findings:
    """What the tests of this session found so far."""
    return pytestconfig.stash.setdefault(FINDINGS, Findings())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    mark = item.get_closest_marker("feature")
    if mark is None or (report.when != "call" and report.passed):
        return report
    found = item.config.stash.setdefault(FINDINGS, Findings())
    reason = getattr(report, "wasxfail", "") or (report.longrepr[2].removeprefix("Skipped: ") if report.skipped else "")
    verdict = NOT_YET if hasattr(report, "wasxfail") else CANNOT if report.skipped else WORKS if report.passed else FAILS
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    clients = [value.name for value in parameters.values() if isinstance(value, Library)]
    if item.path.name == "test_jms.py":
        clients = [QPID_JMS.name]
    found.note(mark.args[0], clients, verdict, reason)
    found.modules.add(item.path.name)
    return report


class Programs:
    """The client programs, each started when it is first needed."""

    def __init__(self) -> None:
        self._running: dict[str, Program] = {}

    def get(self, library: Library) -> Program:
        missing = library.missing()
        if missing and os.environ.get("CI") in (None, "", "false", "0"):
            pytest.skip(missing)
        assert not missing, missing
        known = self._running.get(library.name)
        if known is not None and not known.usable:
            self._running.pop(library.name).stop()
        if library.name not in self._running:
            self._running[library.name] = library.start()
        return self._running[library.name]

    def stop(self) -> None:
        for program in self._running.values():
            program.stop()


@pytest.fixture(scope="session")
def programs() -> Iterator[Programs]:
    started = Programs()
    yield started
    started.stop()


def need(library: Library, *abilities: str) -> None:
    """Skips what the library has no means for, saying so."""
    for ability in abilities:
        if ability in library.cannot:
            pytest.skip(f"{library.title}: {library.cannot[ability]}")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    """One broker for all tests that do not stop it; it must still be there at the end, and drain."""
    folder = tmp_path_factory.mktemp("broker")
    settings: dict[str, Any] = {"listen": "127.0.0.1:0", "data": str(folder / "data")}
    with daemons.daemon("bascule-broker", {"broker": settings}, folder) as started:
        yield started
        assert started.process.poll() is None, started.log


@pytest.fixture
def connect(programs: Programs, broker: daemons.Daemon) -> Iterator[Connect]:
    """connect(library) opens a connection of that library's program to the broker, closed after the test."""
    opened: list[Connection] = []

    def make(library: Library | str, url: str | None = None, **options: Any) -> Connection:
        known = BY_NAME[library] if isinstance(library, str) else library
        opened.append(programs.get(known).connect(url or broker.amqp, **options))
        return opened[-1]

    yield make
    for connection in opened:
        with contextlib.suppress(Exception):  # the test may have killed its broker
            connection.close()


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A queue of the test's own."""
    return "interop." + request.node.name.replace("[", ".").replace("]", "").replace(" ", "-")


@pytest.fixture
def topic(address: str) -> str:
    return "events." + address
