"""A broker that its own machine reaches through a Unix socket, beside its TCP listener."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from .conftest import StartBroker

SASL = b"AMQP\x03\x01\x00\x00"


def config(path: Path) -> str:
    return f'[broker]\nsocket = "{path}"\n'


def header_from(path: Path) -> bytes:
    """What a client that begins with SASL is answered."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(SASL)
        return client.recv(8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "broker.sock"


def test_it_serves_there_for_its_own_user_only(start_broker: StartBroker, path: Path) -> None:
    broker = start_broker(config=config(path))
    assert broker.endpoints["amqp+unix"] == f"amqp+unix://{path}"
    assert header_from(path) == SASL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with socket.create_connection(("127.0.0.1", broker.port)):
        pass
    assert broker.stop() == 0
    assert not path.exists()


def test_the_socket_of_a_broker_that_was_killed_is_replaced(start_broker: StartBroker, path: Path) -> None:
    start_broker(config=config(path)).kill()
    assert path.exists()
    start_broker(config=config(path))
    assert header_from(path) == SASL


def test_the_socket_of_a_broker_that_lives_is_left_alone(start_broker: StartBroker, path: Path) -> None:
    start_broker(config=config(path))
    with pytest.raises(RuntimeError, match=f"cannot listen on unix:{path}"):
        start_broker(config=config(path))
    assert header_from(path) == SASL


def test_something_else_in_its_place_is_left_alone(start_broker: StartBroker, path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(RuntimeError, match="cannot listen on unix:"):
        start_broker(config=config(path))
    assert path.read_text() == "precious"


def test_a_relative_path_is_refused(start_broker: StartBroker) -> None:
    with pytest.raises(RuntimeError, match="must be a path that begins with /"):
        start_broker(config='[broker]\nsocket = "broker.sock"\n')
