"""Logins with a password, TLS, AMQP over WebSocket: what each library can of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bascule.platform.programs import Programs as Binaries
from interop.clients import BY_NAME, QPID_JMS, Library
from interop.conftest import Connect, need
from interop.driver import AmqpError, Connection, text, texts
from support.certificates import Authority
from support.daemons import daemon
from support.platforms import TREE

CLIENTS = pytest.mark.parametrize("client", list(BY_NAME.values()), ids=list(BY_NAME))


@dataclass
class Secured:
    """A broker that knows alice, on three doors: in the clear, by TLS and by WebSocket."""

    amqp: str
    amqps: str
    websocket: str
    ca: Path
    truststore: Path

    def tls(self, client: Library) -> dict[str, Any]:
        """Options that trust its authority."""
        if client is QPID_JMS:
            return {"options": f"transport.trustStoreLocation={self.truststore}&transport.trustStorePassword=changeit"}
        return {"ca": str(self.ca)}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder / "authority")
    certificate, key = authority.issue("/CN=broker", names="IP:127.0.0.1,DNS:localhost")
    users = folder / "users"
    tool = [*Binaries.of_tree(TREE).need("bascule-broker", ["bascule-broker"], TREE), "user", "add", "alice"]
    subprocess.run([*tool, "--users", str(users)], input="wonder land\n", text=True, check=True, capture_output=True)
    truststore = folder / "trusted.p12"
    if not QPID_JMS.missing():
        keytool = ["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", str(authority.ca)]
        subprocess.run([*keytool, "-keystore", str(truststore), "-storepass", "changeit"], check=True, capture_output=True)
    door: dict[str, object] = {"listen": "127.0.0.1:0", "anonymous": False, "allow_plain_without_tls": True}
    settings: dict[str, object] = {
        "users": str(users),
        "tls": {"cert": str(certificate), "key": str(key)},
        "listener": [door, {**door, "tls": True}, {**door, "websocket": True}],
    }
    with daemon("bascule-broker", {"broker": settings}, folder) as broker:
        ends = {scheme: url.replace("127.0.0.1", "localhost") for scheme, url in broker.endpoints.items()}
        yield Secured(ends["amqp"], ends["amqps"], ends["ws"].split("://")[1], authority.ca, truststore)


ALICE = {"user": "alice", "password": "wonder land"}


def exchange(connection: Connection, address: str) -> None:
    receiver = connection.receiver(address)
    if connection.program.name != "qpid_jms":
        receiver.credit(1)
    connection.sender(address).accepted(text("safe"))
    assert texts(receiver.take(1)) == ["safe"]


@pytest.mark.feature("SASL PLAIN")
@CLIENTS
def test_plain(client: Library, secured: Secured, connect: Connect, address: str) -> None:
    options = {"options": "amqp.saslMechanisms=PLAIN"} if client is QPID_JMS else {}
    exchange(connect(client, secured.amqp, **ALICE, **options), address)


@pytest.mark.feature("A wrong password is refused")
@CLIENTS
def test_a_wrong_password(client: Library, secured: Secured, connect: Connect) -> None:
    with pytest.raises(AmqpError):
        connect(client, secured.amqp, user="alice", password="looking glass")


@pytest.mark.feature("ANONYMOUS is refused where logins are asked for")
@CLIENTS
def test_anonymous_is_refused(client: Library, secured: Secured, connect: Connect) -> None:
    with pytest.raises(AmqpError):
        connect(client, secured.amqp)


@pytest.mark.feature("SASL SCRAM-SHA-256")
@CLIENTS
def test_scram(client: Library, secured: Secured, connect: Connect, address: str) -> None:
    need(client, "SCRAM")
    exchange(connect(client, secured.amqp, **ALICE, options="amqp.saslMechanisms=SCRAM-SHA-256"), address)


@pytest.mark.feature("TLS")
@CLIENTS
def test_tls(client: Library, secured: Secured, connect: Connect, address: str) -> None:
    exchange(connect(client, secured.amqps, **ALICE, **secured.tls(client)), address)


@pytest.mark.feature("TLS: a broker that the client does not trust")
@CLIENTS
def test_an_untrusted_broker(client: Library, secured: Secured, connect: Connect, tmp_path: Path) -> None:
    options = {} if client is QPID_JMS else {"ca": str(Authority(tmp_path / "stranger", "a stranger").ca)}
    with pytest.raises(AmqpError):
        connect(client, secured.amqps, **ALICE, **options)


@pytest.mark.feature("AMQP over WebSocket")
@CLIENTS
def test_websocket(client: Library, secured: Secured, connect: Connect, address: str) -> None:
    need(client, "WebSocket")
    if client is QPID_JMS:
        exchange(connect(client, f"amqpws://{secured.websocket}", **ALICE), address)
    else:
        exchange(connect(client, secured.amqp, websocket=f"ws://{secured.websocket}", **ALICE), address)
