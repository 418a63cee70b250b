"""A broker, and every.Every served behind it in C++ and in Python: what the pairs are made of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import daemons
from support.platforms import TREE
from support.ports import Reserved

HERE = Path(__file__).parent
sys.path[:0] = [str(TREE / "build" / "dev" / "contracts" / "python"), str(HERE)]

from services import python_service  # noqa: E402


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker's URL."""
    config: dict[str, object] = {"broker": {"listen": "127.0.0.1:0"}}
    with daemons.daemon("bascule-broker", config, tmp_path_factory.mktemp("broker")) as started:
        yield started.amqp


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[str]:
    """A broker of the test's own: nothing else is served on it."""
    with daemons.daemon("bascule-broker", {"broker": {"listen": "127.0.0.1:0"}}, tmp_path) as started:
        yield started.amqp


@pytest.fixture
def reserved() -> Iterator[Reserved]:
    """Where a broker may come to listen later."""
    made = Reserved()
    yield made
    made.close()


@pytest.fixture(scope="session", params=["cpp", "python"])
def every(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a broker on which every.Every is served, by either language."""
    folder = tmp_path_factory.mktemp(f"every-{request.param}")
    (folder / "broker").mkdir()
    own_machine = {"listen": "127.0.0.1:0", "socket": str(folder / "broker.sock")}
    with daemons.daemon("bascule-broker", {"broker": own_machine}, folder / "broker") as started:
        # One language over TCP, the other over the Unix socket.
        url = started.amqp if request.param == "cpp" else started.endpoints["amqp+unix"]
        config: dict[str, object] = {"broker": {"url": url}}
        if request.param == "python":
            with python_service("every_service:app", config, folder):
                yield url
        else:
            with daemons.daemon("every-service", config, folder):
                yield url
