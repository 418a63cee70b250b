"""A message of any size to and from a broker in bounded memory: qpid-proton's engine on a socket of ours, a part at a time.

qpid-proton's blocking client keeps a message whole, several times over, and takes quadratic time beyond some 256 MiB.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from proton import Collector, Connection, Delivery, Event, Link, Transport

PART = 256 << 10


class Stream:
    """One connection with one link at a time."""

    def __init__(self, url: str, timeout: float = 120) -> None:
        self.deadline = time.monotonic() + timeout
        to = urlsplit(url)
        self.socket = socket.create_connection((to.hostname, to.port), timeout=timeout)
        self.collector = Collector()
        self.connection = Connection()
        self.connection.collect(self.collector)
        self.connection.container = "streaming"
        self.connection.hostname = to.hostname or ""
        self.transport = Transport()
        self.transport.sasl().allowed_mechs("ANONYMOUS")
        self.transport.bind(self.connection)
        self.connection.open()
        self.session = self.connection.session()
        self.session.incoming_capacity = 4 * PART
        self.session.open()

    def close(self) -> None:
        self.connection.close()
        while self.transport.pending() > 0:
            self._write()
        self.socket.close()

    def send(self, address: str, parts: Iterable[bytes]) -> int:
        """Sends one encoded message, and gives the state its receiver settled it with."""
        link = self._attach(self.session.sender("s"), address)
        self._until(lambda: link.credit > 0)
        delivery = link.delivery("large")
        for part in parts:
            self._until(lambda: self.session.outgoing_bytes < PART)
            link.stream(part)
        link.advance()
        self._until(lambda: bool(delivery.remote_state) or delivery.settled)
        state = int(delivery.remote_state)
        delivery.settle()
        link.close()
        return state

    def receive(self, address: str, take: Callable[[bytes], object]) -> None:
        """Receives one encoded message, gives its bytes to `take`, and accepts it."""
        link = self._attach(self.session.receiver("r"), address)
        link.flow(1)
        while True:
            self._until(lambda: link.current is not None and (link.current.pending > 0 or not link.current.partial))
            delivery = link.current
            while part := link.recv(PART):
                take(part)
            if not delivery.partial:
                break
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()
        link.advance()
        link.close()

    def _attach(self, link: Link, address: str) -> Link:
        terminus = link.target if link.is_sender else link.source
        terminus.address = address
        link.open()
        return link

    def _until(self, holds: Callable[[], bool]) -> None:
        """Writes and reads until it holds."""
        while not holds():
            assert time.monotonic() < self.deadline, "timed out"
            if self.transport.pending() > 0:
                self._write()
            else:
                data = self.socket.recv(self.transport.capacity())
                assert data, f"the broker hung up: {self.transport.condition}"
                self.transport.push(data)
            self._look()

    def _write(self) -> None:
        pending = self.transport.pending()
        self.transport.pop(self.socket.send(self.transport.peek(pending)))

    def _look(self) -> None:
        while event := self.collector.peek():
            if event.type in (Event.LINK_REMOTE_CLOSE, Event.CONNECTION_REMOTE_CLOSE):
                condition = event.context.remote_condition
                assert condition is None, f"ended by the broker: {condition}"
            self.collector.pop()
