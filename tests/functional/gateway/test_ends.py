"""How a gateway ends, and how it lives without a broker."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from support import daemons
from support.waiting import eventually, once_within

get, options = functools.partial(httpx.get, timeout=30), functools.partial(httpx.options, timeout=30)


def test_a_drain_answers_what_is_open_then_exits(
    broker: daemons.Daemon, start_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    config: dict[str, object] = {"broker": {"url": broker.amqp}, "gateway": {"listen": "127.0.0.1:0", "loops": 2}}
    shelf = start_shelf()
    shelf.methods["rude"] = lambda message, a: None
    answers: list[httpx.Response] = []
    with daemons.daemon("bascule-gateway", config, tmp_path) as gateway:
        url = gateway.endpoints["http"]
        eventually(lambda: options(f"{url}/v1/rude").status_code == 204, "the routes are known")
        asking = threading.Thread(target=lambda: answers.append(_ask(url, shelf)))
        asking.start()
        eventually(lambda: shelf.seen, "the call is open")
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: _refused(url), "no new connection is taken")
        shelf.answer(shelf.seen[-1], "the last")
        asking.join(60)
        assert gateway.process.wait(60) == 0
    assert answers[0].json() == "the last"
    assert answers[0].headers["connection"] == "close"


def _ask(url: str, shelf: Any) -> httpx.Response:
    while True:  # both loops must know the route
        answer = get(f"{url}/v1/rude")
        if answer.status_code != 404:
            return answer


def _refused(url: str) -> bool:
    try:
        get(f"{url}/livez")
    except httpx.ConnectError:
        return True
    return False


def test_without_its_broker_it_says_so_and_answers_at_once(
    start_shelf: Callable[..., Any], contract: Any, tmp_path: Path
) -> None:
    for name in ("broker", "gateway"):
        (tmp_path / name).mkdir()
    with daemons.daemon("bascule-broker", {"broker": {"listen": "127.0.0.1:0"}}, tmp_path / "broker") as broker:
        config: dict[str, object] = {"broker": {"url": broker.amqp}, "gateway": {"listen": "127.0.0.1:0", "loops": 1}}
        with daemons.daemon("bascule-gateway", config, tmp_path / "gateway") as gateway:
            url = gateway.endpoints["http"]
            shelf = start_shelf(url=broker.amqp)
            shelf.methods["rude"] = lambda message, a: None
            eventually(lambda: options(f"{url}/v1/rude").status_code == 204, "the routes are known")
            failed: list[httpx.Response] = []
            asking = threading.Thread(target=lambda: failed.append(get(f"{url}/v1/rude")))
            asking.start()
            eventually(lambda: shelf.seen, "a call is open")
            broker.process.kill()
            asking.join(60)
            assert (failed[0].status_code, failed[0].headers["retry-after"]) == (503, "1")

            def refused() -> float:
                answer = get(f"{url}/v1/rude")
                assert answer.status_code == 503
                return answer.elapsed.total_seconds()

            once_within(4, refused, "its deadline, of 5 s, is not waited for")
            eventually(lambda: get(f"{url}/readyz").status_code == 503, "it is not ready")
            assert get(f"{url}/livez").status_code == 200
