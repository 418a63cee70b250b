"""Waiting for a condition with a deadline; a test never sleeps to let something happen. Claims of speed, on any machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

T = TypeVar("T")


def eventually(condition: Callable[[], T], what: str, seconds: float = 90.0, pause: float = 0.02) -> T:
    """Calls `condition` until it is true and returns what it gave; AssertionError names `what` at the deadline.

    An AssertionError, OSError or broken HTTP exchange of the condition counts as "not yet", and is the error's cause if time runs out.
    """
    deadline = time.monotonic() + seconds
    last: Exception | None = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = None
        except (AssertionError, OSError, httpx.TransportError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}") from last
        time.sleep(pause)


def once_within(seconds: float, attempt: Callable[[], float], what: str, tries: int = 5) -> None:
    """A claim of speed: one of a few attempts takes less than `seconds`; each gives how long it took.

    A busy machine makes any attempt slow, and none fast: what cannot be done in that time fails every time.
    """
    took: list[float] = []
    for _ in range(tries):
        took.append(attempt())
        if took[-1] < seconds:
            return
    raise AssertionError(f"not within {seconds:g} s, but in {', '.join(f'{each:.2f}' for each in took)} s: {what}")
