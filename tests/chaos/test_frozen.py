"""Processes that stand still and go on: the broker, a consumer, a producer."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from chaos.brokers import Broker, Load
from support.waiting import eventually

MakeBroker = Callable[..., Broker]


def clean(load: Load, broker: Broker) -> None:
    load.wait_more("accepted", 20)
    load.stop("p")
    load.drain(broker)
    load.stop()
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict
    assert broker.alive()


def test_a_frozen_broker(make_broker: MakeBroker, load: Load) -> None:
    """Shorter than the clients' patience, and longer: they connect anew, to be served once it goes on."""
    broker = make_broker(idle_timeout="1s").start()
    load.consume(broker.url, heartbeat=0.5)
    load.produce(broker.url, heartbeat=0.5)
    load.wait_more("flushed", 20)
    for pause in (0.2, 2.5):
        with broker.frozen():
            time.sleep(pause)  # the fault itself
        load.wait_more("flushed", 20)
    clean(load, broker)


def test_a_frozen_consumer_is_replaced_and_does_no_harm_when_it_goes_on(make_broker: MakeBroker, load: Load) -> None:
    broker = make_broker(idle_timeout="1s").start()
    frozen = load.consume(broker.url, "c1", credit=40)
    load.produce(broker.url)
    load.wait_more("flushed", 20)
    before = broker.ended_connections()
    load.freeze("c1")
    load.consume(broker.url, "c2")
    eventually(lambda: broker.ended_connections() > before, "the frozen consumer's connection is reaped")
    eventually(lambda: " received " in load.ledger("c2").read_text(), "the other consumer has its share")
    load.wait_more("received", 50)
    os.kill(frozen.pid, signal.SIGCONT)
    load.wait_more("received", 50)
    clean(load, broker)


def test_a_frozen_producer_comes_back(make_broker: MakeBroker, load: Load) -> None:
    broker = make_broker(idle_timeout="1s").start()
    load.consume(broker.url)
    frozen = load.produce(broker.url)
    load.wait_more("flushed", 20)
    before = broker.ended_connections()
    os.kill(frozen.pid, signal.SIGSTOP)
    eventually(lambda: broker.ended_connections() > before, "the frozen producer's connection is reaped")
    os.kill(frozen.pid, signal.SIGCONT)
    clean(load, broker)
