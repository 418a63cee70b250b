"""Connections as an independent client sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proton import UNDESCRIBED, Array, ConnectionException, Data, symbol
from proton.reactor import Container
from proton.utils import BlockingConnection

Connect = Callable[..., BlockingConnection]


def opened(connect: Connect, container_id: str, *desired: str, as_list: bool = False) -> BlockingConnection:
    container = Container()
    container.container_id = container_id
    names = [symbol(name) for name in desired]
    capabilities = names if as_list or not names else Array(UNDESCRIBED, Data.SYMBOL, *names)
    return connect(container=container, desired_capabilities=capabilities or None)


@pytest.mark.parametrize("as_list", [False, True])  # an array by the specification; this library's own way is a list
def test_a_container_id_that_is_wanted_for_one_connection(connect: Connect, as_list: bool) -> None:
    sole = "sole-connection-for-container"
    first = opened(connect, "only-one", sole, as_list=as_list)
    with pytest.raises(ConnectionException, match="in use"):
        opened(connect, "only-one", "something-else", sole, as_list=as_list).create_sender("x")  # the refusal comes behind OPEN
    # Who does not ask for it is not held to it.
    for container_id, desired in (("only-one", []), ("another", [sole])):
        opened(connect, container_id, *desired, as_list=as_list).create_sender("x")
    first.close()
    second = opened(connect, "only-one", sole, as_list=as_list)
    second.create_sender("x")
    second.close()
