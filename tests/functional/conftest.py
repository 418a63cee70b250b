"""Fixtures of the functional tests. What they give is in tests/support/.

platform      the whole platform with the shop, one for the session; tests share it and leave it running; when a test begins
              it has got over what the tests before did to it
lone_broker   a bascule-broker of the test's own
eventually    eventually(condition, "what must come", seconds=90): waits for it, or fails and says what did not come
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import daemons, platforms, waiting

# A shell starts what runs in its background with SIGINT ignored, and so would be whatever these tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_platform() -> Iterator[platforms.RunningPlatform]:
    """The shop, whole. Start it once: everything in it is told apart by the ids that a test makes."""
    with platforms.running() as started:
        yield started


@pytest.fixture
def platform(shared_platform: platforms.RunningPlatform) -> platforms.RunningPlatform:
    def settled() -> bool:
        pages = ("/readyz", *SERVED)
        return all(shared_platform.http.get(page).status_code in (200, 404) for page in pages)

    waiting.eventually(settled, "every service of the shop answers", 90)
    return shared_platform


# Something of each service's that anybody may read, and that is there or not.
SERVED = (
    "/v1/products/1", "/v1/customers/1", "/v1/orders/1", "/v1/customers/1/recommendations",
    "/v1/customers/1/notifications",
)  # fmt: skip


@pytest.fixture
def lone_broker(tmp_path: Path) -> Iterator[daemons.Daemon]:
    """A broker alone, on a port of the kernel's choice."""
    with daemons.daemon("bascule-broker", {"broker": {"listen": "127.0.0.1:0"}}, tmp_path) as started:
        yield started


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return waiting.eventually
