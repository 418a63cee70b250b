"""Settlement as an independent client sees it: modes, outcomes with their reasons, rest after failures, cancelling."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from proton import Delivery, Link, Message, Timeout, symbol, ulong
from proton.reactor import Container, DurableSubscription, LinkOption
from proton.utils import BlockingConnection

from support.waiting import eventually

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]


def named(container_id: str) -> Container:
    """A container of this id, for one connection."""
    container = Container()
    container.container_id = container_id
    return container


def settle(receiver: Any, state: int, **local: object) -> None:
    """Settles the oldest unsettled delivery with this state and these parts of it."""
    delivery = receiver.fetcher.unsettled.popleft()
    for name, value in local.items():
        setattr(delivery.local, name, value)
    delivery.update(state)
    delivery.settle()


def modify(receiver: Any, **local: object) -> None:
    settle(receiver, Delivery.MODIFIED, **local)


class Modes(LinkOption):
    def __init__(self, sender: int = Link.SND_UNSETTLED, receiver: int = Link.RCV_FIRST) -> None:
        self.sender, self.receiver = sender, receiver

    def apply(self, link: Any) -> None:
        link.snd_settle_mode, link.rcv_settle_mode = self.sender, self.receiver


def test_a_sender_that_settles_second_hears_the_outcome_and_settles(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address, options=Modes(receiver=Link.RCV_SECOND))
    assert sender.link.remote_rcv_settle_mode == Link.RCV_SECOND
    for n in range(300):  # more than a few windows' worth would need their settlement
        delivery = sender.link.send(Message(body=n))
        connection.wait(lambda delivery=delivery: delivery.remote_state == Delivery.ACCEPTED, msg="outcome")
        assert not delivery.settled, "this side is the first to settle"
        delivery.settle()
    receiver = connection.create_receiver(address, credit=300)
    for n in range(300):
        assert receiver.receive(timeout=30).body == n
        receiver.accept()


def test_a_receiver_that_settles_second_sees_its_outcome_and_that_it_is_settled(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="once"))
    receiver = connection.create_receiver(address, credit=1, options=Modes(receiver=Link.RCV_SECOND))
    assert receiver.receive(timeout=30).body == "once"
    delivery = receiver.fetcher.unsettled.popleft()
    delivery.update(Delivery.ACCEPTED)
    connection.wait(lambda: delivery.settled, msg="the broker settles")
    assert delivery.remote_state == Delivery.ACCEPTED
    delivery.settle()
    receiver.close()
    again = connection.create_receiver(address, credit=1, name="again")
    with pytest.raises(Timeout):
        again.receive(timeout=0.3)


def test_annotations_of_modified_join_the_message(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="work", annotations={symbol("x-opt-a"): "sent", symbol("x-opt-b"): 1}))
    receiver = connection.create_receiver(address, credit=1)
    receiver.receive(timeout=30)
    modify(receiver, annotations={symbol("x-opt-a"): "replaced", symbol("x-opt-c"): True})
    receiver.flow(1)
    again = receiver.receive(timeout=30)
    receiver.accept()
    assert again.annotations == {symbol("x-opt-a"): "replaced", symbol("x-opt-b"): 1, symbol("x-opt-c"): True}
    assert again.delivery_count == 0


def test_undeliverable_here_goes_elsewhere_and_then_to_the_dead_letters(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="work"))
    one = connection.create_receiver(address, credit=1, name="one")
    assert one.receive(timeout=30).body == "work"
    two = connection.create_receiver(address, credit=1, name="two")
    modify(one, undeliverable=True, failed=True)
    one.flow(1)
    assert two.receive(timeout=30).delivery_count == 1
    modify(two, undeliverable=True, failed=True)
    letters = connection.create_receiver("dlq." + address, credit=1)
    letter = letters.receive(timeout=30)
    letters.accept()
    assert letter.annotations[symbol("x-opt-dead-letter-reason")] == symbol("undeliverable-here")
    assert letter.annotations[symbol("x-opt-dead-letter-attempts")] == 2


def test_a_dead_letter_has_its_first_and_its_last_error(start_broker: StartBroker, connect: Connect) -> None:
    broker = start_broker(config="[broker]\nmax_deliveries = 3\n")
    connection = connect(broker.url)
    connection.create_sender("q").send(Message(body="poison"))
    receiver = connection.create_receiver("q", credit=1)
    for error in ("no such customer", "no answer", "gave up"):
        receiver.receive(timeout=30)
        modify(receiver, failed=True, annotations={symbol("x-opt-delivery-error"): error})
        receiver.flow(1)
    letter = connection.create_receiver("dlq.q", credit=1).receive(timeout=30)
    said = {str(key): value for key, value in letter.annotations.items()}
    assert said["x-opt-dead-letter-reason"] == "max-deliveries"
    assert said["x-opt-dead-letter-attempts"] == 3
    assert said["x-opt-dead-letter-first-error"] == "amqp:modified: no such customer"
    assert said["x-opt-dead-letter-last-error"] == "amqp:modified: gave up"
    assert "x-opt-delivery-error" not in said


RESTING = """
[broker]
[[broker.address]]
match = "work.#"
redelivery_delay = "300ms"
redelivery_jitter = 0.0
"""


def test_a_failed_message_rests(start_broker: StartBroker, connect: Connect) -> None:
    connection = connect(start_broker(config=RESTING).url)
    sender = connection.create_sender("work.a")
    sender.send(Message(body="fails"))
    sender.send(Message(body="others go on"))
    receiver = connection.create_receiver("work.a", credit=1)
    assert receiver.receive(timeout=30).body == "fails"
    failed = time.monotonic()
    modify(receiver, failed=True)
    receiver.flow(2)  # in one piece with the outcome: no machine is so slow that the rest is over in between
    assert receiver.receive(timeout=30).body == "others go on"
    assert receiver.receive(timeout=30).body == "fails"
    assert time.monotonic() - failed > 0.29


def test_a_receiver_says_when_it_wants_the_message_again(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="later"))
    receiver = connection.create_receiver(address, credit=1)
    receiver.receive(timeout=30)
    said = time.monotonic()
    modify(receiver, annotations={symbol("x-opt-delivery-delay"): ulong(300)})
    receiver.flow(1)
    again = receiver.receive(timeout=30)
    assert time.monotonic() - said > 0.29
    assert not again.annotations
    assert again.delivery_count == 0


def request(connection: BlockingConnection, **properties: object) -> Message:
    replies = connection.create_receiver(None, dynamic=True, credit=1)
    sender = connection.create_sender("$management", name=f"m{time.monotonic_ns()}")
    sender.send(Message(properties=properties, reply_to=replies.link.remote_source.address, correlation_id="c"))
    answer = replies.receive(timeout=30)
    for link in sender, replies:  # the broker allows 256 links at once
        link.close()
    return answer


def test_a_scheduled_message_is_cancelled(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(3):
        sender.send(Message(body=n, id=f"id-{n}", annotations={symbol("x-opt-delivery-delay"): ulong(600_000)}))
    scheduled = request(connection, operation="peek", name=address, scheduled=True).body
    assert len(scheduled) == 3
    assert request(connection, operation="cancel", name=address, position=ulong(scheduled[0]["position"])).body == {"count": 1}
    by_id = {"operation": "cancel", "name": address, "message-id": "id-2"}
    assert request(connection, **by_id).body == {"count": 1}
    assert request(connection, **by_id).properties["statusCode"] == 404
    assert request(connection, operation="cancel", name=address).properties["statusCode"] == 400
    listed = {node["address"]: node for node in request(connection, operation="list").body}
    assert listed[address]["scheduled"] == 1


DEDUP = """
[broker]
[[broker.address]]
match = "once.#"
dedup_window = "10m"
"""


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_repeated_message_is_accepted_and_not_enqueued(
    start_broker: StartBroker, connect: Connect, tmp_path: Any, kind: str
) -> None:
    config = DEDUP + '[[broker.address]]\nmatch = "events.once.#"\ndedup_window = "10m"\n'
    broker = start_broker("--data", str(tmp_path), config=config)
    connection = connect(broker.url, container=named("reader"))
    name = "once.q" if kind == "queue" else "events.once.Happened"
    read_from = name if kind == "queue" else name + "::reader.sub"
    if kind == "topic":
        connection.create_receiver(name, name="sub", options=DurableSubscription(), credit=0)
    sender = connection.create_sender(name)
    for _ in range(3):
        sender.send(Message(body="once", id="42", durable=True))
    sender.send(Message(body="by property", durable=True, properties={"_AMQ_DUPL_ID": "x"}))
    sender.send(Message(body="by property", durable=True, properties={"_AMQ_DUPL_ID": "x"}))
    broker.kill()
    broker = start_broker("--data", str(tmp_path), config=config)
    connection = connect(broker.url, container=named("other"))
    sender = connection.create_sender(name)
    sender.send(Message(body="once", id="42", durable=True))
    sender.send(Message(body="by property", durable=True, properties={"_AMQ_DUPL_ID": "x"}))
    sender.send(Message(body="last", id="43", durable=True))
    receiver = connection.create_receiver(read_from, credit=10)
    found = []
    while not found or found[-1] != "last":
        found.append(receiver.receive(timeout=30).body)
        receiver.accept()
    assert found == ["once", "by property", "last"]


@pytest.mark.parametrize(
    ("config", "line", "says"),
    [
        ('[broker]\n[[broker.address]]\nmax_messages = 1\n', 2, "match"),
        ('[broker]\n[[broker.address]]\nmatch = "a"\nmax_messages = 0\n', 4, "max_messages"),
        ('[broker]\n[[broker.address]]\nmatch = "a"\noverflow = "drop"\n', 4, "overflow"),
        ('[broker]\n[[broker.address]]\nmatch = "a"\nredelivery_jitter = 2.0\n', 4, "redelivery_jitter"),
        ('[broker]\n[[broker.address]]\nmatch = "a"\nredelivery_delay = "2m"\n', 4, "redelivery_delay"),
        ('[broker]\n[[broker.address]]\nmatch = "a"\nmax_mesages = 1\n', 4, "max_mesages"),
    ],
)
def test_wrong_settings_of_addresses_are_told_with_their_line(
    start_broker: StartBroker, config: str, line: int, says: str
) -> None:
    with pytest.raises(RuntimeError, match=rf"bascule.toml:{line}\b.*{says}"):
        start_broker(config=config)


def test_limits_by_address(start_broker: StartBroker, connect: Connect) -> None:
    config = """
[broker]
[[broker.address]]
match = "small.#"
max_messages = 2
overflow = "drop-head"
[[broker.address]]
match = "small.aging"
max_age = "200ms"
"""
    connection = connect(start_broker(config=config).url)
    sender = connection.create_sender("small.q")
    for n in range(5):
        sender.send(Message(body=n))
    receiver = connection.create_receiver("small.q", credit=5)
    assert [receiver.receive(timeout=30).body for _ in range(2)] == [3, 4]
    aging = connection.create_sender("small.aging")
    aging.send(Message(body="short"))

    def expired() -> bool:
        listed = {node["address"]: node for node in request(connection, operation="list").body}
        return bool(listed["small.aging"]["messages"] == 0)

    eventually(expired, "it is too old")
