"""``bascule queues`` and ``bascule dlq`` against a broker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from proton import Message
from proton.utils import BlockingConnection

from .conftest import BrokerProcess

Connect = Callable[..., BlockingConnection]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(shared_broker: BrokerProcess) -> Run:
    def bascule(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bascule", *arguments, "--broker", shared_broker.url]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)

    return bascule


def send(connect: Connect, address: str, *bodies: str) -> None:
    sender = connect().create_sender(address)
    for body in bodies:
        sender.send(Message(body=body, subject="greeting", properties={"colour": "red"}))


def reject_all(connect: Connect, address: str, count: int) -> None:
    receiver = connect().create_receiver(address, credit=count)
    for _ in range(count):
        receiver.receive(timeout=30)
        receiver.reject()
    receiver.close()


def node(run: Run, address: str) -> dict[str, object]:
    listed = json.loads(run("queues", "list", "--json").stdout)
    return next(each for each in listed if each["address"] == address)


def test_list_peek_and_purge(run: Run, connect: Connect, address: str) -> None:
    send(connect, address, "one", "two")
    assert (node(run, address)["messages"], node(run, address)["kind"]) == (2, "queue")
    assert address in run("queues", "list").stdout
    first, second = map(json.loads, run("queues", "peek", address, "--json").stdout.splitlines())
    assert (first["body"], first["subject"], first["colour"]) == ("one", "greeting", "red")
    assert second["body"] == "two"
    assert "body=one" in run("queues", "peek", address, "-n", "1").stdout
    assert run("queues", "purge", address, "--yes").stdout == "2 removed\n"
    assert node(run, address)["messages"] == 0


def test_deleting_asks_first(run: Run, connect: Connect, address: str) -> None:
    assert run("queues", "declare", address).returncode == 0
    assert run("queues", "delete", address).returncode == 1, "nobody said yes"
    assert node(run, address)["kind"] == "queue"
    assert run("queues", "delete", address, "--yes").returncode == 0
    gone = run("queues", "purge", address, "--yes")
    assert gone.returncode == 1
    assert gone.stderr == f"bascule: purge {address}: there is no queue '{address}'\n"


def test_dead_letters_go_back_where_they_came_from(run: Run, connect: Connect, address: str) -> None:
    send(connect, address, "one", "two", "three")
    reject_all(connect, address, 3)
    assert node(run, "dlq." + address)["messages"] == 3
    letter = json.loads(run("dlq", "peek", address, "--json").stdout.splitlines()[0])
    assert letter["x-opt-dead-letter-reason"] == "rejected"
    assert letter["x-opt-dead-letter-source"] == address
    assert run("dlq", "redrive", address, "--limit", "1").stdout == "1 sent back\n"
    assert run("dlq", "redrive", address, "--rate", "100").stdout == "2 sent back\n"
    assert node(run, address)["messages"] == 3
    receiver = connect().create_receiver(address, credit=3)
    assert [receiver.receive(timeout=30).body for _ in range(3)] == ["one", "two", "three"]


def test_move_and_nonsense(run: Run, connect: Connect, address: str) -> None:
    send(connect, address, "one")
    nowhere = run("queues", "move", address, "nowhere-at-all")
    assert nowhere.returncode == 1
    assert "there is no queue or topic 'nowhere-at-all' to move to" in nowhere.stderr
    run("queues", "declare", address + ".other")
    assert run("queues", "move", address, address + ".other").stdout == "1 moved\n"
    assert run("queues", "peek", address, "-n", "1000").returncode == 2


def test_no_broker_there(run: Run) -> None:
    lost = subprocess.run(
        [sys.executable, "-m", "bascule", "queues", "list", "--broker", "amqp://127.0.0.1:1"],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert lost.returncode == 1
    assert lost.stderr == "bascule: the broker could not be reached within 5 s (list)\n"
