"""Networks that are slow, cut, half-open or corrupt: nothing accepted is lost, nothing crashes, what is altered is noticed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from chaos.brokers import Broker, Load
from chaos.proxy import Proxy, Weather
from chaos.settings import FULL, SEED
from support.waiting import eventually

MakeBroker = Callable[..., Broker]


@pytest.fixture
def broker(make_broker: MakeBroker) -> Broker:
    return make_broker(idle_timeout="1s").start()


@pytest.fixture
def proxy(broker: Broker) -> Iterator[Proxy]:
    started = Proxy(broker.port, SEED)
    yield started
    started.close()


def finish(load: Load, broker: Broker, *producers: str) -> None:
    """The weather is fine again: everything accepted arrives."""
    load.stop(*producers)
    load.drain(broker)
    load.stop()


@pytest.mark.parametrize("weather", [Weather(delay=0.003), Weather(slices=1), Weather(slices=7, delay=0.0002)], ids=str)
def test_slow_and_sliced(weather: Weather, make_broker: MakeBroker, load: Load) -> None:
    broker = make_broker().start()  # patient: nobody is taken for dead on a slow machine
    proxy = Proxy(broker.port, SEED)
    proxy.weather = weather
    load.consume(proxy.url)
    load.produce(proxy.url, rate=100, size=300)
    load.wait_more("flushed", 100)
    finish(load, broker, "p")
    proxy.close()
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict
    assert verdict.redelivered == 0, "the connections were there all the time"


def test_connections_are_cut_again_and_again(broker: Broker, proxy: Proxy, load: Load) -> None:
    load.consume(proxy.url, credit=20)
    load.produce(proxy.url)
    for _ in range(60 if FULL else 12):
        load.wait_more("received", 15)
        proxy.cut()

    def hit() -> bool:
        seen = load.verdict(broker, drained=False)
        if seen.recovered + seen.redelivered == 0:
            proxy.cut()
        return seen.recovered + seen.redelivered > 0

    eventually(hit, "a cut hits something", pause=0.2)
    load.wait_more("accepted", 10)
    finish(load, broker, "p")
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict


def test_half_open_connections_are_noticed_by_both_sides(broker: Broker, proxy: Proxy, load: Load) -> None:
    """The peer is gone without a word: the broker gives what it held to others, and a client with a heartbeat connects anew."""
    load.consume(proxy.url, "c1", heartbeat=0.5, credit=30)
    load.produce(proxy.url, heartbeat=0.5)
    load.wait_more("flushed", 30)
    before = broker.ended_connections()
    proxy.weather = Weather(swallow=True)
    load.lost_touch("c1")
    eventually(lambda: broker.ended_connections() >= before + 2, "both half-open connections are reaped")
    load.consume(broker.url, "c2")
    proxy.weather = Weather()
    load.wait_more("accepted", 20)
    finish(load, broker, "p")
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict


def stirred(wanted: dict[Proxy, int]) -> Callable[[], bool]:
    """Whether each has flipped so many bits. Whoever waits for the rest of a frame whose length was flipped, and lets nothing
    come along that could be flipped, is cut off now and then."""
    asked = itertools.count(1)

    def all_flipped() -> bool:
        waiting = [proxy for proxy, number in wanted.items() if proxy.flipped < number]
        if next(asked) % 50 == 0:
            for proxy in waiting:
                proxy.cut()
        return not waiting

    return all_flipped


def test_flipped_bits_crash_nothing_and_are_noticed(
    broker: Broker, proxy: Proxy, load: Load, make_load: Callable[..., Load]
) -> None:
    """AMQP on TCP has no checksum of its own (TLS has): a flip in a frame ends the connection, one in a body is seen by whoever
    compares digests. Neither harms the broker, nor messages of others. (A flip in an outcome says `accepted` of another message:
    what that loses is nobody's fault, so where messages are counted only they are altered, and outcomes on a queue beside.)"""
    untouched = make_load("untouched")
    untouched.consume(broker.url, "uc")
    untouched.produce(broker.url, "up", rate=100)
    up, down = Proxy(broker.port, SEED + 1), Proxy(broker.port, SEED + 2)
    proxies = {proxy: "both", up: "up", down: "down"}
    beside = make_load("beside")
    beside.consume(proxy.url, "bc", heartbeat=0.5)
    beside.produce(proxy.url, "bp", heartbeat=0.5, rate=200, size=600)
    load.consume(down.url, heartbeat=0.5)
    load.produce(up.url, heartbeat=0.5, rate=200, size=600)
    load.wait_more("received", 20)
    before = broker.rss()
    for _ in range(100 if FULL else 15):
        wanted = {each: each.flipped + 2 for each in proxies}
        for each, way in proxies.items():
            each.weather = Weather(corrupt=0.1, corrupt_after=600, corrupt_way=way)
        eventually(stirred(wanted), "bits are flipped", 180)
        for each in proxies:
            each.weather = Weather()
            each.cut()
        assert broker.alive(), broker.log()[-2000:]
    load.wait_more("accepted", 10)
    load.consume(broker.url, "c2")
    finish(load, broker, "p")
    finish(untouched, broker, "up")
    for each in up, down:
        each.close()
    verdict = untouched.verdict(broker)
    assert not verdict.wrong, f"others were harmed: {verdict}"
    verdict = load.verdict(broker)
    assert verdict.unexpected, "no altered message was ever noticed"
    # A message whose id was altered on its way in arrives as another one; nothing else may be missing.
    assert len(verdict.lost) <= len(verdict.unexpected), verdict
    assert broker.rss() < before + 64 * 2**20
