"""Our own client (C++, of which the Python connection is made) against a broker with TLS, passwords and certificates."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from proton import SSLDomain
from proton.utils import BlockingConnection

from bascule.connection import Connection
from support import daemons
from support.certificates import Authority
from support.waiting import eventually


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def listening(authority: Authority) -> dict[str, Any]:
    server = {"cert": str(authority.folder / "server.pem"), "key": str(authority.folder / "server.key")}
    return {"tls": {**server, "client_ca": str(authority.ca)}, "listener": [{"listen": "127.0.0.1:0", "tls": True}]}


@contextlib.contextmanager
def sent_by(url: str, address: str, seconds: float = 30) -> Iterator[None]:
    """Connects as services do, and sends one message; AssertionError when it cannot connect."""
    with Connection(url) as connection:
        engine = connection.open()
        eventually(engine.connected, "our client is connected", seconds)
        engine.send(address, ["queue"], "", b"from our client", "application/octet-stream")
        yield  # it is sent in the background: whoever receives it does so before the connection is closed


@pytest.fixture
def mutual(secured: Any, authority: Authority, users_file: Path) -> daemons.Daemon:
    started: daemons.Daemon = secured(users=str(users_file), **listening(authority))
    return started


def received(broker: daemons.Daemon, authority: Authority, address: str) -> bool:
    domain = _domain(authority)
    connection = BlockingConnection(broker.endpoints["amqps"], timeout=30, ssl_domain=domain, user="bob",
                                    password="builder", allowed_mechs="PLAIN")  # fmt: skip
    receiver = connection.create_receiver(address, credit=1)
    body = receiver.receive(timeout=30).body
    receiver.accept()
    connection.close()
    return bytes(body) == b"from our client"


def test_our_client_by_password_and_by_certificate(
    mutual: daemons.Daemon, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = port_of(mutual.endpoints["amqps"])
    ca = f"ca={authority.ca}"
    password_file = tmp_path / "password"
    password_file.write_text("wonder land\n")
    certificate, key = authority.issue("/CN=dora")
    keep = BlockingConnection(mutual.endpoints["amqps"], timeout=30, ssl_domain=_domain(authority), user="bob",
                              password="builder", allowed_mechs="PLAIN")  # fmt: skip
    keep.create_receiver("tls.ours", credit=0)  # so that the queue exists and stays
    for url in (
        f"amqps://alice:wonder%20land@127.0.0.1:{port}?{ca}",
        f"amqps://alice@127.0.0.1:{port}?{ca}&password_file={password_file}",
        f"amqps://127.0.0.1:{port}?{ca}&cert={certificate}&key={key}",
        f"amqps://alice:wonder%20land@localhost:{port}?{ca}",
    ):
        with sent_by(url, "tls.ours"):
            assert received(mutual, authority, "tls.ours")
    monkeypatch.setenv("BASCULE_BROKER_PASSWORD", "wonder land")
    with sent_by(f"amqps://alice@127.0.0.1:{port}?{ca}", "tls.ours"):
        assert received(mutual, authority, "tls.ours")
    keep.close()


def _domain(authority: Authority) -> SSLDomain:
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(str(authority.ca))
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER)
    return domain


def test_our_client_refuses_a_false_broker(mutual: daemons.Daemon, authority: Authority, stranger: Authority) -> None:
    port = port_of(mutual.endpoints["amqps"])
    for url in (
        f"amqps://alice:wonder%20land@127.0.0.1:{port}?ca={stranger.ca}",
        f"amqps://alice:wonder%20land@127.0.0.1:{port}",  # the system's authorities
        f"amqps://alice:wonder%20land@127.0.0.1:{port}?ca={authority.ca}&server_name=broker.example",
        f"amqps://alice:wrong@127.0.0.1:{port}?ca={authority.ca}",
    ):
        with pytest.raises(AssertionError, match="our client is connected"), sent_by(url, "tls.false", seconds=1):
            pass
    assert "wonder land" not in mutual.log
