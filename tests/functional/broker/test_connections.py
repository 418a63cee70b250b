"""Connections as an independent client sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proton import ConnectionException, symbol
from proton.reactor import Container
from proton.utils import BlockingConnection

Connect = Callable[..., BlockingConnection]


def opened(connect: Connect, container_id: str, *desired: str) -> BlockingConnection:
    container = Container()
    container.container_id = container_id
    return connect(container=container, desired_capabilities=[symbol(name) for name in desired] or None)


def test_a_container_id_that_is_wanted_for_one_connection(connect: Connect) -> None:
    sole = "sole-connection-for-container"
    first = opened(connect, "only-one", sole)
    with pytest.raises(ConnectionException, match="in use"):
        opened(connect, "only-one", "something-else", sole)
    opened(connect, "only-one")  # who does not ask for it is not held to it
    opened(connect, "another", sole)
    first.close()
    opened(connect, "only-one", sole)
