"""What a broker's restart and crash leave."""

from __future__ import annotations

import itertools

import pytest

from interop.brokers.brokers import RunningBroker
from interop.brokers.conftest import StartPeer
from support.waiting import eventually


@pytest.mark.feature("callers, services and subscribers connect again after a restart")
def test_everyone_comes_back(broker: RunningBroker, peer: StartPeer, topic: str, address: str) -> None:
    server, member = peer("serve", address, "a", "answer"), peer("subscribe", topic, "g", "g-1", "take")
    server.wait_for("ready")
    member.wait_for("ready")
    broker.stop()
    broker.start()
    # The caller waits for the connection; the server and the subscriber must attach again by themselves.
    number = itertools.count()

    def answered() -> bool:
        return peer("call", address, f"again{next(number)}", "idempotent", 2).end()[-1].startswith("reply")

    def heard() -> bool:
        peer("publish", topic, 1, 0, f"after{next(number)}", 0).end()
        return bool(member.said("event"))

    eventually(answered, "the service comes back", 120)
    eventually(heard, "the subscriber comes back", 120)


@pytest.mark.feature("accepted events survive kill -9 of the broker")
def test_accepted_events_survive_a_crash(broker: RunningBroker, peer: StartPeer, topic: str) -> None:
    member = peer("subscribe", topic, "g", "g-1", "take")
    member.wait_for("ready")
    member.kill()
    # RabbitMQ can lose a quorum queue that is younger than a second (docs/brokers.md): an orderly restart makes it old.
    broker.stop()
    broker.start()
    assert peer("publish", topic, 50, 5, "kept", 0).end()[-1] == "published 50"
    broker.kill()
    broker.start()
    heir = peer("subscribe", topic, "g", "g-2", "take")
    got = [line.split()[0] for line in heir.wait_for("event", 50, seconds=90)]
    assert sorted(got) == sorted(f"kept-{i}" for i in range(50))
