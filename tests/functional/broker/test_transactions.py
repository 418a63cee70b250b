"""Local transactions, as AMQP 1.0, part 4 has them, with an independent client."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from proton import Data, Delivery, Described, Message, Terminus, symbol, ulong
from proton.reactor import SenderOption
from proton.utils import BlockingConnection, LinkDetached, SendException

Connect = Callable[..., BlockingConnection]
StartBroker = Callable[..., Any]
DECLARE, DISCHARGE, DECLARED, TRANSACTIONAL = 0x31, 0x32, 0x33, 0x34


class Coordinating(SenderOption):
    def apply(self, link: Any) -> None:
        link.target.type = Terminus.COORDINATOR
        link.target.capabilities.put_array(False, Data.SYMBOL)
        link.target.capabilities.enter()
        link.target.capabilities.put_symbol(symbol("amqp:local-transactions"))
        link.target.capabilities.exit()


class Transactions:
    """A coordinator link of one connection's session."""

    def __init__(self, connection: BlockingConnection, name: str = "coordinator") -> None:
        self.connection = connection
        self.sender = connection.create_sender(None, options=Coordinating(), name=name)

    def _ask(self, code: int, fields: list[Any]) -> Any:
        delivery = self.sender.link.send(Message(body=Described(ulong(code), fields)))
        self.connection.wait(lambda: delivery.remote_state != 0 or delivery.settled, msg="the coordinator's answer")
        return delivery

    def declare(self) -> bytes:
        delivery = self._ask(DECLARE, [None])
        assert delivery.remote_state == DECLARED, delivery.remote.condition
        return bytes(delivery.remote.data[0])

    def discharge(self, identifier: bytes, fail: bool = False) -> str:
        """'' or the error condition."""
        delivery = self._ask(DISCHARGE, [identifier, fail])
        if delivery.remote_state == Delivery.ACCEPTED:
            return ""
        assert delivery.remote_state == Delivery.REJECTED
        return str(delivery.remote.condition.name)

    def send(self, sender: Any, identifier: bytes, message: Message) -> Any:
        delivery = sender.link.send(message)
        delivery.local.data = [identifier]
        delivery.update(TRANSACTIONAL)
        self.connection.wait(lambda: delivery.remote_state != 0, msg="the outcome")
        return delivery

    def settle(self, receiver: Any, identifier: bytes, outcome: int = Delivery.ACCEPTED, fields: list[Any] | None = None) -> None:
        delivery = receiver.fetcher.unsettled.popleft()
        delivery.local.data = [identifier, Described(ulong(int(outcome)), fields or [])]
        delivery.update(TRANSACTIONAL)
        delivery.settle()


def is_empty(connection: BlockingConnection, address: str) -> bool:
    """The broker answers a drain with no message."""
    receiver = connection.create_receiver(address, credit=0, name=f"drain-{uuid.uuid4().hex}")
    receiver.link.drain(1)
    connection.wait(lambda: receiver.link.credit == 0, msg="the drain's answer")
    found = receiver.fetcher.has_message
    receiver.close()
    return not found


def received(connection: BlockingConnection, address: str, count: int) -> list[Any]:
    receiver = connection.create_receiver(address, credit=count, name=f"all-{uuid.uuid4().hex}")
    found = []
    for _ in range(count):
        found.append(receiver.receive(timeout=30).body)
        receiver.accept()
    receiver.close()
    return found


def test_what_is_sent_is_there_after_the_commit(connect: Connect, address: str) -> None:
    connection = connect()
    transactions = Transactions(connection)
    sender = connection.create_sender(address)
    identifier = transactions.declare()
    for n in range(3):
        delivery = transactions.send(sender, identifier, Message(body=n, durable=True))
        assert delivery.remote_state == TRANSACTIONAL
        assert delivery.settled
    assert is_empty(connect(), address)
    assert transactions.discharge(identifier) == ""
    assert received(connection, address, 3) == [0, 1, 2]


def test_a_rollback_forgets_what_was_sent_and_gives_back_what_was_taken(connect: Connect, address: str) -> None:
    connection = connect()
    transactions = Transactions(connection)
    connection.create_sender(address + ".in").send(Message(body="work"))
    receiver = connection.create_receiver(address + ".in", credit=1)
    assert receiver.receive(timeout=30).body == "work"
    identifier = transactions.declare()
    transactions.settle(receiver, identifier)
    transactions.send(connection.create_sender(address + ".out"), identifier, Message(body="result"))
    assert transactions.discharge(identifier, fail=True) == ""
    receiver.flow(1)
    again = receiver.receive(timeout=30)
    assert (again.body, again.delivery_count) == ("work", 1)
    identifier = transactions.declare()
    transactions.settle(receiver, identifier)
    transactions.send(connection.create_sender(address + ".out", name="again"), identifier, Message(body="result"))
    assert transactions.discharge(identifier) == ""
    receiver.close()
    assert received(connection, address + ".out", 1) == ["result"]
    assert is_empty(connection, address + ".in")


def test_a_rejection_in_a_transaction_keeps_its_reason(connect: Connect, address: str) -> None:
    connection = connect()
    transactions = Transactions(connection)
    connection.create_sender(address).send(Message(body="poison"))
    receiver = connection.create_receiver(address, credit=1)
    receiver.receive(timeout=30)
    identifier = transactions.declare()
    error = Described(ulong(0x1D), [symbol("app:poison"), "never"])
    transactions.settle(receiver, identifier, Delivery.REJECTED, [error])
    assert transactions.discharge(identifier) == ""
    letter = connection.create_receiver("dlq." + address, credit=1).receive(timeout=30)
    assert letter.annotations[symbol("x-opt-dead-letter-condition")] == "app:poison"


def test_an_unknown_transaction(connect: Connect, address: str) -> None:
    connection = connect()
    transactions = Transactions(connection)
    assert transactions.discharge(b"\0" * 8) == "amqp:transaction:unknown-id"
    assert transactions.discharge(b"other") == "amqp:transaction:unknown-id"
    delivery = transactions.send(connection.create_sender(address), b"\0" * 8, Message(body="x"))
    assert delivery.remote_state == Delivery.REJECTED
    assert str(delivery.remote.condition.name) == "amqp:transaction:unknown-id"


def test_a_lost_connection_rolls_back(connect: Connect, address: str) -> None:
    dying = connect()
    connect().create_sender(address).send(Message(body="work"))
    transactions = Transactions(dying)
    identifier = transactions.declare()
    receiver = dying.create_receiver(address, credit=1)
    receiver.receive(timeout=30)
    transactions.settle(receiver, identifier)
    transactions.send(dying.create_sender(address + ".out"), identifier, Message(body="result"))
    dying.close()
    other = connect()
    assert received(other, address, 1) == ["work"]
    assert is_empty(other, address + ".out")


def test_limits(start_broker: StartBroker, connect: Connect) -> None:
    config = "[broker]\nmax_transactions = 2\nmax_transaction_messages = 3\n"
    connection = connect(start_broker(config=config).url)
    transactions = Transactions(connection)
    identifier = transactions.declare()
    transactions.declare()
    refused = transactions._ask(DECLARE, [None])
    assert str(refused.remote.condition.name) == "amqp:resource-limit-exceeded"
    sender = connection.create_sender("q")
    for _ in range(3):
        assert transactions.send(sender, identifier, Message(body="x")).remote_state == TRANSACTIONAL
    assert transactions.send(sender, identifier, Message(body="x")).remote_state == Delivery.REJECTED
    assert transactions.discharge(identifier) == "amqp:resource-limit-exceeded"
    assert is_empty(connection, "q")


def test_a_transaction_that_lasts_too_long_is_rolled_back(start_broker: StartBroker, connect: Connect) -> None:
    connection = connect(start_broker(config='[broker]\ntransaction_timeout = "500ms"\n').url)
    transactions = Transactions(connection)
    connection.create_sender("in").send(Message(body="work"))
    receiver = connection.create_receiver("in", credit=1)
    assert receiver.receive(timeout=30).body == "work"
    late = transactions.declare()
    transactions.settle(receiver, late)
    transactions.send(connection.create_sender("out"), late, Message(body="late"))
    receiver.flow(1)
    assert receiver.receive(timeout=30).body == "work", "it was given back, nobody having said anything"
    assert transactions.discharge(late) == "amqp:transaction:timeout"
    assert is_empty(connection, "out")


def test_a_commit_survives_a_crash_whole(start_broker: StartBroker, connect: Connect, tmp_path: Any) -> None:
    broker = start_broker("--data", str(tmp_path))
    connection = connect(broker.url)
    connection.create_sender("in").send(Message(body="work", durable=True))
    transactions = Transactions(connection)
    receiver = connection.create_receiver("in", credit=1)
    receiver.receive(timeout=30)
    identifier = transactions.declare()
    transactions.settle(receiver, identifier)
    for queue in ("a", "b"):
        transactions.send(connection.create_sender(queue), identifier, Message(body=queue, durable=True))
    open_one = transactions.declare()
    transactions.send(connection.create_sender("a", name="open"), open_one, Message(body="never", durable=True))
    assert transactions.discharge(identifier) == ""
    broker.kill()
    connection = connect(start_broker("--data", str(tmp_path)).url)
    assert received(connection, "a", 1) == ["a"]
    assert received(connection, "b", 1) == ["b"]
    assert is_empty(connection, "a")
    assert is_empty(connection, "in")


def test_a_commit_into_a_full_queue_is_rolled_back_whole(start_broker: StartBroker, connect: Connect) -> None:
    connection = connect(start_broker(config='[broker]\nmax_queue_messages = 2\noverflow = "reject"\n').url)
    transactions = Transactions(connection)
    full = connection.create_sender("full")
    for n in range(2):
        full.send(Message(body=n))
    with pytest.raises(SendException):
        full.send(Message(body=2))
    identifier = transactions.declare()
    transactions.send(connection.create_sender("free"), identifier, Message(body="free"))
    transactions.send(full, identifier, Message(body="too much"))
    assert transactions.discharge(identifier) == "amqp:transaction:rollback"
    assert is_empty(connection, "free")


def test_nonsense_to_the_coordinator(connect: Connect) -> None:
    connection = connect()
    transactions = Transactions(connection)
    delivery = transactions.sender.link.send(Message(body="hello"))
    connection.wait(lambda: delivery.remote_state != 0, msg="the answer")
    assert str(delivery.remote.condition.name) == "amqp:decode-error"
    assert transactions.discharge(transactions.declare()) == ""
    receiver = connection.create_receiver("q.nonsense", credit=1)
    connection.create_sender("q.nonsense").send(Message(body="x"))
    receiver.receive(timeout=30)
    delivery = receiver.fetcher.unsettled.popleft()
    delivery.local.data = [transactions.declare()]
    delivery.update(TRANSACTIONAL)
    with pytest.raises(LinkDetached):
        connection.wait(lambda: False, timeout=30, msg="the detach")
