"""Fixtures: a broker (each that is wanted and can be had, once a session), and processes on it.

Which brokers: $BASCULE_BROKERS, or `./bascule test interop --brokers NAMES`; brokers.py has the names. What each test found is
written to build/interop/brokers.json, from which tools/brokers/table makes the table of docs/brokers.md.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest

from bascule.errors import PlatformError
from interop.brokers import brokers
from interop.brokers.peers import Peer
from support.platforms import TREE

sys.path.insert(0, str(TREE / "build" / "dev" / "contracts" / "python"))

RESULTS = TREE / "build" / "interop" / "brokers.json"
StartPeer = Callable[..., Peer]


@pytest.fixture(scope="session", params=brokers.wanted())
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[brokers.RunningBroker]:
    """A broker that runs. One that this machine cannot have is skipped, unless it was asked for by name."""
    try:
        with brokers.running(request.param, tmp_path_factory.mktemp(request.param)) as started:
            yield started
    except PlatformError as error:
        if os.environ.get("BASCULE_BROKERS"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def peer(broker: brokers.RunningBroker) -> Iterator[StartPeer]:
    """peer("subscribe", topic, group, ...): a process of broker-peer, gone when the test ends."""
    started: list[Peer] = []

    def start(*words: object) -> Peer:
        started.append(Peer(broker.url, *words))
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.fixture
def topic() -> str:
    return f"events.test.T{uuid.uuid4().hex[:8]}"


@pytest.fixture
def address() -> str:
    return f"rpc.test.S{uuid.uuid4().hex[:8]}"


# -- what was found, for the table of docs/brokers.md ------------------------------------------------------------------

_found: dict[str, dict[str, bool]] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    marker = item.get_closest_marker("feature")
    spec = getattr(item, "callspec", None)
    name = spec.params.get("broker") if spec is not None else None
    if marker is None or name is None or (report.when != "call" and report.passed) or report.skipped:
        return
    row = _found.setdefault(marker.args[0], {})
    row[name] = row.get(name, True) and bool(report.passed)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "feature(name): a row of the table in docs/brokers.md")


def pytest_sessionfinish() -> None:
    if not _found:
        return
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, dict[str, bool]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for feature, row in _found.items():
        known.setdefault(feature, {}).update(row)
    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
