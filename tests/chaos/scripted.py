"""A small, fixed workload over one blocking connection, with its history: for crash points and damaged files."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from proton import Message, ProtonException, Timeout
from proton.utils import BlockingConnection, LinkDetached

from chaos.history import Event
from chaos.ledger import digest

FAILURES = (ProtonException, OSError, LinkDetached)
PATIENCE = 30


class Script:
    """Publishes and reads one message after the other, and remembers what happened."""

    def __init__(self, queue: str = "scripted") -> None:
        self.queue = queue
        self.events: list[Event] = []
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self._number = 0
        self._chance = random.Random(7)
        self._settled: list[str] = []  # not covered by a flush for certain
        self._link = 0

    def send(self, sender: object, size: int, patience: float = PATIENCE) -> bool:
        """One durable message; true when it was accepted. An outcome other than `accepted` is in the history too."""
        id_ = f"s-{self._number}"
        body = self._chance.randbytes(size)
        self.events.append(Event("sent", id_, key="s", seq=self._number, digest=digest(id_, body)))
        self._number += 1
        covered = list(self._settled)  # the connection waited since: these settlements were before this on the wire
        try:
            sender.send(Message(id=id_, body=body, durable=True, inferred=True), timeout=patience)  # type: ignore[attr-defined]
        except FAILURES as error:
            if type(error).__name__ == "SendException":
                self.events.append(Event("refused", id_))
                self.refused.append(id_)
                return False
            raise
        self.events.append(Event("accepted", id_))
        self.accepted.append(id_)
        self.events += [Event("flushed", one) for one in covered]
        self._settled = self._settled[len(covered) :]
        return True

    def send_or_wait(self, connection: BlockingConnection, sender: object, size: int) -> bool:
        """Sends; false when it is refused, or there is no credit for it. No outcome at all is an error, on a full disk too."""
        try:
            connection.wait(lambda: sender.link.credit > 0, timeout=10, msg="credit")  # type: ignore[attr-defined]
        except Timeout:
            return False
        return self.send(sender, size)

    def receive(self, receiver: object, timeout: float = PATIENCE) -> str:
        return self._take(receiver, receiver.receive(timeout=timeout))  # type: ignore[attr-defined]

    def _take(self, receiver: object, message: Message) -> str:
        id_, who = str(message.id), f"link{self._link}"
        self.events.append(Event("received", id_, digest=digest(id_, bytes(message.body)), who=who))
        receiver.accept()  # type: ignore[attr-defined]
        self.events.append(Event("settled", id_, who=who))
        self._settled.append(id_)
        return id_

    def drain(self, url: str) -> list[str]:
        """Everything that is in the queue: the broker itself says that there is no more, by what AMQP calls draining."""
        with connected(url) as connection:
            self._link += 1
            receiver = connection.create_receiver(self.queue, credit=0)
            got: list[str] = []
            while True:
                receiver.link.drain(100)
                connection.wait(lambda: receiver.link.credit == 0, msg="the end of the queue")
                if not receiver.fetcher.has_message:
                    return got
                while receiver.fetcher.has_message:
                    got.append(self._take(receiver, receiver.fetcher.pop()))

    def dead(self) -> None:
        """The broker died."""
        self.events += [Event("gone", who=f"link{self._link}"), Event("life")]
        self._settled = []

    def run(self, url: str, messages: int = 20, size: int = 9000, read: int = 12) -> None:
        """`messages` are published; `read` of them are read, in turn with the last that are published."""
        with connected(url) as connection:
            self._link += 1
            sender = connection.create_sender(self.queue)
            receiver = connection.create_receiver(self.queue, credit=1)
            for number in range(messages):
                self.send(sender, size)
                if number >= messages - read:
                    self.receive(receiver)


@contextmanager
def connected(url: str) -> Iterator[BlockingConnection]:
    connection = BlockingConnection(url, timeout=PATIENCE)
    try:
        yield connection
    finally:
        connection.timeout = 0.2  # the broker may be gone
        try:
            connection.close()
        except FAILURES:
            pass
