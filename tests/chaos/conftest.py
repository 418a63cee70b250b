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
def make_load(tmp_path: Path) -> Iterator[Callable[..., Load]]:
    """make_load(queue) -> the load of one queue; its clients are killed afterwards."""
    made: list[Load] = []

    def make(queue: str = "chaos") -> Load:
        made.append(Load(tmp_path, queue))
        return made[-1]

    yield make
    for load in made:
        load.kill()


@pytest.fixture
def load(make_load: Callable[..., Load]) -> Load:
    return make_load()
