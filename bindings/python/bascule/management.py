"""A broker's queues, looked at and mended through its node ``$management`` (docs/broker.md, Management)."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
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


class Moving(Iterator[int], ABC):
    """Messages on their way: iterating gives how many have gone so far, until all have."""

    passed_over = 0  # that stay where they are

    @abstractmethod
    def __next__(self) -> int: ...

    @abstractmethod
    def stop(self) -> int:
        """Not one more goes from now on; how many went."""


class Operations(ABC):
    """What a broker's administrator does; over AMQP here, over HTTP in ``management_http``."""

    @abstractmethod
    def nodes(self) -> list[Node]: ...
    @abstractmethod
    def declare(self, name: str, kind: str = "queue") -> None: ...
    @abstractmethod
    def delete(self, name: str) -> None: ...
    @abstractmethod
    def purge(self, name: str) -> int: ...
    @abstractmethod
    def peek(self, name: str, count: int) -> list[Peeked]: ...

    @abstractmethod
    def move(self, name: str, to: str, limit: int | None = None, rate: float | None = None) -> Moving:
        """Moves messages, oldest first. ``rate``: messages a second."""

    @abstractmethod
    def redrive(self, name: str, limit: int | None = None, rate: float | None = None) -> Moving:
        """Dead letters back to where they came from; as `move`."""


class Management(Operations):
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
        return [node_of(each) for each in self.request("list")]

    def declare(self, name: str, kind: str = "queue") -> None:
        self.request("declare", name=name, kind=kind)

    def delete(self, name: str) -> None:
        self.request("delete", name=name)

    def purge(self, name: str) -> int:
        return int(self.request("purge", name=name)["count"])

    def peek(self, name: str, count: int) -> list[Peeked]:
        found = self.request("peek", name=name, count=count)
        return [Peeked(each["position"], each["delivery-count"], each["message"]) for each in found]

    def move(self, name: str, to: str, limit: int | None = None, rate: float | None = None) -> Moving:
        return Batches(lambda n: self.request("move", name=name, to=to, count=n), limit, rate)

    def redrive(self, name: str, limit: int | None = None, rate: float | None = None) -> Moving:
        return Batches(lambda n: self.request("redrive", name=name, count=n), limit, rate)


def node_of(told: dict[str, Any]) -> Node:
    known = Node.__dataclass_fields__
    return Node(**{key: value for key, value in told.items() if key in known})


class Batches(Moving):
    """One request after another, paced here; between two of them it can be stopped."""

    def __init__(self, step: Callable[[int], Any], limit: int | None, rate: float | None) -> None:
        self._step, self._limit, self._rate = step, limit, rate
        self._batch = BATCH if rate is None else max(1, min(BATCH, round(rate / 10)))
        self._moved = 0
        self._began: float | None = None

    def __next__(self) -> int:
        self._keep_pace()
        wanted = self._batch if self._limit is None else min(self._batch, self._limit - self._moved)
        count = int(self._step(wanted)["count"]) if wanted else 0
        if count == 0:
            raise StopIteration
        self._moved += count
        return self._moved

    def _keep_pace(self) -> None:
        if self._began is None:
            self._began = time.monotonic()
        elif self._rate is not None:
            time.sleep(max(0.0, self._began + self._moved / self._rate - time.monotonic()))

    def stop(self) -> int:
        self._limit = self._moved
        return self._moved
