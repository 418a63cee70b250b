"""A broker, a gateway, and a service that a test drives: no database, no code of the platform but the two daemons."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from support import daemons
from support.platforms import TREE
from support.waiting import eventually

HERE = Path(__file__).parent


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


shelf_service = _load("shelf_service")


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return shelf_service.Contract(HERE / "shelf.thrift", tmp_path_factory.mktemp("contract"), TREE)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    with daemons.daemon(
        "bascule-broker", {"broker": {"listen": "127.0.0.1:0"}}, tmp_path_factory.mktemp("broker")
    ) as started:
        yield started


AGGREGATES = """
[[aggregate]]
path = "/v1/pages/{id}"
timeout = "4s"
[[aggregate.part]]
name = "item"
get = "/v1/items/{id}"
required = true
[[aggregate.part]]
name = "slow"
get = "/v1/slow/{id}"
[[aggregate.part]]
name = "others"
get = "/v1/items?prefix={item.name}&limit=3"
"""


@pytest.fixture(scope="module")
def gateway(broker: daemons.Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "aggregates.toml").write_text(AGGREGATES)
    config: dict[str, object] = {
        "broker": {"url": broker.amqp, "listen": "127.0.0.1:0"},
        "gateway": {"listen": "127.0.0.1:0", "loops": 2, "aggregates": str(folder / "aggregates.toml")},
    }
    with daemons.daemon("bascule-gateway", config, folder) as started:
        yield started


@pytest.fixture
def http(gateway: daemons.Daemon) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.endpoints["http"], timeout=30) as client:
        yield client


@pytest.fixture
def start_shelf(broker: daemons.Daemon, contract: Any) -> Iterator[Callable[..., Any]]:
    running: list[Any] = []

    def start(**options: Any) -> Any:
        url, serves = options.pop("url", broker.amqp), options.pop("contract", contract)
        running.append(shelf_service.Shelf(url, serves, **options).start())
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def shelf(start_shelf: Callable[..., Any], http: httpx.Client) -> Any:
    """A service that is up, and known to every loop of the gateway."""
    started = start_shelf()
    wait_for_routes(http, "/v1/items", 204)
    return started


@pytest.fixture
def routed(http: httpx.Client) -> Callable[[str, int], None]:
    """routed(path, status): waits until every loop of the gateway answers OPTIONS for the path with this status."""
    return lambda path, status: wait_for_routes(http, path, status)


def wait_for_routes(http: httpx.Client, path: str, status: int) -> None:
    # Each loop learns of a change by itself, and a new connection may come to any of them.
    url = http.base_url
    in_a_row = 0

    def learnt() -> bool:
        nonlocal in_a_row
        connection = HTTPConnection(url.host, url.port or 80)
        connection.request("OPTIONS", path)
        in_a_row = in_a_row + 1 if connection.getresponse().status == status else 0
        connection.close()
        return in_a_row >= 8

    eventually(learnt, f"the gateway answers {status} at {path}", pause=0.002)


@pytest.fixture
def void() -> Any:
    return shelf_service.VOID
