"""Events: groups, order, time, dead letters, duplicates, through every broker."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest

from bascule import Connection
from interop.brokers.brokers import RunningBroker
from interop.brokers.conftest import StartPeer
from support.waiting import eventually, once_within

NATIVE_DEDUPLICATION = {"artemis"}


def ids(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines]


@pytest.mark.feature("events to durable subscriptions shared by a group")
def test_each_group_gets_each_event_once(peer: StartPeer, topic: str) -> None:
    groups = {
        group: [peer("subscribe", topic, group, f"{group}-{n}", "take") for n in range(2)] for group in ("g1", "g2")
    }
    for members in groups.values():
        for member in members:
            member.wait_for("ready")
    assert peer("publish", topic, 60, 6, "e", 0).end()[-1] == "published 60"
    wanted = sorted(f"e-{i}" for i in range(60))
    for group, members in groups.items():

        def got(members: list[Any] = members) -> list[str]:
            return sorted(id_ for member in members for id_ in ids(member.said("event")))

        eventually(lambda got=got: len(got()) >= 60, f"{group} has all")
        assert got() == wanted


@pytest.mark.feature("events to durable subscriptions shared by a group")
def test_a_group_gets_what_came_while_it_was_away(peer: StartPeer, topic: str) -> None:
    member = peer("subscribe", topic, "g", "g-1", "take")
    member.wait_for("ready")
    member.kill()
    peer("publish", topic, 5, 0, "away", 0).end()
    assert ids(peer("subscribe", topic, "g", "g-2", "take").wait_for("event", 5)) == [f"away-{i}" for i in range(5)]


@pytest.mark.feature("one group, several topics")
def test_a_group_has_a_subscription_for_each_topic(peer: StartPeer, topic: str) -> None:
    here, there = peer("subscribe", topic, "g", "g-1", "take"), peer("subscribe", topic + "b", "g", "g-1", "take")
    here.wait_for("ready")
    there.wait_for("ready")
    peer("publish", topic, 2, 0, "here", 0).end()
    peer("publish", topic + "b", 3, 0, "there", 0).end()
    assert ids(here.wait_for("event", 2)) == ["here-0", "here-1"]
    assert ids(there.wait_for("event", 3)) == ["there-0", "there-1", "there-2"]


@pytest.mark.feature("an event that nobody subscribed to is taken")
def test_nobody_listens(peer: StartPeer, topic: str) -> None:
    assert peer("publish", topic, 3, 0, "x", 0).end()[-1] == "published 3"


@pytest.mark.feature("order of the events of a key, with two instances")
def test_order_by_key(peer: StartPeer, topic: str) -> None:
    members = [peer("subscribe", topic, "g", f"g-{n}", "take") for n in range(2)]
    for member in members:
        member.wait_for("ready")
    peer("publish", topic, 200, 4, "o", 0).end()
    eventually(lambda: sum(len(member.said("event")) for member in members) >= 200, "all have come")
    owners: dict[int, int] = {}
    for n, member in enumerate(members):
        numbers = [int(id_.split("-")[1]) for id_ in ids(member.said("event"))]
        for key in range(4):
            of_key = [number for number in numbers if number % 4 == key]
            assert of_key == sorted(of_key), "in order"
            if of_key:
                assert owners.setdefault(key, n) == n, "a key is at one instance at a time"
                assert len(of_key) == 50


@pytest.mark.feature("a killed subscriber's events go to the next one, in order")
def test_redelivery_keeps_the_order(peer: StartPeer, topic: str) -> None:
    dying = peer("subscribe", topic, "g", "g-1", "hold")
    dying.wait_for("ready")
    peer("publish", topic, 10, 1, "r", 0).end()
    dying.wait_for("event")
    dying.kill()
    heir = peer("subscribe", topic, "g", "g-2", "take")
    assert ids(heir.wait_for("event", 10, seconds=90)) == [f"r-{i}" for i in range(10)]


@pytest.mark.feature("scheduled delivery")
def test_an_event_comes_when_it_is_due(peer: StartPeer, topic: str) -> None:
    member = peer("subscribe", topic, "g", "g-1", "take")
    member.wait_for("ready")
    number = itertools.count()

    def came() -> float:
        """When the last of them came."""
        seen, name = len(member.said("event")), f"later{next(number)}"
        begun = time.time()
        peer("publish", topic, 3, 0, name, 1500).end()
        peer("publish", topic, 1, 0, "now", 0).end()
        events = [line.split() for line in member.wait_for("event", seen + 4)[seen:]]
        after = {id_: int(at) / 1000 - begun for id_, at in events}
        assert set(after) == {"now-0", *(f"{name}-{n}" for n in range(3))}
        late = [wait for id_, wait in after.items() if id_ != "now-0"]
        assert min(late) >= 1.5, after
        assert events[0][0] == "now-0" or after["now-0"] >= 1.5, "what is not due holds up nothing"
        return max(late)

    once_within(4, came, "they come when they are due")


@pytest.mark.feature("rejected events become dead letters")
def test_what_cannot_be_decoded_is_a_dead_letter(peer: StartPeer, topic: str) -> None:
    member = peer("subscribe", topic, "g", "g-1", "reject")
    member.wait_for("ready")
    peer("publish", topic, 2, 0, "bad", 0).end()
    dead = peer("read", f"dlq.{topic}::g")
    assert sorted(dead.wait_for("message", 2)) == ["bad-0", "bad-1"]


@pytest.mark.feature("an event that fails again and again becomes a dead letter")
def test_attempts_are_bounded(peer: StartPeer, topic: str) -> None:
    refuser = peer("refuse", topic, "g")
    refuser.wait_for("ready")
    peer("publish", topic, 1, 0, "poison", 0).end()
    dead = peer("read", f"dlq.{topic}::g")
    assert dead.wait_for("message", 1) == ["poison-0"]
    assert 10 <= len(refuser.said("attempt")) <= 11


@pytest.mark.feature("an event published twice: dropped by the broker, or known to the inbox by its id")
def test_duplicates(peer: StartPeer, topic: str, broker: RunningBroker) -> None:
    member = peer("subscribe", topic, "g", "g-1", "take")
    member.wait_for("ready")
    # Ids are remembered for the whole broker.
    id_ = f"{topic}!"
    assert peer("publish", topic, 2, 0, id_, 0).end()[-1] == "published 2"
    peer("publish", topic, 1, 0, "last", 0).end()
    expected = [id_] if broker.name in NATIVE_DEDUPLICATION else [id_, id_]
    assert ids(member.wait_for("event", len(expected) + 1)) == [*expected, "last-0"]


@pytest.mark.feature("listening by a pattern")
async def test_a_pattern(broker: RunningBroker, peer: StartPeer, topic: str) -> None:
    heard: list[str] = []
    async with Connection(broker.url) as connection:
        connection.attach().listen("events.test.#", ["topic"], lambda message: heard.append(message["to"]))

        # Volatile: what was published before it stood is not for it.
        number = itertools.count()
        deadline = time.monotonic() + 90
        while topic not in heard:
            assert time.monotonic() < deadline, f"not heard: {heard}"
            peer("publish", topic, 1, 0, f"p{next(number)}", 0).end()
            await asyncio.sleep(0.05)  # what was heard is told on this loop
