"""Waiting for a condition with a deadline; a test never sleeps to let something happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], what: str, seconds: float = 10.0, pause: float = 0.02) -> T:
    """Calls `condition` until it is true and returns what it gave; AssertionError names `what` at the deadline.

    An AssertionError or OSError of the condition counts as "not yet", and is the error's cause if time runs out.
    """
    deadline = time.monotonic() + seconds
    last: Exception | None = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = None
        except (AssertionError, OSError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}") from last
        time.sleep(pause)
