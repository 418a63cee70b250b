"""Frames that no client library sends: each ends its own connection with the documented error, and nothing else.

The holes of the protocol engine (qpid-proton 0.37) that the guard in front of it closes, one test each; broker/test_raw_frames.py
has those of framing and flow.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from proton import Message
from proton.utils import BlockingConnection

from support import daemons
from support.rawamqp import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    DISPOSITION,
    END,
    FALSE,
    FLOW,
    NULL,
    OPEN,
    SASL_HEADER,
    TRANSFER,
    TRUE,
    RawPeer,
    binary,
    data_section,
    described,
    frame,
    list32,
    string,
    symbol,
    uint,
    ushort,
)
from support.waiting import eventually

MAX = 0xFFFFFFFF


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    with daemons.daemon(
        "bascule-broker", {"broker": {"listen": "127.0.0.1:0"}}, tmp_path_factory.mktemp("frames")
    ) as started:
        yield started


def resident(broker: daemons.Daemon) -> int:
    return int(Path(f"/proc/{broker.pid}/statm").read_text().split()[1]) * 4096


@pytest.fixture
def raw(broker: daemons.Daemon) -> Iterator[RawPeer]:
    """A raw peer; when the test is over the broker must still serve others, and be no larger."""
    before = resident(broker)
    peer = RawPeer(int(broker.amqp.rsplit(":", 1)[1]))
    yield peer
    peer.socket.close()
    connection = BlockingConnection(broker.amqp, timeout=30)
    connection.create_sender("frames.alive").send(Message(body="still here"))
    receiver = connection.create_receiver("frames.alive", credit=1)
    assert receiver.receive(timeout=30).body == "still here"
    receiver.accept()
    connection.close()
    # Daemons keep a part of their heap for the next burst: what was freed may stay resident. What was never freed would be more:
    # the largest of these attacks sends 240 MB.
    eventually(lambda: resident(broker) - before < 96 << 20, "what the peer held is given back")


def begin(channel: int = 0) -> bytes:
    return frame(described(BEGIN, NULL, uint(0), uint(100), uint(100)), channel=channel)


def flow(*fields: bytes) -> bytes:
    return frame(described(FLOW, NULL, uint(100), uint(0), uint(100), *fields))


def attach(handle: int, name: str = "link", *, receiver: bool = False) -> bytes:
    return RawPeer.attach("frames.q", name=name, handle=handle, receiver=receiver)


transfer = RawPeer.transfer
BODY = data_section(b"x")


# -- performatives in the wrong phase (PROTON-2945) ------------------------------------------------------------------------


@pytest.mark.parametrize("first", [
    begin(), attach(0), flow(), transfer(BODY), frame(described(DISPOSITION, TRUE, uint(0))), frame(described(DETACH, uint(0))),
    frame(described(END)), frame(described(CLOSE)),
], ids=["begin", "attach", "flow", "transfer", "disposition", "detach", "end", "close"])  # fmt: skip
def test_anything_before_open(raw: RawPeer, first: bytes) -> None:
    raw.authenticate()
    raw.send(first)
    raw.until_closed()


def test_a_second_open(raw: RawPeer) -> None:
    raw.open()
    raw.send(frame(described(OPEN, string("again"))))
    assert b"amqp:illegal-state" in raw.until(CLOSE)


@pytest.mark.parametrize("late", [
    begin(), frame(described(OPEN, string("again"))), frame(described(CLOSE)),
], ids=["begin", "open", "close"])  # fmt: skip
def test_anything_after_close(raw: RawPeer, late: bytes) -> None:
    raw.open()
    raw.send(frame(described(CLOSE)), late)
    raw.until_closed()


@pytest.mark.parametrize("stray", [
    attach(0), flow(), transfer(BODY), frame(described(DISPOSITION, TRUE, uint(0))), frame(described(DETACH, uint(0))),
    frame(described(END)),
], ids=["attach", "flow", "transfer", "disposition", "detach", "end"])  # fmt: skip
@pytest.mark.parametrize("ended", [False, True], ids=["never begun", "ended"])
def test_frames_without_a_session(raw: RawPeer, stray: bytes, ended: bool) -> None:
    if ended:
        raw.begin()
        raw.send(frame(described(END)))
        raw.until(END)
    else:
        raw.open()
    raw.send(stray)
    assert b"amqp:illegal-state" in raw.until(CLOSE)


def test_a_session_begun_twice(raw: RawPeer) -> None:
    raw.begin()
    raw.send(begin())
    assert b"amqp:illegal-state" in raw.until(CLOSE)


# -- handles (PROTON-2535) -------------------------------------------------------------------------------------------------


def test_a_handle_attached_twice(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.q", name="one")
    raw.send(attach(0, "two"))
    assert b"amqp:session:handle-in-use" in raw.until(CLOSE)


def test_a_name_attached_twice(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.q", name="same")
    raw.send(attach(1, "same"))
    assert b"amqp:" in raw.until_closed()


@pytest.mark.parametrize("handle", [256, 65_536, MAX])
def test_a_handle_beyond_handle_max(raw: RawPeer, handle: int) -> None:
    raw.begin()
    raw.send(attach(handle))
    assert b"amqp:not-allowed" in raw.until(CLOSE)


@pytest.mark.parametrize("stray", [
    transfer(BODY, handle=7), frame(described(DETACH, uint(7))), frame(described(DETACH)),
    flow(uint(7)), flow(uint(MAX), uint(0), uint(1)), frame(described(TRANSFER)),
], ids=["transfer", "detach", "detach nothing", "flow", "flow of the last handle", "transfer on nothing"])  # fmt: skip
def test_a_handle_that_is_not_attached(raw: RawPeer, stray: bytes) -> None:
    raw.begin()
    raw.send(stray)
    assert b"amqp:session:unattached-handle" in raw.until(CLOSE)


def test_a_transfer_on_a_receivers_handle(raw: RawPeer) -> None:
    raw.begin()
    raw.send(attach(0, receiver=True))
    raw.until(ATTACH)
    raw.send(transfer(BODY))
    assert b"amqp:session:unattached-handle" in raw.until(CLOSE)


def test_attaching_and_detaching_without_end(raw: RawPeer, broker: daemons.Daemon) -> None:
    raw.begin()
    for n in range(2000):
        raw.send(attach(0, f"churn {n}"), frame(described(DETACH, uint(0), TRUE)))
        raw.until(DETACH)


# -- transfers (PROTON-2853, 2183) -----------------------------------------------------------------------------------------


def test_a_transfer_without_a_tag(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.q")
    raw.until(FLOW)
    raw.send(frame(described(TRANSFER, uint(0), uint(0)) + BODY))
    assert b"amqp:decode-error" in raw.until(CLOSE)


def test_a_tag_over_32_bytes(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.q")
    raw.until(FLOW)
    raw.send(transfer(BODY, tag=b"x" * 33))
    assert b"amqp:decode-error" in raw.until(CLOSE)


def test_an_aborted_delivery_does_not_lend_its_id(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.q")
    raw.until(FLOW)
    aborted = described(TRANSFER, uint(0), NULL, NULL, NULL, NULL, FALSE, NULL, NULL, NULL, TRUE)
    raw.send(transfer(BODY, more=True), frame(aborted), transfer(BODY, delivery=None))
    assert b"amqp:decode-error" in raw.until_closed()


def test_aborting_again_and_again(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.aborting")
    raw.until(FLOW)
    aborted = frame(described(TRANSFER, uint(0), NULL, NULL, NULL, NULL, FALSE, NULL, NULL, NULL, TRUE))
    for n in range(300):
        raw.send(transfer(BODY, delivery=n, tag=struct.pack(">I", n), more=True), aborted)
    raw.send(transfer(BODY, delivery=300, tag=b"last"))
    assert b"\x00\x53\x24" in raw.until(DISPOSITION), "and the last one is taken all the same"


def test_delivery_ids_out_of_order(raw: RawPeer) -> None:
    raw.begin()
    raw.attach_sender("frames.q")
    raw.until(FLOW)
    raw.send(transfer(BODY, delivery=0, tag=b"a", settled=True), transfer(BODY, delivery=MAX, tag=b"b", settled=True))
    raw.until_closed()


def test_a_hundred_messages_that_never_end(raw: RawPeer, broker: daemons.Daemon) -> None:
    """Each link of a connection may hold one unfinished message; together they must not be unbounded."""
    raw.begin()
    before = resident(broker)
    for handle in range(100):
        raw.send(attach(handle, f"slow {handle}"))
    chunk = b"x" * 60_000
    raw.socket.settimeout(30)
    sent = 0
    try:
        for round_ in range(40):  # 2.4 MB of each, 240 MB in all
            for handle in range(100):
                raw.socket.sendall(transfer(chunk, delivery=handle if round_ == 0 else None, handle=handle, more=True))
                sent += len(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert resident(broker) - before < 96 << 20, f"after {sent} bytes"
    assert b"amqp:resource-limit-exceeded" in raw.until(DETACH)


# -- values ----------------------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    value = NULL
    for _ in range(depth):
        value = list32(value)
    return value


BOMBS = {
    "array32 of zero-width": b"\xf0" + struct.pack(">II", 5, MAX) + b"\x40",
    "array8 of zero-width": b"\xe0\x02\xff\x41",
    "array of list0": b"\xf0" + struct.pack(">II", 5, 1_000_000) + b"\x45",
    "array of arrays": b"\xf0" + struct.pack(">II", 5, MAX) + b"\xf0",
    "list that says more": b"\xd0" + struct.pack(">II", 4, MAX),
    "map of an odd number": b"\xd1" + struct.pack(">II", 5, 1) + b"\x40",
    "size beyond the frame": b"\xb1" + struct.pack(">I", MAX),
    "deep": nested(40),
    "wide": list32(*[NULL] * 2000),
    "no such type": b"\x3f",
    "cut": b"\xd0\x00",
}


@pytest.mark.parametrize("bomb", [b for name, b in BOMBS.items() if name != "array8 of zero-width"],
                         ids=[name for name in BOMBS if name != "array8 of zero-width"])  # fmt: skip
@pytest.mark.parametrize("where", ["open", "attach", "source", "disposition", "flow"])
def test_values_that_explode(raw: RawPeer, where: str, bomb: bytes) -> None:
    """CVE-2026-66079 and its kin, in every performative that has a field of any type."""
    if where == "open":
        raw.authenticate()
        raw.send(frame(described(OPEN, string("raw"), *[NULL] * 8, bomb)))
    else:
        raw.begin()
        raw.send({
            "attach": frame(described(ATTACH, string("n"), uint(0), FALSE, *[NULL] * 10, bomb)),
            "source": frame(described(ATTACH, string("n"), uint(0), TRUE, NULL, NULL, described(0x28, *[NULL] * 7, bomb))),
            "disposition": frame(described(DISPOSITION, TRUE, uint(0), NULL, TRUE, bomb)),
            "flow": flow(*[NULL] * 6, bomb),
        }[where])  # fmt: skip
    raw.until_closed()


def test_the_same_in_sasl_frames(broker: daemons.Daemon, raw: RawPeer) -> None:
    for bomb in BOMBS.values():
        peer = RawPeer(int(broker.amqp.rsplit(":", 1)[1]))
        peer.mechanisms()
        peer.send(frame(described(0x41, symbol("ANONYMOUS"), bomb), kind=1))
        peer.socket.close()
        other = RawPeer(int(broker.amqp.rsplit(":", 1)[1]))
        other.mechanisms()
        other.send(frame(described(0x41, bomb), kind=1))
        other.until_closed()


@pytest.mark.parametrize("fields", [
    [], [uint(1)], [NULL], [string("x" * 2000)], [string("c"), NULL, uint(0)], [string("c"), NULL, uint(511)],
    [string("c"), NULL, NULL, NULL, uint(1)], [list32()], [b"\xa1\x02\xff\xfe", NULL, uint(100)],
], ids=["nothing", "a number", "null", "a long name", "no frames", "small frames", "idle 1 ms", "a list", "bad UTF-8"])  # fmt: skip
def test_an_open_that_cannot_be(raw: RawPeer, fields: list[bytes]) -> None:
    raw.authenticate()
    raw.send(frame(described(OPEN, *fields)))
    raw.until_closed()


@pytest.mark.parametrize("fields", [
    [], [NULL], [string("n")], [string("n"), uint(0)], [string("n"), uint(0), NULL], [uint(1), uint(0), TRUE],
    [string("n"), string("0"), TRUE], [string("x" * 5000), uint(0), TRUE],
])  # fmt: skip
def test_an_attach_that_cannot_be(raw: RawPeer, fields: list[bytes]) -> None:
    raw.begin()
    raw.send(frame(described(ATTACH, *fields)))
    assert b"amqp:" in raw.until(CLOSE)


def test_odd_values_where_the_engine_expects_others(raw: RawPeer, broker: daemons.Daemon) -> None:
    """Whatever stands in a field, the broker lives: every field of every performative, as every type."""
    values = [NULL, TRUE, uint(0), uint(MAX), ushort(1), string("s"), symbol("s"), binary(b"b"), list32(), list32(uint(1)),
              described(0x28), described(0x24), b"\xc1\x01\x00", b"\x82" + b"\xff" * 8, b"\x98" + b"\0" * 16, b"\xe0\x03\x01\xa3\x00"]  # fmt: skip
    valid: dict[int, list[bytes]] = {
        OPEN: [string("c"), NULL, uint(1024), ushort(9), uint(1000), NULL, NULL, NULL, NULL, NULL],
        BEGIN: [NULL, uint(0), uint(9), uint(9), uint(9), NULL, NULL, NULL],
        ATTACH: [string("n"), uint(1), TRUE, NULL, NULL, described(0x28, string("frames.odd")), described(0x29), NULL, NULL,
                 NULL, NULL, NULL, NULL, NULL],
        FLOW: [NULL, uint(9), uint(0), uint(9), uint(0), uint(0), uint(9), NULL, FALSE, FALSE, NULL],
        TRANSFER: [uint(0), uint(0), binary(b"t"), uint(0), FALSE, FALSE, NULL, NULL, FALSE, FALSE, FALSE],
        DISPOSITION: [TRUE, uint(0), uint(0), TRUE, described(0x24), FALSE],
        DETACH: [uint(0), TRUE, NULL], END: [NULL], CLOSE: [NULL],
    }  # fmt: skip
    port = int(broker.amqp.rsplit(":", 1)[1])
    prelude = b"".join([
        SASL_HEADER, frame(described(0x41, symbol("ANONYMOUS")), kind=1), AMQP_HEADER,
    ])  # fmt: skip
    opening = frame(described(OPEN, string("odd")))
    session = begin() + attach(0, "odd")
    for code, fields in valid.items():
        for at in range(len(fields)):
            for value in values:
                odd = frame(described(code, *fields[:at], value, *fields[at + 1 :]), channel=1 if code == BEGIN else 0)
                peer = RawPeer(port)
                peer.send(prelude + (odd if code == OPEN else opening + session + odd))
                peer.socket.close()


# -- limits ----------------------------------------------------------------------------------------------------------------


def test_sessions_are_bounded(raw: RawPeer) -> None:
    raw.open()
    raw.send(*[begin(channel) for channel in range(16)])
    for _ in range(16):
        raw.until(BEGIN)
    raw.send(begin(16))
    assert b"amqp:not-allowed" in raw.until(CLOSE)


def test_links_are_bounded(tmp_path: Path) -> None:
    with daemons.daemon("bascule-broker", {"broker": {"listen": "127.0.0.1:0", "max_links": 3}}, tmp_path) as small:
        peer = RawPeer(int(small.amqp.rsplit(":", 1)[1]))
        peer.begin()
        for handle in range(3):
            peer.attach_sender("frames.q", name=f"l{handle}", handle=handle)
        peer.send(attach(3, "one more"))
        assert b"amqp:resource-limit-exceeded" in peer.until(DETACH)


def test_connections_that_have_not_opened_are_bounded(tmp_path: Path) -> None:
    settings: dict[str, object] = {"broker": {"listen": "127.0.0.1:0", "max_handshakes": 5, "handshake_timeout": "60s"}}
    with daemons.daemon("bascule-broker", settings, tmp_path) as small:
        port = int(small.amqp.rsplit(":", 1)[1])
        waiting = [RawPeer(port) for _ in range(5)]
        assert waiting[0].mechanisms()
        assert RawPeer(port).until_closed() == b"", "long before the handshake's time is over"
        waiting.pop().socket.close()
        eventually(lambda: opens(port), "its place is free")


def test_connections_that_never_open_give_their_places_back(tmp_path: Path) -> None:
    settings: dict[str, object] = {"broker": {"listen": "127.0.0.1:0", "max_handshakes": 5, "handshake_timeout": "1s"}}
    with daemons.daemon("bascule-broker", settings, tmp_path) as small:
        port = int(small.amqp.rsplit(":", 1)[1])
        for peer in [RawPeer(port) for _ in range(5)]:
            peer.until_closed()  # the handshake's time is over
        # A slow machine may need more than the second for a handshake, and tries again.
        eventually(lambda: opens(port), "there is room again")


def opens(port: int) -> bool:
    peer = RawPeer(port)
    try:
        peer.open()
    except EOFError:
        return False
    finally:
        peer.socket.close()
    return True


def test_credit_without_end(raw: RawPeer) -> None:
    """A receiver that grants four billion gets what there is, and the broker stays as it was."""
    raw.begin()
    raw.send(attach(0, "greedy", receiver=True))
    raw.until(ATTACH)
    for count in (MAX, 0x80000000, 0x7FFFFFFF):
        raw.send(flow(uint(0), uint(0), uint(count)))
    raw.send(flow(uint(0), uint(MAX), uint(MAX), NULL, TRUE, TRUE))
