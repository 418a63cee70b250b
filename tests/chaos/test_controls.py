"""Negative controls, end to end: something between producer and consumer that breaks one promise, and the checker says which.

A relay takes messages from one queue of a real broker and puts them into another, faithfully or not. test_disk_faults.py holds
the control of the disk: a broker that does not flush.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from proton import Message, Timeout

from chaos.brokers import Broker
from chaos.history import Event, check
from chaos.scripted import Script, connected

COUNT = 30
VICTIM = 11


def faithful(messages: list[Message]) -> Iterator[Message]:
    yield from messages


def drops(messages: list[Message]) -> Iterator[Message]:
    yield from (m for n, m in enumerate(messages) if n != VICTIM)


def repeats(messages: list[Message]) -> Iterator[Message]:
    """Once more, much later: when it was received and settled long ago."""
    yield from messages
    yield messages[VICTIM]


def swaps(messages: list[Message]) -> Iterator[Message]:
    swapped = list(messages)
    swapped[VICTIM], swapped[VICTIM + 5] = swapped[VICTIM + 5], swapped[VICTIM]
    yield from swapped


def alters(messages: list[Message]) -> Iterator[Message]:
    for number, message in enumerate(messages):
        if number == VICTIM:
            body = bytearray(bytes(message.body))
            body[len(body) // 2] ^= 1
            message = Message(id=message.id, body=bytes(body), durable=True, inferred=True)
        yield message


def renames(messages: list[Message]) -> Iterator[Message]:
    for number, message in enumerate(messages):
        if number == VICTIM:
            message = Message(id=messages[0].id, body=bytes(message.body), durable=True, inferred=True)
        yield message


def invents(messages: list[Message]) -> Iterator[Message]:
    yield from messages
    yield Message(id="nobody-1", body=b"?", durable=True, inferred=True)


Relay = Callable[[list[Message]], Iterator[Message]]
VICTIM_ID = f"s-{VICTIM}"
CASES: list[tuple[Relay, dict[str, list[str]]]] = [
    (faithful, {}),
    (drops, {"lost": [VICTIM_ID]}),
    (repeats, {"duplicated": [VICTIM_ID]}),
    (swaps, {"reordered": [f"s-{n}" for n in range(VICTIM, VICTIM + 5)]}),
    (alters, {"unexpected": [VICTIM_ID]}),
    (renames, {"lost": [VICTIM_ID], "unexpected": ["s-0"], "duplicated": ["s-0"]}),
    (invents, {"unexpected": ["nobody-1"]}),
]


def through_relay(broker: Broker, relay: Relay) -> list[Event]:
    """What a producer and a consumer saw of messages that went through the relay."""
    script = Script("in")
    with connected(broker.url) as connection:
        sender = connection.create_sender("in")
        for _ in range(COUNT):
            script.send(sender, 200)
        receiver = connection.create_receiver("in", credit=COUNT)
        taken = []
        for _ in range(COUNT):
            taken.append(receiver.receive(timeout=30))
            receiver.accept()
        onward = connection.create_sender("out")
        for message in relay(taken):
            onward.send(message)
    script.queue = "out"
    script.drain(broker.url)
    return script.events


@pytest.mark.parametrize(("relay", "wrong"), CASES, ids=[relay.__name__ for relay, _ in CASES])
def test_a_relay_that(relay: Relay, wrong: dict[str, list[str]], make_broker: Callable[..., Broker]) -> None:
    events = through_relay(make_broker().start(), relay)
    # Its consumer knows what it settled, and says so before the repetition comes.
    settled: set[str] = set()
    certain: list[Event] = []
    for event in events:
        certain.append(event)
        if event.kind == "settled" and event.id not in settled:
            settled.add(event.id)
            certain.append(Event("flushed", event.id))
    found = check(certain).wrong
    assert {name: sorted(set(ids)) for name, ids in found.items()} == {name: sorted(ids) for name, ids in wrong.items()}


def test_a_broker_whose_settlements_are_undone(make_broker: Callable[..., Broker]) -> None:
    """The data folder of an hour ago is put back: what was settled for certain comes again."""
    import shutil

    broker = make_broker().start()
    script = Script()
    with connected(broker.url) as connection:
        sender = connection.create_sender(script.queue)
        for _ in range(6):
            script.send(sender, 200)
    broker.stop()
    shutil.copytree(broker.data, broker.folder / "earlier")
    broker.start()
    with connected(broker.url) as connection:
        receiver = connection.create_receiver(script.queue, credit=1)
        for _ in range(3):
            script.receive(receiver)
        script.send(connection.create_sender(script.queue), 200)  # its flush covers the settlements
    broker.stop()
    script.dead()
    shutil.rmtree(broker.data)
    shutil.copytree(broker.folder / "earlier", broker.data)
    broker.start()
    script.drain(broker.url)
    found = check(script.events).wrong
    assert set(itertools.chain(*found.values())) == {"s-0", "s-1", "s-2", "s-6"}, found
    assert found["resurrected"] == ["s-0", "s-1", "s-2"] and found["lost"] == ["s-6"]


def test_a_queue_that_is_never_empty_is_no_loss(make_broker: Callable[..., Broker]) -> None:
    """The opposite control: what still waits is not blamed on the broker before the queue was drained."""
    broker = make_broker().start()
    script = Script()
    with connected(broker.url) as connection:
        script.send(connection.create_sender(script.queue), 10)
        with pytest.raises(Timeout):
            connection.create_receiver("another", credit=1).receive(timeout=0.05)
    assert not check(script.events, drained=False).wrong
