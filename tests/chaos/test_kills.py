"""kill -9 in a loop under load: what was accepted is there, what was settled for certain stays away."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from chaos.brokers import Broker, Load
from chaos.settings import KILLS, SEED
from support.waiting import eventually

SHORTEST, LONGEST = 0.05, 0.7


@pytest.mark.timeout(3600)
def test_nothing_accepted_is_lost_and_nothing_settled_comes_back(
    make_broker: Callable[..., Broker], load: Load
) -> None:
    rounds = KILLS
    chance = random.Random(SEED)
    broker = make_broker(journal_segment="1MiB")  # segments come and go all the time
    broker.start()
    load.consume(broker.url)
    load.produce(broker.url)
    eventually(lambda: load.count("flushed") > 0, "the load runs")
    for number in range(rounds):
        time.sleep(chance.uniform(SHORTEST, LONGEST))  # the moment of a crash is chance, not a condition

        def worked(number: int = number) -> bool:
            return load.count("accepted") > 20 * number and load.count("flushed") > 5 * number

        eventually(worked, "enough happened between the crashes, however slow the machine is", 90)
        broker.kill()
        broker.start()
    load.wait_more("accepted", 30)
    load.wait_more("flushed", 10)
    load.stop("p")
    load.drain(broker)
    load.stop("c")
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict
    assert verdict.accepted > 20 * rounds, f"too little happened: {verdict}"
    assert load.count("flushed") > 5 * rounds, "too few settlements were certain"
    print(f"\n{rounds} kills: {verdict}")


def test_the_same_with_two_producers_and_two_consumers(make_broker: Callable[..., Broker], load: Load) -> None:
    broker = make_broker(journal_segment="1MiB").start()
    for name in ("c1", "c2"):
        load.consume(broker.url, name, credit=10)
    for name in ("p1", "p2"):
        load.produce(broker.url, name, rate=200)
    eventually(lambda: load.count("flushed") > 0, "the load runs")
    for _ in range(6):
        load.wait_more("accepted", 20)
        broker.kill()
        broker.start()
    load.wait_more("accepted", 10)
    load.stop("p1", "p2")
    load.drain(broker)
    load.stop("c1", "c2")
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict


def test_clients_are_killed_and_the_broker_stays(make_broker: Callable[..., Broker], load: Load) -> None:
    """What a dead consumer held goes to the next one; what a dead producer was told stays true."""
    broker = make_broker().start()
    for round_ in range(4):
        consumer = load.consume(broker.url, f"c{round_}")
        producer = load.produce(broker.url, f"p{round_}")
        load.wait_more("received", 50)
        consumer.kill()
        producer.kill()
        consumer.wait()
        producer.wait()
        load.gone(f"c{round_}")
    load.consume(broker.url, "last")
    load.drain(broker)
    load.stop("last")
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict
    assert broker.alive()
