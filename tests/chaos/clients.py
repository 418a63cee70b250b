"""A producer and a consumer as processes of their own, over an independent client (qpid-proton), with a ledger each.

    python -m chaos.clients produce --url URL --queue Q --ledger FILE --name NAME [--rate N] [--size MAX] [--window N]
    python -m chaos.clients consume --url URL --queue Q --ledger FILE --name NAME [--credit N]

Both connect again, for ever, when their connection ends. SIGTERM: the producer stops sending, waits until it has heard of what
is on its way (at most 5 s) and ends; the consumer ends.

A consumer cannot hear that its settlement was flushed. So it asks: it sends a durable message to a queue beside, and when that
is accepted, everything it had settled before the one *before* that was sent is on the disk: those settlements were on the wire
a turn earlier, and the broker's journal keeps the order.
"""

from __future__ import annotations

import argparse
import itertools
import random
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from proton import Delivery, Message
from proton.handlers import IncomingMessageHandler, MessagingHandler
from proton.reactor import AtLeastOnce, Container

from chaos.ledger import Ledger, digest

RECONNECT = 0.03
TICK = 0.02
LAST_WORDS = 5.0


class Client(MessagingHandler):  # type: ignore[misc]
    """A connection that comes back."""

    def __init__(self, options: argparse.Namespace, **settings: Any) -> None:
        super().__init__(auto_settle=True, **settings)
        self.options = options
        self.ledger = Ledger(options.ledger)
        self.stopping = False
        self.connection: Any = None
        self._epochs = itertools.count(1)
        self.who = ""
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def on_start(self, event: Any) -> None:
        self.container = event.container
        self._connect()
        self.container.schedule(TICK, self)

    def _connect(self) -> None:
        self.who = f"{self.options.name}.{next(self._epochs)}"
        self.connection = self.container.connect(
            self.options.url, reconnect=False, heartbeat=self.options.heartbeat or None
        )

    def on_connection_opened(self, event: Any) -> None:
        if event.connection == self.connection:
            self.attach(event)

    def on_transport_closed(self, event: Any) -> None:
        if event.connection != self.connection:
            return
        self.connection = None
        self.lost()
        self.ledger.flush()
        self._again = True

    on_transport_error = lambda self, event: None  # noqa: E731  (on_transport_closed follows)
    on_connection_error = on_transport_error
    on_link_error = on_transport_error

    _again = False
    _waited = 0.0

    def on_timer_task(self, event: Any) -> None:
        if self._again:
            self._waited += TICK
            if self._waited >= RECONNECT and not (self.stopping and self.may_end()):
                self._again, self._waited = False, 0.0
                self._connect()
        self.tick()
        self.ledger.flush()
        if self.stopping and self.may_end():
            self.container.stop()
            return
        self.container.schedule(TICK, self)

    def attach(self, event: Any) -> None: ...
    def lost(self) -> None: ...
    def tick(self) -> None: ...
    def may_end(self) -> bool:
        return True


class Producer(Client):
    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.sender: Any = None
        self.numbers = itertools.count()
        self.on_their_way: dict[Any, str] = {}
        self.chance = random.Random(options.name)
        self.allowance = 0.0
        self.patience = LAST_WORDS

    def attach(self, event: Any) -> None:
        self.sender = event.container.create_sender(event.connection, self.options.queue, options=AtLeastOnce())

    def lost(self) -> None:
        self.sender = None
        self.on_their_way.clear()  # what became of them will never be known

    def tick(self) -> None:
        self.allowance = min(self.allowance + self.options.rate * TICK, self.options.window)
        if self.stopping:
            self.patience -= TICK
        while (not self.stopping and self.sender is not None and self.sender.credit > 0 and self.allowance >= 1
               and len(self.on_their_way) < self.options.window):  # fmt: skip
            self.allowance -= 1
            self._send()

    def _send(self) -> None:
        number = next(self.numbers)
        id_ = f"{self.options.name}-{number}"
        body = self.chance.randbytes(self.chance.randint(1, self.options.size))
        self.ledger.note("sent", id_, key=self.options.name, seq=number, digest=digest(id_, body))
        self.ledger.flush()
        delivery = self.sender.send(Message(id=id_, body=body, durable=True, inferred=True))
        self.on_their_way[delivery.tag] = id_

    def _outcome(self, event: Any, kind: Any) -> None:
        id_ = self.on_their_way.pop(event.delivery.tag, None)
        if id_ is not None and event.connection == self.connection and kind is not None:
            self.ledger.note(kind, id_)

    def on_accepted(self, event: Any) -> None:
        self._outcome(event, "accepted")

    def on_rejected(self, event: Any) -> None:
        self._outcome(event, "refused")

    def on_released(self, event: Any) -> None:
        self._outcome(event, None)

    def may_end(self) -> bool:
        return not self.on_their_way or self.patience <= 0


def name_of(id_: str) -> str:
    """As one word of the ledger; what is no text (a bit was flipped in it) is bytes in surrogates, as the library gives it."""
    return quote(id_, errors="surrogateescape")


class Decoding(IncomingMessageHandler):  # type: ignore[misc]
    """A message that the client library cannot decode is received all the same, under a name that nobody sent."""

    def on_delivery(self, event: Any) -> None:
        try:
            super().on_delivery(event)
        except Exception:  # the library lets anything out: ValueError, UnicodeError, its own
            self.delegate.undecodable(event)


class Consumer(Client):
    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options, prefetch=options.credit, auto_accept=False)
        plain = next(handler for handler in self.handlers if isinstance(handler, IncomingMessageHandler))
        self.handlers[self.handlers.index(plain)] = Decoding(auto_accept=False, delegate=self)
        self.barrier: Any = None
        self.settled: list[str] = []  # since the last barrier was sent
        self.on_the_wire: list[str] = []  # settled before the last barrier was sent
        self.asking: tuple[Any, list[str]] | None = None  # the barrier on its way, and what it vouches for

    def attach(self, event: Any) -> None:
        self.ledger.note("linked", who=self.who)
        self.ledger.flush()
        event.container.create_receiver(event.connection, self.options.queue)
        self.barrier = event.container.create_sender(event.connection, self.options.queue + ".barrier")

    def lost(self) -> None:
        self.ledger.note("gone", who=self.who)
        self.barrier, self.asking = None, None
        self.settled, self.on_the_wire = [], []

    def on_message(self, event: Any) -> None:
        body = event.message.body
        id_ = str(event.message.id)
        raw = bytes(body) if isinstance(body, bytes | memoryview) else repr(body).encode()
        again = event.message.delivery_count > 0 or not event.message.first_acquirer
        self._take(event.delivery, name_of(id_), digest(id_, raw), again)

    def undecodable(self, event: Any) -> None:
        self._take(event.delivery, name_of(f"undecodable-{event.delivery.tag}"), "-")

    def _take(self, delivery: Any, id_: str, digest_: str, again: bool = False) -> None:
        self.ledger.note("received", id_, seq=int(again), digest=digest_, who=self.who)
        self.ledger.flush()
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()
        self.ledger.note("settled", id_, who=self.who)
        self.settled.append(id_)

    def tick(self) -> None:
        if self.barrier is None or self.asking is not None or self.barrier.credit <= 0:
            return
        if not self.settled and not self.on_the_wire:
            return
        vouched, self.on_the_wire, self.settled = self.on_the_wire, self.settled, []
        sent = self.barrier.send(Message(body="barrier", durable=True, ttl=2))
        self.asking = (sent.tag, vouched)

    def on_accepted(self, event: Any) -> None:
        if self.asking is None or event.delivery.tag != self.asking[0] or event.connection != self.connection:
            return
        self.ledger.note("heard", who=self.who)
        for id_ in self.asking[1]:
            self.ledger.note("flushed", id_, who=self.who)
        self.asking = None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["produce", "consume"])
    for name in ("--url", "--queue", "--name"):
        parser.add_argument(name, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--window", type=int, default=100)
    parser.add_argument("--credit", type=int, default=50)
    parser.add_argument("--heartbeat", type=float, default=0.0)
    options = parser.parse_args()
    client = Producer(options) if options.what == "produce" else Consumer(options)
    Container(client).run()
    client.ledger.flush()


if __name__ == "__main__":
    main()
