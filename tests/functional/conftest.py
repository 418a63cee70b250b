"""Fixtures of the functional tests. What they give is in tests/support/.

platform      the whole platform with the shop, one for the session; tests share it and leave it running
lone_broker   a bascule-broker of the test's own
eventually    eventually(condition, "what must come", seconds=10): waits for it, or fails and says what did not come
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import daemons, platforms, waiting


@pytest.fixture(scope="session")
def platform() -> Iterator[platforms.RunningPlatform]:
    """The shop, whole. Start it once: everything in it is told apart by the ids that a test makes."""
    with platforms.running() as started:
        yield started


@pytest.fixture
def lone_broker(tmp_path: Path) -> Iterator[daemons.Daemon]:
    """A broker alone, on a port of the kernel's choice."""
    with daemons.daemon("bascule-broker", {"broker": {"listen": "127.0.0.1:0"}}, tmp_path) as started:
        yield started


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return waiting.eventually
