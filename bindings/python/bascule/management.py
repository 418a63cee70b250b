"""A broker's queues, looked at and mended through its node ``$management`` (docs/broker.md, Management)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bascule.connection import Connection
from bascule.errors import PlatformError

DEAD_LETTERS = "dlq."
BATCH = 100  # messages a request, where no rate is asked for


class ManagementError(PlatformError):
    """The broker refused, or did not answer. ``status``: 400, 404, 409; 0 when there was no answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Node:
    """A queue or topic. Counts are of messages; a topic has none."""

    address: str
    kind: str
    messages: int = 0
    unsettled: int = 0
    scheduled: int = 0
    bytes: int = 0
    consumers: int = 0

    @property
    def is_dead_letters(self) -> bool:
        return self.address.startswith(DEAD_LETTERS)


@dataclass(frozen=True)
class Peeked:
    """A message that stays where it is. ``message`` is its encoded sections without the header."""

    position: int
    delivery_count: int
    message: bytes


class Management:
    """The requests that a broker answers. Blocks; not for an event loop's thread. Thread safe."""

    def __init__(self, connection: Connection, timeout: float = 5.0) -> None:
        self._engine = connection.open()
        self._timeout = timeout

    def request(self, operation: str, **arguments: str | int | bool) -> Any:
        """Any operation; raises ManagementError."""
        answer = self._engine.manage({"operation": operation, **arguments}, self._timeout)
        if answer is None:
            what = "did not answer" if self._engine.connected() else "could not be reached"
            raise ManagementError(0, f"the broker {what} within {self._timeout:g} s ({operation})")
        status, description, value = answer
        if status != 200:
            name = f" {arguments['name']}" if "name" in arguments else ""
            raise ManagementError(status, f"{operation}{name}: {description}")
        return value

    def nodes(self) -> list[Node]:
        known = Node.__dataclass_fields__
        return [Node(**{key: value for key, value in each.items() if key in known}) for each in self.request("list")]

    def declare(self, name: str, kind: str = "queue") -> None:
        self.request("declare", name=name, kind=kind)

    def delete(self, name: str) -> None:
        self.request("delete", name=name)

    def purge(self, name: str) -> int:
        return int(self.request("purge", name=name)["count"])

    def peek(self, name: str, count: int) -> list[Peeked]:
        found = self.request("peek", name=name, count=count)
        return [Peeked(each["position"], each["delivery-count"], each["message"]) for each in found]

    def move(self, name: str, to: str, limit: int | None = None, rate: float | None = None) -> Iterator[int]:
        """Moves messages, oldest first; yields how many have gone so far. Stop iterating to stop moving."""
        return self._in_batches(lambda n: self.request("move", name=name, to=to, count=n), limit, rate)

    def redrive(self, name: str, limit: int | None = None, rate: float | None = None) -> Iterator[int]:
        """Dead letters back to where they came from; as `move`. ``rate``: messages a second."""
        return self._in_batches(lambda n: self.request("redrive", name=name, count=n), limit, rate)

    def _in_batches(self, step: Callable[[int], Any], limit: int | None, rate: float | None) -> Iterator[int]:
        moved, began = 0, time.monotonic()
        batch = BATCH if rate is None else max(1, min(BATCH, round(rate / 10)))
        while limit is None or moved < limit:
            wanted = batch if limit is None else min(batch, limit - moved)
            count = int(step(wanted)["count"])
            if count == 0:
                return
            moved += count
            yield moved
            if rate is not None:
                time.sleep(max(0.0, began + moved / rate - time.monotonic()))
