"""docs/protocol.md, "lost instance": what becomes of requests whose service instance dies with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from proton import Message, ulong
from proton.utils import BlockingConnection

INSTANCE = """
import sys
from proton.utils import BlockingConnection
receiver = BlockingConnection(sys.argv[1]).create_receiver(sys.argv[2], credit=10)
for _ in range(int(sys.argv[3])):
    print(receiver.receive(timeout=30).body, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def instance(shared_broker: Any) -> Iterator[Callable[[str, int], subprocess.Popen[str]]]:
    """A service instance in a process of its own: takes so many requests, says so, and answers none."""
    running: list[subprocess.Popen[str]] = []

    def start(address: str, requests: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", INSTANCE, shared_broker.url, address, str(requests)]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_idempotent_goes_to_the_twin_and_the_others_are_answered_at_once(
    connect: Callable[..., BlockingConnection], instance: Callable[[str, int], subprocess.Popen[str]]
) -> None:
    address = "rpc.test.Lost"
    connection = connect()
    replies = connection.create_receiver(None, dynamic=True, credit=10)
    reply_to = replies.link.remote_source.address
    dying = instance(address, 3)
    sender = connection.create_sender(address)
    sender.send(Message(body="safe", reply_to=reply_to, correlation_id=ulong(1), properties={"bascule-idempotent": True}))
    sender.send(Message(body="once", reply_to=reply_to, correlation_id=ulong(2), properties={"bascule-idempotent": False}))
    sender.send(Message(body="plain", reply_to=reply_to, correlation_id=ulong(3)))
    assert dying.stdout is not None
    assert [dying.stdout.readline() for _ in range(3)] == ["safe\n", "once\n", "plain\n"]
    dying.kill()

    answers = [replies.receive(timeout=30) for _ in range(2)]
    assert sorted(answer.correlation_id for answer in answers) == [2, 3]
    for answer in answers:
        assert answer.properties["bascule-error"] == "unavailable"
        assert "instance" in answer.properties["bascule-error-message"]
        assert answer.address == reply_to
        assert bytes(answer.body) == b""
    twin = connection.create_receiver(address, credit=10)
    redelivered = twin.receive(timeout=30)
    assert (redelivered.body, redelivered.delivery_count) == ("safe", 1)
    twin.accept()


def test_a_detached_link_is_a_lost_instance_too(connect: Callable[..., BlockingConnection]) -> None:
    address = "rpc.test.Detached"
    connection = connect()
    replies = connection.create_receiver(None, dynamic=True, credit=10)
    receiver = connection.create_receiver(address, credit=1)
    connection.create_sender(address).send(
        Message(body="x", reply_to=replies.link.remote_source.address, correlation_id="text-id"))
    receiver.receive(timeout=30)
    receiver.close()
    assert replies.receive(timeout=30).correlation_id == "text-id"
