"""TLS and client certificates: who is let in, what is refused, and renewing certificates under way."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from proton import Message, SSLDomain
from proton.utils import BlockingConnection

from support import daemons
from support.certificates import Authority
from support.rawamqp import CLOSE, SASL_HEADER, RawPeer
from support.waiting import eventually


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def tls_settings(authority: Authority, **more: object) -> dict[str, object]:
    return {"cert": str(authority.folder / "server.pem"), "key": str(authority.folder / "server.key"), **more}


def listening(authority: Authority, **more: object) -> dict[str, Any]:
    return {"tls": tls_settings(authority, **more), "listener": [{"listen": "127.0.0.1:0", "tls": True}]}


def context(authority: Authority, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(authority.ca))
    if certificate:
        made.load_cert_chain(*map(str, certificate))
    return made


def dial(broker: daemons.Daemon, with_context: ssl.SSLContext) -> RawPeer:
    return RawPeer(
        port_of(broker.endpoints["amqps"]), lambda plain: with_context.wrap_socket(plain, server_hostname="127.0.0.1")
    )


def refused(broker: daemons.Daemon, with_context: ssl.SSLContext) -> bool:
    """TLS 1.3 tells a client only when it reads that its certificate was not taken."""
    try:
        peer = dial(broker, with_context)
        peer.socket.settimeout(30)
        peer.mechanisms()
    except (ssl.SSLError, EOFError, ConnectionError):
        return True
    peer.socket.close()
    return False


def still_serves(broker: daemons.Daemon, authority: Authority, certificate: tuple[Path, Path] | None = None) -> None:
    peer = dial(broker, context(authority, certificate))
    assert isinstance(peer.mechanisms(), set)


def test_passwords_over_tls(secured: Any, authority: Authority, users_file: Path) -> None:
    broker = secured(users=str(users_file), **listening(authority))
    peer = dial(broker, context(authority))
    assert peer.login("PLAIN", b"\0alice\0wonder land") == 0
    peer.greet()
    peer.open_as_is()
    assert dial(broker, context(authority)).login("PLAIN", b"\0alice\0wrong") == 1


def test_two_listeners_of_one_broker(secured: Any, authority: Authority, users_file: Path) -> None:
    """In the clear for this machine and with TLS for the others: the same queues."""
    settings = listening(authority)
    settings["listener"].append({"listen": "127.0.0.1:0", "anonymous": True})
    broker = secured(users=str(users_file), **settings)
    plain = BlockingConnection(broker.amqp, timeout=30)
    plain.create_sender("tls.both").send(Message(body="through both"))
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(str(authority.ca))
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER)
    outside = BlockingConnection(broker.endpoints["amqps"], timeout=30, ssl_domain=domain, user="bob",
                                 password="builder", allowed_mechs="PLAIN")  # fmt: skip
    receiver = outside.create_receiver("tls.both", credit=1)
    assert receiver.receive(timeout=30).body == "through both"
    receiver.accept()
    receiver.close()
    large = "x" * 3_000_000
    outside.create_sender("tls.both").send(Message(body=large), timeout=60)
    back = plain.create_receiver("tls.both", credit=1)
    assert back.receive(timeout=30).body == large
    back.accept()
    for connection in (plain, outside):
        connection.close()


def test_versions(secured: Any, authority: Authority) -> None:
    broker = secured(**listening(authority, client_ca=str(authority.ca)))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        exactly = context(authority, authority.issue("/CN=v"))
        exactly.minimum_version = exactly.maximum_version = version
        peer = dial(broker, exactly)
        assert isinstance(peer.socket, ssl.SSLSocket)
        assert peer.socket.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
        cipher = peer.socket.cipher()
        assert cipher is not None
        assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]
        assert peer.socket.session is None or not peer.socket.session.has_ticket
        assert peer.mechanisms() == {"EXTERNAL"}
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        old = context(authority)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            old.minimum_version = old.maximum_version = version
        assert refused(broker, old)
    weak = context(authority)
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("AES128-SHA:ECDHE-ECDSA-AES128-SHA:AES128-GCM-SHA256")
    assert refused(broker, weak), "no forward secrecy, or no authenticated encryption"


def test_a_client_certificate_is_a_login(secured: Any, authority: Authority) -> None:
    broker = secured(**listening(authority, client_ca=str(authority.ca)))
    peer = dial(broker, context(authority, authority.issue("/O=Shop/CN=dora")))
    assert peer.login("EXTERNAL", b"") == 0
    peer.greet()
    peer.open_as_is()
    assert dial(broker, context(authority, authority.issue("/CN=dora"))).login("EXTERNAL", b"dora") == 0
    assert dial(broker, context(authority, authority.issue("/CN=dora"))).login("EXTERNAL", b"root") == 1, "as another"
    assert dial(broker, context(authority, authority.issue("/O=no name"))).mechanisms() == set()
    assert dial(broker, context(authority, authority.issue("/CN=one/CN=two"))).mechanisms() == set(), "two names"
    assert dial(broker, context(authority)).mechanisms() == set(), "without one there is no way in"


@pytest.mark.parametrize(
    ("kind", "names", "user"),
    [("subject", "", b"CN=svc,O=Shop"), ("dns", "DNS:svc.shop", b"svc.shop"), ("uri", "URI:spiffe://shop/svc", b"spiffe://shop/svc"),
     ("email", "email:svc@shop", b"svc@shop")],
)  # fmt: skip
def test_what_of_a_certificate_is_the_user(
    secured: Any, authority: Authority, kind: str, names: str, user: bytes
) -> None:
    broker = secured(**listening(authority, client_ca=str(authority.ca), client_name=kind))
    certificate = authority.issue("/O=Shop/CN=svc", names=names)
    assert dial(broker, context(authority, certificate)).login("EXTERNAL", user) == 0
    assert dial(broker, context(authority, certificate)).login("EXTERNAL", b"svc") == 1


def test_certificates_that_are_refused(secured: Any, authority: Authority, stranger: Authority) -> None:
    withdrawn = authority.issue("/CN=withdrawn")
    good = authority.issue("/CN=good")
    crl = authority.revoke(withdrawn[0])
    broker = secured(
        **listening(authority, client_ca=str(authority.ca), require_client_certificate=True, client_crl=str(crl))
    )
    still_serves(broker, authority, good)
    assert refused(broker, context(authority)), "none"
    assert refused(broker, context(authority, authority.brief("/CN=late", seconds=-3600))), "expired"
    assert refused(broker, context(authority, stranger.issue("/CN=good"))), "of an authority that is not trusted"
    assert refused(broker, context(authority, withdrawn)), "withdrawn"
    eventually(lambda: "certificate has expired" in broker.log, "the log says why")
    still_serves(broker, authority, good)


def test_certificates_are_renewed_without_a_restart(secured: Any, authority: Authority, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def install(pair: tuple[Path, Path]) -> None:
        certificate.write_bytes(pair[0].read_bytes())
        key.write_bytes(pair[1].read_bytes())

    def subject() -> str:
        shown = dial(broker, context(authority)).socket
        assert isinstance(shown, ssl.SSLSocket)
        return str(shown.getpeercert()["subject"])  # type: ignore[index]

    install(authority.issue("/CN=old", names="IP:127.0.0.1"))
    broker = secured(
        reload_interval="50ms",
        tls={"cert": str(certificate), "key": str(key)},
        listener=[{"listen": "127.0.0.1:0", "tls": True, "anonymous": True}],
    )
    assert "old" in subject()
    under_way = dial(broker, context(authority))
    install(authority.issue("/CN=new", names="IP:127.0.0.1"))
    eventually(lambda: "new" in subject(), "the new certificate is shown")
    assert under_way.login("ANONYMOUS") == 0, "connections go on with the old one"
    key.write_text("no key")
    eventually(lambda: "the old one stays in force" in broker.log, "a broken one is told")
    assert "new" in subject()


def test_a_hang_up_signal_reads_everything_anew(secured: Any, user_tool: Callable[..., Any], tmp_path: Path) -> None:
    users = tmp_path / "users"
    user_tool("add", "first", "--users", str(users), password="one")
    broker = secured(users=str(users), reload_interval="0s")
    user_tool("add", "second", "--users", str(users), password="two")
    assert RawPeer(port_of(broker.amqp)).login("PLAIN", b"\0second\0two") == 1
    os.kill(broker.pid, signal.SIGHUP)
    eventually(lambda: RawPeer(port_of(broker.amqp)).login("PLAIN", b"\0second\0two") == 0, "the users were read anew")


def test_the_wrong_protocol_on_the_port(secured: Any, authority: Authority) -> None:
    settings = listening(authority, client_ca=str(authority.ca))
    settings["listener"].append({"listen": "127.0.0.1:0", "anonymous": True})
    broker = secured(**settings)
    in_the_clear = RawPeer(port_of(broker.endpoints["amqps"]))
    in_the_clear.send(b"AMQP\x03\x01\x00\x00")
    assert b"AMQP" not in in_the_clear.until_closed()
    on_the_plain_port = socket.create_connection(("127.0.0.1", port_of(broker.amqp)), timeout=30)
    on_the_plain_port.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 600)
    on_the_plain_port.close()
    still_serves(broker, authority)


def test_handshakes_are_bounded_in_time_and_number(secured: Any, authority: Authority) -> None:
    broker = secured(handshake_timeout="500ms", max_handshakes=3, **listening(authority, client_ca=str(authority.ca)))
    address = ("127.0.0.1", port_of(broker.endpoints["amqps"]))
    silent = [socket.create_connection(address, timeout=30) for _ in range(3)]
    assert hung_up(socket.create_connection(address, timeout=30)), "a fourth is closed at once"
    for one in silent:
        assert hung_up(one), "who says nothing is cut"
    half_way = socket.create_connection(address, timeout=30)
    half_way.sendall(b"\x16\x03\x01\x02\x00")
    assert hung_up(half_way)
    # On a slow machine a handshake may well take longer than these 500 ms: it is tried again.
    eventually(lambda: not refused(broker, context(authority)), "it still serves")


def hung_up(peer: socket.socket) -> bool:
    """Waits for the broker's next byte, and there is none. What it had not read makes its close a reset."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def test_handshakes_of_one_address_are_bounded(secured: Any, authority: Authority) -> None:
    broker = secured(
        handshake_timeout="60s", max_handshakes_per_address=3, **listening(authority, client_ca=str(authority.ca))
    )
    address = ("127.0.0.1", port_of(broker.endpoints["amqps"]))
    silent = [socket.create_connection(address, timeout=30) for _ in range(3)]
    assert socket.create_connection(address, timeout=30).recv(1) == b"", "a fourth is closed at once"
    elsewhere = socket.create_connection(address, timeout=30, source_address=("127.0.0.2", 0))
    with context(authority).wrap_socket(elsewhere, server_hostname="127.0.0.1") as other:
        other.sendall(SASL_HEADER)
        assert other.recv(8) == SASL_HEADER, "another address is not kept out by this one"
    for one in silent:
        one.close()
    eventually(lambda: not refused(broker, context(authority)), "places are free again")


def test_the_arithmetic_of_handshakes_is_not_the_loops(secured: Any, authority: Authority) -> None:
    """By processor time, which other processes do not change: the loop, the first thread, has little of it."""
    certificate, key = authority.issue("/CN=broker", names="IP:127.0.0.1", as_file="slow", bits=4096)
    broker = secured(
        tls={"cert": str(certificate), "key": str(key)},
        listener=[{"listen": "127.0.0.1:0", "tls": True, "anonymous": True}],
    )
    shown = context(authority)
    before = processor_time(broker.pid)
    crowd = [dial(broker, shown) for _ in range(60)]
    now = processor_time(broker.pid)
    loop = now.pop(broker.pid) - before.pop(broker.pid)
    others = sum(now.values()) - sum(before.values())
    # Were it the loop's, others had next to nothing: sixty signatures take 20 ms on the fastest machine, on most ten times that.
    assert others > 0.02 and loop < others / 2, f"the loop {loop} s, others {others} s"
    assert crowd[-1].login("ANONYMOUS") == 0


def processor_time(pid: int) -> dict[int, float]:
    """Seconds of each thread."""
    times = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        fields = (thread / "schedstat").read_text().split()
        times[int(thread.name)] = int(fields[0]) / 1e9
    return times


@pytest.mark.parametrize(
    "garbage",
    [
        b"AMQP\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff" + b"\0" * 100,
        b"\x16\x03\x01\x00\x00" * 30_000,
        b"\x17\x03\x03\x00\x20" + b"x" * 32,
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=["no TLS", "a record beyond the largest", "empty records without end", "data first", "no hello"],
)
def test_a_handshake_that_cannot_be(secured: Any, authority: Authority, garbage: bytes) -> None:
    broker = secured(handshake_timeout="60s", **listening(authority, client_ca=str(authority.ca)))
    peer = dial_in_the_clear(broker)
    peer.send(garbage)
    assert b"AMQP" not in peer.until_closed()
    still_serves(broker, authority)


def dial_in_the_clear(broker: daemons.Daemon) -> RawPeer:
    return RawPeer(port_of(broker.endpoints["amqps"]))


def test_a_tls_client_that_then_says_nothing(secured: Any, authority: Authority) -> None:
    broker = secured(handshake_timeout="300ms", **listening(authority, client_ca=str(authority.ca)))

    def cut() -> bool:
        try:
            peer = dial(broker, context(authority))
        except (ssl.SSLError, ConnectionError):  # a slow machine: the time was over before its handshake was
            return False
        return peer.until_closed() == b""

    eventually(cut, "a handshake was done, nothing was said, and it was cut")


def test_a_certificate_that_is_withdrawn_or_ends_is_cut(secured: Any, authority: Authority, tmp_path: Path) -> None:
    good, bad = authority.issue("/CN=good"), authority.issue("/CN=bad")
    withdrawn = tmp_path / "crl.pem"
    withdrawn.write_bytes(authority.revoke().read_bytes())
    broker = secured(
        reload_interval="50ms", **listening(authority, client_ca=str(authority.ca), client_crl=str(withdrawn))
    )
    stays, goes = inside(broker, authority, good), inside(broker, authority, bad)
    withdrawn.write_bytes(authority.revoke(bad[0]).read_bytes())
    assert b"certificate revoked" in goes.until(CLOSE)
    eventually(lambda: refused(broker, context(authority, bad)), "nor does it come back")
    still_there(stays)


def test_authorities_that_are_taken_away_take_their_clients_along(
    secured: Any, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    authorities = tmp_path / "ca.pem"
    authorities.write_bytes(authority.ca.read_bytes() + stranger.ca.read_bytes())
    broker = secured(reload_interval="50ms", **listening(authority, client_ca=str(authorities)))
    stays = inside(broker, authority, authority.issue("/CN=stays"))
    goes = inside(broker, authority, stranger.issue("/CN=goes"))
    authorities.write_bytes(authority.ca.read_bytes())
    assert b"not trusted any more" in goes.until(CLOSE)
    still_there(stays)


def test_a_certificate_that_ends_ends_its_connection(secured: Any, authority: Authority) -> None:
    broker = secured(**listening(authority, client_ca=str(authority.ca)))
    stays = inside(broker, authority, authority.issue("/CN=stays"))

    def short(seconds: int) -> RawPeer | None:
        try:
            return inside(broker, authority, authority.brief("/CN=brief", seconds=seconds))
        except (ssl.SSLError, EOFError, ConnectionError, AssertionError):  # it was over before the connection stood
            return None

    goes = short(5) or short(20) or short(60)
    assert goes is not None
    goes.socket.settimeout(120)
    assert b"certificate has ended" in goes.until(CLOSE)
    still_there(stays)


def inside(broker: daemons.Daemon, authority: Authority, certificate: tuple[Path, Path]) -> RawPeer:
    peer = dial(broker, context(authority, certificate))
    assert peer.login("EXTERNAL", b"") == 0
    peer.greet()
    peer.open_as_is()
    return peer


def still_there(peer: RawPeer) -> None:
    peer.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        peer.socket.recv(1)
