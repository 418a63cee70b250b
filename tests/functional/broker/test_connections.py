"""Connections as an independent client sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proton import UNDESCRIBED, Array, ConnectionException, Data, symbol
from proton.reactor import Container
from proton.utils import BlockingConnection

Connect = Callable[..., BlockingConnection]


def opened(connect: Connect, container_id: str, *desired: str) -> BlockingConnection:
    container = Container()
    container.container_id = container_id
    names = [symbol(name) for name in desired]
    return connect(container=container, desired_capabilities=Array(UNDESCRIBED, Data.SYMBOL, *names) if names else None)


def test_a_container_id_that_is_wanted_for_one_connection(connect: Connect) -> None:
    sole = "sole-connection-for-container"
    first = opened(connect, "only-one", sole)
    with pytest.raises(ConnectionException, match="in use"):
        opened(connect, "only-one", "something-else", sole).create_sender("x")  # the refusal comes behind OPEN
    # Who does not ask for it is not held to it.
    for container_id, desired in (("only-one", []), ("another", [sole])):
        opened(connect, container_id, *desired).create_sender("x")
    first.close()
    opened(connect, "only-one", sole).create_sender("x")
