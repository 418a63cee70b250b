"""Fixtures of the chaos tests. Their long variants are asked for by the environment (settings.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.brokers import Broker, Load


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """make_broker(settings...) -> a broker that is not started yet; killed afterwards."""
    made: list[Broker] = []

    def make(**settings: Any) -> Broker:
        folder = tmp_path / f"broker{len(made)}"
        folder.mkdir()
        made.append(Broker(folder, settings))
        return made[-1]

    yield make
    for broker in made:
        if broker.alive():
            broker.process.kill()  # type: ignore[union-attr]
            broker.process.wait()  # type: ignore[union-attr]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    started = Load(tmp_path)
    yield started
    started.kill()
