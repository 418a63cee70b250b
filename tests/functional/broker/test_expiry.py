"""How long a subscription outlives its link: durability, expiry policy and timeout of its source; and what ATTACH answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from proton import Data, Message, Terminus
from proton.reactor import Container, ReceiverOption
from proton.utils import BlockingConnection

from support.waiting import eventually

LINK, SESSION, CONNECTION, NEVER = (
    Terminus.EXPIRE_WITH_LINK, Terminus.EXPIRE_WITH_SESSION, Terminus.EXPIRE_WITH_CONNECTION, Terminus.EXPIRE_NEVER,
)  # fmt: skip
Connect = Callable[..., BlockingConnection]


class Lasting(ReceiverOption):
    def __init__(self, policy: int | None, timeout: int = 0, durability: int = Terminus.NONDURABLE) -> None:
        self.policy, self.timeout, self.durability = policy, timeout, durability

    def apply(self, receiver) -> None:
        if self.policy is not None:
            receiver.source.expiry_policy = self.policy
        receiver.source.timeout = self.timeout
        receiver.source.durability = self.durability


@pytest.fixture
def named(connect: Connect) -> Connect:
    def open_as(container_id: str) -> BlockingConnection:
        container = Container()
        container.container_id = container_id
        return connect(container=container)

    return open_as


def behind(connection: BlockingConnection) -> None:
    """What was asked before this was done."""
    connection.create_sender(None, name="behind").close()


def kept(connection: BlockingConnection, topic: str, option: Lasting) -> bool:
    """Is what was published before still there for the subscription?"""
    receiver = connection.create_receiver(topic, credit=10, name="mine", options=option)
    connection.create_sender(topic, name="mark").send(Message(body="mark"))
    first = receiver.receive(timeout=30).body
    receiver.accept()
    receiver.close()
    assert first in ("away", "mark")
    return first == "away"


@pytest.mark.parametrize("durability", [Terminus.NONDURABLE, Terminus.DELIVERIES])
@pytest.mark.parametrize(
    ("policy", "outlives_link", "outlives_connection"),
    [(LINK, False, False), (CONNECTION, True, False), (NEVER, True, True), (None, None, None)],
    ids=["link-detach", "connection-close", "never", "unsaid"],
)
def test_what_outlives_what(
    named: Connect, address: str, policy: int | None, outlives_link: bool, outlives_connection: bool, durability: int
) -> None:
    if policy is None:  # `durable` alone means for good, as every client that sets it alone expects
        outlives_link = outlives_connection = durability != Terminus.NONDURABLE
    topic, option = f"events.{address}", Lasting(policy, durability=durability)
    container = f"c{policy}{durability}"
    publisher = named("publisher")
    first = named(container)
    first.create_receiver(topic, credit=0, name="mine", options=option).link.detach()
    behind(first)
    publisher.create_sender(topic).send(Message(body="away"))
    assert kept(first, topic, option) == outlives_link
    first.create_receiver(topic, credit=0, name="mine", options=option)
    first.close()
    publisher.create_sender(topic, name="again").send(Message(body="away"))
    assert kept(named(container), topic, option) == outlives_connection


def test_a_session_ends_what_lasts_as_long_as_it(
    shared_broker: Any, rawamqp: Any, named: Connect, address: str
) -> None:
    """By hand: clients do not show their sessions. Two in one connection: the link's, and one that stays."""
    topic = f"events.{address}"
    peer = rawamqp.RawPeer(shared_broker.port)
    peer.begin()
    source = rawamqp.described(
        0x28, rawamqp.string(topic), rawamqp.uint(0), rawamqp.symbol("session-end"), rawamqp.uint(0)
    )
    attach = rawamqp.described(rawamqp.ATTACH, rawamqp.string("mine"), rawamqp.uint(0), rawamqp.TRUE, rawamqp.NULL,
                               rawamqp.NULL, source, rawamqp.described(0x29))  # fmt: skip
    detach = rawamqp.frame(rawamqp.described(rawamqp.DETACH, rawamqp.uint(0), rawamqp.FALSE))
    credit = rawamqp.frame(rawamqp.described(rawamqp.FLOW, *[rawamqp.uint(n) for n in (0, 2048, 0, 2048, 0, 0, 10)]))
    for bodies in (["away", "mark"], ["mark"]):
        peer.send(rawamqp.frame(attach), detach)
        peer.until(rawamqp.DETACH)
        named("publisher").create_sender(topic).send(Message(body="away"))
        if bodies == ["mark"]:
            peer.send(rawamqp.frame(rawamqp.described(rawamqp.END)))
            peer.until(rawamqp.END)
            peer.send(
                rawamqp.frame(
                    rawamqp.described(
                        rawamqp.BEGIN, rawamqp.NULL, rawamqp.uint(0), rawamqp.uint(2048), rawamqp.uint(2048)
                    )
                )
            )
            peer.until(rawamqp.BEGIN)
        peer.send(rawamqp.frame(attach), credit)
        peer.until(rawamqp.ATTACH)
        named("publisher").create_sender(topic).send(Message(body="mark"))
        for body in bodies:
            assert body.encode() in peer.until(rawamqp.TRANSFER)
        peer.send(rawamqp.frame(rawamqp.described(rawamqp.DETACH, rawamqp.uint(0), rawamqp.TRUE)))
        peer.until(rawamqp.DETACH)
    peer.socket.close()


@pytest.mark.parametrize("durability", [Terminus.NONDURABLE, Terminus.DELIVERIES])
def test_a_timeout_is_waited_for(named: Connect, address: str, durability: int) -> None:
    topic = f"events.{address}"
    option, brief = (Lasting(LINK, timeout=seconds, durability=durability) for seconds in (600, 1))
    connection = named(f"patient{durability}")
    connection.create_receiver(topic, credit=0, name="mine", options=option)
    connection.close()
    publisher = named("publisher")
    publisher.create_sender(topic).send(Message(body="away"))
    again = named(f"patient{durability}")
    assert kept(again, topic, option), "it came back in time"
    again.create_receiver(topic, credit=0, name="mine", options=brief)
    again.close()
    management = publisher.create_receiver(None, dynamic=True, name="answers")
    asking = publisher.create_sender("$management", name="asking")
    reply_to = management.link.remote_source.address

    def gone() -> bool:
        asking.send(Message(properties={"operation": "list"}, reply_to=reply_to))
        names = str(management.receive(timeout=30).body)
        management.accept()
        return f"{topic}::" not in names

    eventually(gone, "its second is over")


def test_attach_says_what_the_terminus_is(connect: Connect, address: str) -> None:
    """Not what was asked for: of deliveries nothing is kept, of queues' and targets' termini neither."""
    connection = connect()
    everything = Lasting(NEVER, durability=Terminus.DELIVERIES)
    source = connection.create_receiver(f"events.{address}", name="mine", options=everything).link.remote_source
    assert (source.durability, source.expiry_policy) == (Terminus.CONFIGURATION, NEVER)
    source = connection.create_receiver(address, name="queue", options=everything).link.remote_source
    assert (source.durability, source.expiry_policy, source.timeout) == (Terminus.NONDURABLE, LINK, 0)
    source = connection.create_receiver(
        f"events.{address}", name="brief", options=Lasting(CONNECTION, 7)
    ).link.remote_source
    assert (source.durability, source.expiry_policy, source.timeout) == (Terminus.NONDURABLE, CONNECTION, 7)

    class Target(ReceiverOption):
        def apply(self, link) -> None:
            link.target.durability, link.target.expiry_policy, link.target.timeout = Terminus.DELIVERIES, NEVER, 9

    sender = connection.create_sender(address, name="sender", options=Target())
    target = sender.link.remote_target
    assert (target.durability, target.expiry_policy, target.timeout) == (Terminus.NONDURABLE, LINK, 0)


@pytest.mark.parametrize("receiver", [False, True])
def test_an_unsettled_map_is_answered_by_none(shared_broker: Any, rawamqp: Any, address: str, receiver: bool) -> None:
    """Nothing is kept of a link's deliveries: whoever comes back with some hears that there are none."""
    peer = rawamqp.RawPeer(shared_broker.port)
    peer.begin()
    unsettled = b"\xc1\x08\x02" + b"\xa0\x01t" + b"\x00\x53\x24\x45"  # tag "t": accepted
    unsettled = b"\xc1" + bytes([len(unsettled) - 2]) + unsettled[2:]
    node = rawamqp.described(0x28 if receiver else 0x29, rawamqp.string(address))
    ends = [node, rawamqp.described(0x29)] if receiver else [rawamqp.described(0x28), node]
    peer.send(rawamqp.frame(rawamqp.described(
        rawamqp.ATTACH, rawamqp.string("back"), rawamqp.uint(0), rawamqp.TRUE if receiver else rawamqp.FALSE, rawamqp.NULL,
        rawamqp.NULL, *ends, unsettled, rawamqp.TRUE, rawamqp.NULL if receiver else rawamqp.uint(1),
    )))  # fmt: skip
    answer = Data()
    answer.decode(peer.until(rawamqp.ATTACH))
    answer.rewind()
    answer.next()
    fields = answer.get_object().value
    assert fields[0] == "back"
    assert fields[5 if receiver else 6] is not None, "attached"
    assert (fields[7:8] or [None])[0] is None, "no unsettled map"
    assert not (fields[8:9] or [None])[0], "and none that is incomplete"
    peer.socket.close()


def test_a_resumed_delivery_is_refused_not_taken_for_a_new_one(
    shared_broker: Any, connect: Connect, rawamqp: Any, address: str
) -> None:
    peer = rawamqp.RawPeer(shared_broker.port)
    peer.begin()
    peer.attach_sender(address)
    resumed = rawamqp.described(
        rawamqp.TRANSFER, rawamqp.uint(0), rawamqp.uint(0), b"\xa0\x01t", rawamqp.uint(0), rawamqp.FALSE, rawamqp.FALSE,
        rawamqp.NULL, rawamqp.NULL, rawamqp.TRUE,
    )  # fmt: skip
    peer.send(rawamqp.frame(resumed + rawamqp.data_section(b"the rest")))
    assert b"amqp:not-implemented" in peer.until(rawamqp.CLOSE)
    connection = connect()
    connection.create_sender(address).send(Message(body="new"))
    assert connection.create_receiver(address, credit=1).receive(timeout=30).body == "new"
