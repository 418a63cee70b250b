"""How a broker ends while peers are connected."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from support.waiting import once_within


def test_a_peer_that_does_not_answer_close_is_not_waited_for(start_broker: Callable[..., Any], rawamqp: Any) -> None:
    def drained() -> float:
        running = start_broker(config='[broker]\ndrain_time = "300ms"\n[log]\nlevel = "debug"\n')
        peer = rawamqp.RawPeer(running.port)
        peer.open()
        begun = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        peer.until(rawamqp.CLOSE)  # it is told, and says nothing
        assert running.process.wait(60) == 0
        assert "did not answer CLOSE" in running.log_text()
        took = time.monotonic() - begun
        assert took > 0.2
        return took

    once_within(2.5, drained, "Proton's own patience with a CLOSE is 5 s")


def test_a_peer_that_answers_ends_it_at_once(start_broker: Callable[..., Any], rawamqp: Any) -> None:
    running = start_broker(config='[broker]\ndrain_time = "60s"\n')
    peer = rawamqp.RawPeer(running.port)
    peer.open()
    running.process.send_signal(signal.SIGTERM)
    peer.until(rawamqp.CLOSE)
    peer.send(rawamqp.frame(rawamqp.described(rawamqp.CLOSE)))
    peer.until_closed()
    assert running.process.wait(30) == 0  # not the 60 s that it may take
