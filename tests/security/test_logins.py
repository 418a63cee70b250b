"""Who may come in: each SASL mechanism right and wrong, over raw frames and with an independent client."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from proton import Message, ProtonException, Timeout
from proton.utils import BlockingConnection

from support import daemons
from support.rawamqp import (
    AMQP_HEADER,
    BEGIN,
    CLOSE,
    NULL,
    OPEN,
    SASL_HEADER,
    RawPeer,
    binary,
    data_section,
    described,
    frame,
    outcome_of,
    string,
    symbol,
    uint,
)
from support.scram import Scram
from support.waiting import eventually


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


@pytest.fixture(scope="module")
def broker(users_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    """Users, a listener that takes no password in the clear but on loopback, one that lets anybody in."""
    settings: dict[str, object] = {
        "broker": {
            "listen": "127.0.0.1:0", "users": str(users_file), "max_failed_logins": 1000,
            "listener": [{"listen": "127.0.0.1:0", "anonymous": True}],
        },
        "log": {"level": "debug"},
    }  # fmt: skip
    with daemons.daemon("bascule-broker", settings, tmp_path_factory.mktemp("logins")) as started:
        yield started


@pytest.fixture
def raw(broker: daemons.Daemon) -> Callable[[], RawPeer]:
    return lambda: RawPeer(port_of(broker.amqp))


def plain(user: str, password: str, acting_as: str = "") -> bytes:
    return b"\0".join(part.encode() for part in (acting_as, user, password))


def scram_login(peer: RawPeer, user: str, password: str) -> tuple[int, Scram, bytes]:
    client = Scram(user, password)
    peer.mechanisms()
    peer.init("SCRAM-SHA-256", client.first())
    challenge = peer.until(0x42)
    peer.respond(client.final(challenge[challenge.index(b"r=") :]))
    outcome = peer.until(0x44)
    return outcome_of(outcome), client, outcome


def serves(peer: RawPeer) -> None:
    """After a login: OPEN is answered."""
    peer.greet()
    peer.open_as_is()


def test_what_is_offered(broker: daemons.Daemon, raw: Callable[[], RawPeer]) -> None:
    assert raw().mechanisms() == {"PLAIN", "SCRAM-SHA-256"}, "with users, nobody is anonymous unless told by name"
    assert RawPeer(port_of(broker.endpoints["amqp-2"])).mechanisms() == {"PLAIN", "SCRAM-SHA-256", "ANONYMOUS"}


def test_plain(raw: Callable[[], RawPeer]) -> None:
    peer = raw()
    assert peer.login("PLAIN", plain("alice", "wonder land")) == 0
    serves(peer)
    for user, password, acting_as in [
        ("alice", "builder", ""), ("alice", "wonder land ", ""), ("ALICE", "wonder land", ""), ("nobody", "wonder land", ""),
        ("alice", "", ""), ("", "", ""), ("dora", "", ""), ("dora", "-", ""), ("alice", "wonder land", "bob"),
    ]:  # fmt: skip
        refused = raw()
        assert refused.login("PLAIN", plain(user, password, acting_as)) == 1
        assert refused.until_closed() == b"", "one attempt a connection"


def test_scram(raw: Callable[[], RawPeer]) -> None:
    peer = raw()
    code, client, outcome = scram_login(peer, "bob", "builder")
    assert code == 0
    assert client.expected in outcome, "the broker proves that it knows bob's keys"
    serves(peer)
    for user, password in [("bob", "wonder land"), ("nobody", "builder"), ("dora", "")]:
        refused = raw()
        assert scram_login(refused, user, password)[0] == 1
        assert refused.until_closed() == b""


def test_an_unknown_user_looks_like_a_known_one(raw: Callable[[], RawPeer]) -> None:
    """Salts that change, odd numbers of iterations or another answer would tell who exists."""
    salts = set()
    for _ in range(2):
        code, client, outcome = scram_login(raw(), "nobody", "x")
        salts.add((client.salt, client.iterations))
    known_code, known, known_outcome = scram_login(raw(), "alice", "x")
    assert len(salts) == 1
    assert client.iterations == known.iterations
    assert len(client.salt) == len(known.salt)
    assert (code, outcome) == (known_code, known_outcome)


def test_an_unknown_user_takes_as_long(secured: Any, users_file: Path) -> None:
    """A wrong password of a known user and of an unknown one: the iterations are done for both."""

    def took(user: str) -> float:
        broker = secured(users=str(users_file))  # one of its own: it lets only so many try
        before = processor_seconds(broker.pid)  # what other processes do to the clock on the wall does not count
        for _ in range(18):
            assert RawPeer(port_of(broker.amqp)).login("PLAIN", plain(user, "wrong")) == 1
        return (processor_seconds(broker.pid) - before) / 18

    def alike() -> bool:
        began = time.thread_time()
        hashlib.pbkdf2_hmac("sha256", b"wrong", b"salt", 16_384)
        iterations = time.thread_time() - began
        known, unknown = took("alice"), took("nobody")
        assert unknown > iterations / 4, f"{unknown} s: 16,384 iterations take {iterations} s"
        assert 0.5 < unknown / known < 2, f"{unknown} s, and for a known user {known} s"
        return True

    # Caches that others empty cost processor time too: what is alike is so in one of a few attempts, what is not never.
    eventually(alike, "an unknown user takes as long", 20)


def processor_seconds(pid: int) -> float:
    """Of all its threads, by the scheduler's own count: that of ticks knows hundredths of a second."""
    return sum(int((task / "schedstat").read_text().split()[0]) / 1e9 for task in Path(f"/proc/{pid}/task").iterdir())


def test_anonymous(broker: daemons.Daemon, raw: Callable[[], RawPeer]) -> None:
    refused = raw()
    assert refused.login("ANONYMOUS") == 1
    assert refused.until_closed() == b""
    allowed = RawPeer(port_of(broker.endpoints["amqp-2"]))
    assert allowed.login("ANONYMOUS", b"trace") == 0
    serves(allowed)


def test_external_needs_a_certificate(raw: Callable[[], RawPeer]) -> None:
    assert raw().login("EXTERNAL", b"alice") == 1
    assert raw().login("EXTERNAL", b"") == 1


def test_the_login_cannot_be_skipped(broker: daemons.Daemon, raw: Callable[[], RawPeer]) -> None:
    opening = frame(described(OPEN, string("sneaky")))
    peer = raw()
    peer.send(AMQP_HEADER, opening)
    assert peer.until_closed() == SASL_HEADER, "told what is spoken here, and cut"
    in_the_middle = raw()
    in_the_middle.mechanisms()
    in_the_middle.send(AMQP_HEADER, opening)
    assert bytes([0x00, 0x53, OPEN]) not in in_the_middle.until_closed()
    after_refusal = raw()
    after_refusal.mechanisms()
    after_refusal.init("PLAIN", plain("alice", "wrong"))
    after_refusal.send(AMQP_HEADER, opening)
    assert bytes([0x00, 0x53, OPEN]) not in after_refusal.until_closed()
    bare = RawPeer(port_of(broker.endpoints["amqp-2"]))
    bare.send(AMQP_HEADER, opening)
    assert bare.read(8) == AMQP_HEADER, "where anonymous is allowed it may"


def test_everything_at_once(raw: Callable[[], RawPeer]) -> None:
    """A client that does not wait for answers: what it sent behind its password is held until that was checked."""
    peer = raw()
    peer.send(SASL_HEADER, frame(described(0x41, symbol("PLAIN"), binary(plain("alice", "wonder land"))), kind=1),
              AMQP_HEADER, frame(described(OPEN, string("eager"))))  # fmt: skip
    assert peer.read(8) == SASL_HEADER
    peer.until(0x40)
    assert outcome_of(peer.until(0x44)) == 0
    assert peer.read(8) == AMQP_HEADER
    peer.until(OPEN)


def test_proton_logs_in(broker: daemons.Daemon) -> None:
    port = port_of(broker.amqp)
    connection = BlockingConnection(f"amqp://127.0.0.1:{port}", timeout=30, user="alice", password="wonder land",
                                    allowed_mechs="PLAIN", allow_insecure_mechs=True)  # fmt: skip
    connection.create_sender("logins.proton").send(Message(body="x"))
    connection.close()
    with pytest.raises(ProtonException, match="uthent"):
        BlockingConnection(f"amqp://127.0.0.1:{port}", timeout=30, user="alice", password="wrong",
                           allowed_mechs="PLAIN", allow_insecure_mechs=True, reconnect=False)  # fmt: skip


def test_users_come_and_go_without_a_restart(secured: Any, user_tool: Callable[..., Any], tmp_path: Path) -> None:
    users = tmp_path / "users"
    user_tool("add", "first", "--users", str(users), password="one")
    broker = secured(users=str(users), reload_interval="50ms")

    def code(user: str, password: str) -> int:
        return RawPeer(port_of(broker.amqp)).login("PLAIN", plain(user, password))

    assert code("first", "one") == 0
    user_tool("add", "second", "--users", str(users), password="two")
    eventually(lambda: code("second", "two") == 0, "the new user may come in")
    here = RawPeer(port_of(broker.amqp))
    assert here.login("PLAIN", plain("second", "two")) == 0
    serves(here)
    user_tool("passwd", "first", "--users", str(users), password="uno")
    eventually(lambda: code("first", "uno") == 0, "the new password is taken")
    assert code("first", "one") == 1, "and the old one is not"
    user_tool("remove", "second", "--users", str(users))
    assert b"amqp:unauthorized-access" in here.until(CLOSE), "who was removed is cut"
    assert code("second", "two") == 1


def test_a_broken_users_file_changes_nothing(secured: Any, user_tool: Callable[..., Any], tmp_path: Path) -> None:
    users = tmp_path / "users"
    user_tool("add", "first", "--users", str(users), password="one")
    broker = secured(users=str(users), reload_interval="50ms")
    before = users.read_text()
    users.write_text(before.replace("SCRAM-SHA-256", "SCRAM-SHA-1"))
    eventually(lambda: "the old one stays in force" in broker.log, "the log says so")
    assert RawPeer(port_of(broker.amqp)).login("PLAIN", plain("first", "one")) == 0
    users.write_text(before)
    users.chmod(0o644)
    eventually(lambda: "chmod o=" in broker.log, "a file that everybody may read is refused")


def test_failed_attempts_are_bounded(secured: Any, users_file: Path) -> None:
    broker = secured(users=str(users_file))
    begun = time.monotonic()
    refused = 0

    def code(password: str) -> int:
        """Twenty failures, and one more each three seconds."""
        nonlocal refused
        said = RawPeer(port_of(broker.amqp)).login("PLAIN", plain("alice", password))
        refused += said == 1
        assert refused <= 20 + (time.monotonic() - begun) / 3, "so many are not allowed"
        return said

    assert [code(f"guess {n}") for n in range(20)] == [1] * 20
    while (said := code("another guess")) != 4:  # a slow machine earns attempts meanwhile
        assert said == 1
    while (said := code("wonder land")) != 4:
        assert said == 0
        while code("a guess more") != 4:
            pass


def test_passwords_are_never_logged(broker: daemons.Daemon, raw: Callable[[], RawPeer], users_file: Path) -> None:
    assert raw().login("PLAIN", plain("alice", "a very secret word")) == 1
    assert raw().login("PLAIN", plain("alice", "wonder land")) == 0
    eventually(lambda: '"user":"alice"' in broker.log, "the attempts are in the log")
    for word in ("a very secret word", "wonder land", "builder"):
        assert word not in broker.log
        assert word not in users_file.read_text()


def test_a_name_cannot_forge_the_log(broker: daemons.Daemon, raw: Callable[[], RawPeer]) -> None:
    assert raw().login("PLAIN", plain('eve"}\n{"level":"info","msg":"login', "x")) == 1
    eventually(lambda: "login refused" in broker.log, "the attempt is in the log")
    assert not any(line.startswith('{"level":"info","msg":"login') for line in broker.log.splitlines())


def test_names_and_passwords_are_prepared(secured: Any, user_tool: Callable[..., Any], tmp_path: Path) -> None:
    """SASLprep (RFC 4013): typed as letter and accent or as one, with a space of another kind, it is the same."""
    users = tmp_path / "users"
    user_tool("add", "Zoe\u0308", "--users", str(users), password="na\u00efve\u00a0\u2168")
    assert user_tool("list", "--users", str(users)).stdout.startswith("Zo\u00eb\t")
    for bad in ("\U0001f40e", "a\x07b", "\u06271"):
        refused = user_tool("add", "other", "--users", str(users), password=bad, check=False)
        assert refused.returncode != 0 and "SASLprep" in refused.stderr, bad
    broker = secured(users=str(users))

    def code(user: str, password: str) -> int:
        return RawPeer(port_of(broker.amqp)).login("PLAIN", plain(user, password))

    for user in ("Zoe\u0308", "Zo\u00eb"):
        for password in ("na\u00efve IX", "nai\u0308ve\u00a0\u2168", "nai\u0308ve I\u00adX"):
            assert code(user, password) == 0, (user, password)
        assert scram_login(RawPeer(port_of(broker.amqp)), user, "na\u00efve IX")[0] == 0, "a client that prepares"
    assert code("Zoe", "na\u00efve IX") == 1
    assert code("Zoe\u0308", "naive IX") == 1
    assert code("Zo\u00eb\x07", "na\u00efve IX") == 1
    assert RawPeer(port_of(broker.amqp)).login("PLAIN", b"\0Zo\xff\0x") == 1


def test_the_tool_says_what_is_wrong(user_tool: Callable[..., Any], tmp_path: Path) -> None:
    users = str(tmp_path / "users")

    def wrong(*arguments: str, password: str = "") -> str:
        done = user_tool(*arguments, "--users", users, password=password, check=False)
        assert done.returncode != 0
        return str(done.stderr)

    assert "no users file" in wrong("list")
    assert "no password" in wrong("add", "a")
    assert "white space" in wrong("add", "a b", password="x")
    assert "white space" in wrong("add", "a\nuser b", password="x")
    assert "anonymous" in wrong("add", "anonymous", password="x")
    user_tool("add", "a", "--users", users, password="x")
    assert "there already" in wrong("add", "a", password="x")
    assert "no user 'b'" in wrong("passwd", "b", password="x")
    assert "no user 'b'" in wrong("remove", "b")
    assert Path(users).stat().st_mode & 0o777 == 0o600
    user_tool("roles", "a", "--users", users, "--role", "one", "--role", "two")
    assert user_tool("list", "--users", users).stdout == "a\tpassword\tone,two\n"
    assert scram_line(users) != scram_line_after(user_tool, users), "a new salt each time"


def scram_line(users: str) -> str:
    return next(line for line in Path(users).read_text().splitlines() if line.startswith("user a "))


def scram_line_after(user_tool: Callable[..., Any], users: str) -> str:
    user_tool("passwd", "a", "--users", users, password="x")
    return scram_line(users)


def test_a_new_password_cuts_who_came_in_by_the_old_one(
    secured: Any, user_tool: Callable[..., Any], tmp_path: Path
) -> None:
    """By PLAIN and by SCRAM; others stay, and new roles cut nobody."""
    users = tmp_path / "users"
    for name in ("first", "second"):
        user_tool("add", name, "--users", str(users), password="one")
    broker = secured(users=str(users), reload_interval="50ms")

    def inside(user: str, mechanism: str) -> RawPeer:
        peer = RawPeer(port_of(broker.amqp))
        if mechanism == "PLAIN":
            assert peer.login("PLAIN", plain(user, "one")) == 0
        else:
            assert scram_login(peer, user, "one")[0] == 0
        serves(peer)
        return peer

    plainly, scrambled, other = inside("first", "PLAIN"), inside("first", "SCRAM"), inside("second", "PLAIN")
    user_tool("roles", "first", "--users", str(users), "--role", "shop")
    eventually(lambda: "read anew" in broker.log, "the roles are taken")
    user_tool("passwd", "first", "--users", str(users), password="uno")
    for peer in (plainly, scrambled):
        assert b"another password" in peer.until(CLOSE)
    # What it says behind the CLOSE that it does not answer is not heard.
    begin = frame(described(BEGIN, NULL, uint(0), uint(2048), uint(2048)))
    plainly.send(
        begin, RawPeer.attach("late", name="late", handle=0, receiver=False), RawPeer.transfer(data_section(b"late"))
    )
    taking = BlockingConnection(broker.amqp, timeout=30, user="second", password="one", allowed_mechs="PLAIN",
                                allow_insecure_mechs=True)  # fmt: skip
    with pytest.raises(Timeout):
        taking.create_receiver("late", credit=1).receive(timeout=0.3)
    taking.close()
    other.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        other.socket.recv(1)


def test_a_password_that_changes_during_the_login_does_not_open(
    secured: Any, user_tool: Callable[..., Any], tmp_path: Path
) -> None:
    users = tmp_path / "users"
    user_tool("add", "first", "--users", str(users), password="one")
    broker = secured(users=str(users), reload_interval="50ms")
    peer = RawPeer(port_of(broker.amqp))
    assert peer.login("PLAIN", plain("first", "one")) == 0
    user_tool("passwd", "first", "--users", str(users), password="uno")
    eventually(lambda: "read anew" in broker.log, "the new password is taken")
    peer.send(AMQP_HEADER, frame(described(OPEN, string("late"))))
    assert peer.read(8) == AMQP_HEADER
    assert b"another password" in peer.until(CLOSE)
