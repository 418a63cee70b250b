"""Attack inputs as raw bytes: each must end its own connection or link with the documented error, and nothing else."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from proton import Message

from support.waiting import eventually


@pytest.fixture
def raw(shared_broker: Any, connect: Callable[..., Any], rawamqp: Any) -> Iterator[Any]:
    """A raw peer; when the test is over the broker must still serve others."""
    peer = rawamqp.RawPeer(shared_broker.port)
    yield peer
    peer.socket.close()
    assert shared_broker.alive()
    connection = connect()
    connection.create_sender("raw.alive").send(Message(body="still here"))
    receiver = connection.create_receiver("raw.alive", credit=1)
    assert receiver.receive(timeout=30).body == "still here"
    receiver.accept()


def test_garbage_instead_of_a_protocol_header(raw: Any) -> None:
    raw.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    raw.until_closed()


def test_unknown_version(raw: Any) -> None:
    raw.send(b"AMQP\x00\x00\x09\x01")
    raw.until_closed()


def test_open_in_an_amqp_frame_before_authentication(raw: Any, rawamqp: Any) -> None:
    """CVE-2026-114230: performatives between the SASL header and the outcome must not reach the engine."""
    raw.send(rawamqp.SASL_HEADER, rawamqp.frame(rawamqp.described(rawamqp.OPEN, rawamqp.string("evil"))))
    assert bytes([0x00, 0x53, rawamqp.OPEN]) not in raw.until_closed()


def test_open_inside_a_sasl_frame(raw: Any, rawamqp: Any) -> None:
    raw.send(rawamqp.SASL_HEADER, rawamqp.frame(rawamqp.described(rawamqp.OPEN, rawamqp.string("evil")), kind=1))
    assert bytes([0x00, 0x53, rawamqp.OPEN]) not in raw.until_closed()


def test_a_large_frame_before_authentication(raw: Any, rawamqp: Any) -> None:
    raw.send(rawamqp.SASL_HEADER, rawamqp.frame(rawamqp.described(0x41, rawamqp.symbol("ANONYMOUS"),
                                                                  rawamqp.binary(b"x" * 5000)), kind=1))
    raw.until_closed()


@pytest.mark.parametrize("header", [
    struct.pack(">IBBH", 7, 2, 0, 0), struct.pack(">IBBH", 0, 2, 0, 0), struct.pack(">IBBH", 0xFFFFFFFF, 2, 0, 0),
    struct.pack(">IBBH", 65 * 1024, 2, 0, 0), struct.pack(">IBBH", 16, 1, 0, 0), struct.pack(">IBBH", 16, 200, 0, 0),
    struct.pack(">IBBH", 16, 2, 7, 0),
], ids=["size-7", "size-0", "size-max", "beyond-max-frame", "doff-1", "doff-behind-the-end", "unknown-type"])
def test_frame_headers_that_cannot_be(raw: Any, header: bytes) -> None:
    raw.open()
    raw.send(header + b"\x00" * 8)
    assert b"amqp:" in raw.until_closed()


def test_channel_beyond_channel_max(raw: Any, rawamqp: Any) -> None:
    raw.open()
    raw.send(rawamqp.frame(rawamqp.described(rawamqp.BEGIN, rawamqp.NULL, rawamqp.uint(0), rawamqp.uint(1), rawamqp.uint(1)),
                           channel=4000))
    assert b"amqp:" in raw.until_closed()


def test_attach_without_a_session(raw: Any, rawamqp: Any) -> None:
    raw.open()
    raw.send(raw.attach("q", name="x", handle=0, receiver=False))
    raw.until_closed()


def test_array_of_four_billion_items_without_width(raw: Any, rawamqp: Any) -> None:
    """CVE-2026-66079: array32 of 2^32-1 zero-width elements."""
    bomb = b"\xf0" + struct.pack(">II", 5, 0xFFFFFFFF) + b"\x40"
    raw.authenticate()
    raw.send(rawamqp.frame(rawamqp.described(rawamqp.OPEN, rawamqp.string("raw"), *[rawamqp.NULL] * 5, bomb)))
    assert b"amqp:" in raw.until_closed()


def test_a_performative_nested_a_thousand_deep(raw: Any, rawamqp: Any) -> None:
    value = rawamqp.NULL
    for _ in range(1000):
        value = rawamqp.list32(value)
    raw.authenticate()
    raw.send(rawamqp.frame(rawamqp.described(rawamqp.OPEN, rawamqp.string("raw"), *[rawamqp.NULL] * 8, value)))
    raw.until_closed()


def test_transfer_without_delivery_id(raw: Any, rawamqp: Any) -> None:
    """PROTON-2853: an assertion in the engine."""
    raw.begin()
    raw.attach_sender("raw.q")
    raw.until(rawamqp.FLOW)
    raw.send(raw.transfer(rawamqp.data_section(b"x"), delivery=None))
    assert b"amqp:" in raw.until_closed()


def test_transfer_on_a_handle_that_was_never_attached(raw: Any, rawamqp: Any) -> None:
    raw.begin()
    raw.send(raw.transfer(rawamqp.data_section(b"x"), handle=9))
    raw.until_closed()


def test_more_transfers_than_credit(start_broker: Callable[..., Any], rawamqp: Any) -> None:
    """A full queue gives no more credit, and who sends all the same is detached."""
    broker = start_broker(config="[broker]\nmax_queue_messages = 100\n")
    peer = rawamqp.RawPeer(broker.port)
    peer.begin()
    peer.attach_sender("raw.credit")
    peer.until(rawamqp.FLOW)
    body = rawamqp.data_section(b"x")
    peer.send(*[peer.transfer(body, delivery=n, tag=struct.pack(">I", n), settled=True) for n in range(1500)])
    assert b"transfer-limit-exceeded" in peer.until(rawamqp.DETACH)
    assert broker.alive()


def test_endless_more(raw: Any, rawamqp: Any, shared_broker: Any) -> None:
    """A message that never ends is cut at max-message-size, and its sender when it goes on."""
    raw.begin()
    raw.attach_sender("raw.endless")
    raw.until(rawamqp.FLOW)
    before = shared_broker.rss()
    chunk = raw.transfer(b"x" * 60_000, more=True)
    raw.socket.settimeout(30)
    try:
        for _ in range(2000):  # 120 MB
            raw.socket.sendall(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass
    else:
        pytest.fail("the broker took 120 MB of one message")
    assert b"message-size-exceeded" in raw.until_closed()
    assert shared_broker.rss() - before < 64 << 20


def test_malformed_message_is_rejected_and_the_link_lives(raw: Any, rawamqp: Any) -> None:
    raw.begin()
    raw.attach_sender("raw.malformed")
    raw.until(rawamqp.FLOW)
    raw.send(raw.transfer(b"\x00\x53\x70\xc0\xff\x05garbage"))
    assert b"amqp:decode-error" in raw.until(rawamqp.DISPOSITION)
    raw.send(raw.transfer(rawamqp.data_section(b"fine"), delivery=1, tag=b"u"))
    assert b"\x00\x53\x24" in raw.until(rawamqp.DISPOSITION)  # accepted


def test_disposition_of_everything(raw: Any, rawamqp: Any) -> None:
    raw.begin()
    raw.send(rawamqp.frame(rawamqp.described(rawamqp.DISPOSITION, rawamqp.TRUE, rawamqp.uint(0), rawamqp.uint(0xFFFFFFFF),
                                             rawamqp.TRUE, rawamqp.described(0x24))))
    assert b"amqp:" in raw.until_closed()


def test_aborted_transfer_leaves_nothing(raw: Any, rawamqp: Any) -> None:
    raw.begin()
    raw.attach_sender("raw.aborted")
    raw.until(rawamqp.FLOW)
    aborted = rawamqp.described(rawamqp.TRANSFER, rawamqp.uint(0), rawamqp.uint(0), rawamqp.NULL, rawamqp.NULL, rawamqp.NULL,
                                rawamqp.FALSE, rawamqp.NULL, rawamqp.NULL, rawamqp.NULL, rawamqp.TRUE)
    raw.send(raw.transfer(rawamqp.data_section(b"half"), more=True), rawamqp.frame(aborted))
    raw.send(raw.transfer(rawamqp.data_section(b"whole"), delivery=1, tag=b"u"))
    assert b"\x00\x53\x24" in raw.until(rawamqp.DISPOSITION)


def test_handles_beyond_handle_max(raw: Any, rawamqp: Any) -> None:
    raw.begin()
    raw.send(*[raw.attach("raw.links", name=f"l{n}", handle=n, receiver=False) for n in range(300)])
    assert b"amqp:" in raw.until(rawamqp.CLOSE)


def test_every_prefix_of_a_session_then_hang_up(shared_broker: Any, rawamqp: Any) -> None:
    """Whatever a peer had sent when it died, the broker lives."""
    whole = b"".join([
        rawamqp.SASL_HEADER, rawamqp.frame(rawamqp.described(0x41, rawamqp.symbol("ANONYMOUS")), kind=1), rawamqp.AMQP_HEADER,
        rawamqp.frame(rawamqp.described(rawamqp.OPEN, rawamqp.string("raw"))),
        rawamqp.frame(rawamqp.described(rawamqp.BEGIN, rawamqp.NULL, rawamqp.uint(0), rawamqp.uint(9), rawamqp.uint(9))),
        rawamqp.RawPeer.attach("raw.prefix", name="p", handle=0, receiver=False),
        rawamqp.RawPeer.transfer(rawamqp.data_section(b"x")),
    ])
    for end in range(0, len(whole) + 1, 3):
        peer = rawamqp.RawPeer(shared_broker.port)
        peer.send(whole[:end])
        peer.socket.close()
    assert shared_broker.alive()


def test_a_peer_that_says_nothing_is_cut(start_broker: Callable[..., Any], rawamqp: Any) -> None:
    broker = start_broker(config='[broker]\nhandshake_timeout = "200ms"\n')
    silent = rawamqp.RawPeer(broker.port)
    assert silent.until_closed() == b""

    def halfway() -> bool:
        peer = rawamqp.RawPeer(broker.port)
        try:
            peer.authenticate()
        except EOFError:  # a slow machine: it was cut before it had come so far
            return False
        peer.until_closed()
        return True

    eventually(halfway, "who logs in and does not go on is cut")


def test_a_peer_that_falls_silent_is_cut(start_broker: Callable[..., Any], rawamqp: Any) -> None:
    broker = start_broker(config='[broker]\nidle_timeout = "400ms"\n')

    def fell_silent() -> bool:
        peer = rawamqp.RawPeer(broker.port)
        try:
            peer.begin()
        except EOFError:  # a slow machine: it was silent for so long in between
            return False
        return b"amqp:resource-limit-exceeded" in peer.until_closed()

    eventually(fell_silent, "who falls silent is told and cut")
