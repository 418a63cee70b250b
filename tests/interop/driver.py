"""Drives the client programs of clients/: one process a library, one JSON object a line each way."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

TREE = Path(__file__).resolve().parents[2]
CLIENTS = Path(__file__).with_name("clients")
BUILT = TREE / "build" / "interop"

Value = list[Any]
Message = dict[str, Any]

_names = itertools.count(1)


class AmqpError(Exception):
    """What the peer refused or ended, as the library told it; `condition` is `client` when the library itself failed."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(f"{condition}: {description}")
        self.condition = condition
        self.description = description


class Program:
    """A running client program."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.usable = True
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def call(self, op: str, **fields: Any) -> dict[str, Any]:
        try:
            answer = self._ask({"op": op, **fields})
        except BaseException:  # the test's time-out too: what it answers later is not for the next question
            self.usable = False
            raise
        if "error" in answer:
            raise AmqpError(answer["error"]["condition"], answer["error"]["description"])
        return answer

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        try:
            line = self._answers.get(timeout=120)
        except queue.Empty:
            raise AssertionError(f"the {self.name} client did not answer {command['op']} within 120 s")
        if line is None:
            raise AssertionError(f"the {self.name} client ended, with {self._process.wait()}, at {command['op']}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def connect(self, url: str, **options: Any) -> Connection:
        return Connection(self, url, options)

    def break_off(self) -> None:
        """Kills the program, and so its connections, without a word to the broker."""
        self.usable = False
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(timeout=30)
        except (subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()


class Connection:
    """A connection of a client program to a broker."""

    def __init__(self, program: Program, url: str, options: dict[str, Any]) -> None:
        self.program = program
        self.name = f"connection-{next(_names)}"
        self._open = True
        container = options.pop("container", self.name)
        answer = program.call("connect", connection=self.name, url=url, container=container, **options)
        self.offered: list[str] = answer.get("offered", [])

    def sender(self, address: str | None, **options: Any) -> Sender:
        return Sender(self, "sender", address, options)

    def receiver(self, address: str | None, credit: int = 0, **options: Any) -> Receiver:
        """With `credit`, that much is given at once."""
        made = Receiver(self, "receiver", address, options)
        if credit:
            made.credit(credit)
        return made

    def idle(self, seconds: float) -> None:
        self.program.call("idle", connection=self.name, seconds=seconds)

    def ended(self, timeout: float = 60) -> AmqpError:
        answer = self.program.call("ended", connection=self.name, timeout=timeout)
        self._open = False
        return AmqpError(answer["condition"], answer["description"])

    def close(self) -> None:
        if self._open:
            self._open = False
            self.program.call("close", connection=self.name)


class Link:
    def __init__(self, connection: Connection, op: str, address: str | None, options: dict[str, Any]) -> None:
        self.connection = connection
        self.handle = f"link-{next(_names)}"
        options.setdefault("name", self.handle)
        answer = self._call(op, address=address, **options)
        self.address: str | None = answer.get("address")

    def _call(self, op: str, **fields: Any) -> dict[str, Any]:
        return self.connection.program.call(op, connection=self.connection.name, link=self.handle, **fields)

    def close(self) -> None:
        self._call("detach", close=True)

    def detach(self) -> None:
        """DETACH with closed = false."""
        self._call("detach", close=False)

    def ended(self, timeout: float = 60) -> AmqpError:
        answer = self._call("ended", timeout=timeout)
        return AmqpError(answer["condition"], answer["description"])


class Sender(Link):
    def send(self, message: Message, **options: Any) -> dict[str, Any]:
        """Sends and waits for the outcome: `{"outcome": "accepted"}`."""
        outcome: dict[str, Any] = self._call("send", message=message, **options)["outcome"]
        return outcome

    def accepted(self, *messages: Message, **options: Any) -> None:
        """Sends messages that must all be accepted."""
        for message in messages:
            outcome = self.send(message, **options)
            assert outcome == {"outcome": "accepted"}, outcome


class Receiver(Link):
    def credit(self, credit: int, drain: bool = False) -> None:
        self._call("credit", credit=credit, drain=drain)

    def receive(self, count: int = 1, timeout: float = 60) -> list[Received]:
        """What came within `timeout`, at most `count`."""
        found = self._call("receive", count=count, timeout=timeout)["messages"]
        return [Received(self, message) for message in found]

    def one(self, timeout: float = 60) -> Received:
        found = self.receive(1, timeout)
        assert found, f"no message within {timeout} s"
        return found[0]

    def take(self, count: int, timeout: float = 60) -> list[Received]:
        """Exactly `count` messages, each accepted."""
        found = self.receive(count, timeout)
        assert len(found) == count, f"{len(found)} of {count} messages within {timeout} s"
        for message in found:
            message.accept()
        return found

    def is_empty(self) -> bool:
        """Nothing is available now: an answered drain brings no message."""
        if self.connection.program.name == "go_amqp":  # its drain is a case of its own
            self.credit(1)
            return not self.receive(1, timeout=0.1)
        self.credit(1, drain=True)
        return not self.receive(1, timeout=0)


class Received:
    """A message and its delivery."""

    def __init__(self, receiver: Receiver, message: Message) -> None:
        self._receiver = receiver
        self.delivery = message.pop("delivery")
        self.message = message

    @property
    def value(self) -> Value:
        found: Value = self.message["value"]
        return found

    @property
    def count(self) -> int:
        found: int = self.message["header"]["delivery_count"]
        return found

    def annotation(self, key: str) -> Value | None:
        for name, value in self.message.get("annotations", []):
            if name == ["symbol", key]:
                return list(value)
        return None

    def settle(self, outcome: str, **fields: Any) -> None:
        self._receiver._call("settle", delivery=self.delivery, outcome=outcome, **fields)

    def accept(self) -> None:
        self.settle("accepted")

    def release(self) -> None:
        self.settle("released")


def text(body: str, **sections: Any) -> Message:
    return {"value": ["string", body], **sections}


def texts(messages: list[Received]) -> list[str]:
    return [message.value[1] for message in messages]
