"""Dead letters, scheduled delivery and ordering by group, as an independent client sees them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from proton import Condition, Message, Timeout, symbol, timestamp
from proton.utils import BlockingConnection

Connect = Callable[..., BlockingConnection]


def test_rejected_with_a_reason(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="bad", durable=True, annotations={symbol("x-opt-mine"): "kept"}))
    receiver = connection.create_receiver(address, credit=1)
    receiver.receive(timeout=30)
    receiver.fetcher.unsettled[-1].local.condition = Condition("app:poison", "amount is negative")
    receiver.reject()
    dead = connection.create_receiver("dlq." + address, credit=1)
    letter = dead.receive(timeout=30)
    dead.accept()
    annotations = {str(key): value for key, value in letter.annotations.items()}
    assert letter.body == "bad"
    assert annotations["x-opt-mine"] == "kept"
    assert annotations["x-opt-dead-letter-reason"] == "rejected"
    assert annotations["x-opt-dead-letter-source"] == address
    assert annotations["x-opt-dead-letter-condition"] == "app:poison"
    assert annotations["x-opt-dead-letter-description"] == "amount is negative"
    assert annotations["x-opt-dead-letter-attempts"] == 1
    assert abs(annotations["x-opt-dead-letter-time"] / 1000 - time.time()) < 60


def test_ten_failed_attempts(connect: Connect, address: str) -> None:
    connection = connect()
    connection.create_sender(address).send(Message(body="poison"))
    receiver = connection.create_receiver(address, credit=1)
    for attempt in range(10):
        assert receiver.receive(timeout=30).delivery_count == attempt
        receiver.fetcher.unsettled[-1].local.failed = True
        receiver.release(delivered=True)
    dead = connection.create_receiver("dlq." + address, credit=1)
    letter = dead.receive(timeout=30)
    dead.accept()
    assert letter.annotations[symbol("x-opt-dead-letter-reason")] == "max-deliveries"
    assert letter.annotations[symbol("x-opt-dead-letter-attempts")] == 10


@pytest.mark.parametrize("key", ["x-opt-delivery-delay", "x-opt-delivery-time", "x-opt-scheduled-enqueue-time"])
def test_scheduled_delivery(connect: Connect, address: str, key: str) -> None:
    connection = connect()
    receiver = connection.create_receiver(address, credit=3)
    sent = time.monotonic()
    sender = connection.create_sender(address)
    for body, wait in (("much later", 600_000), ("later", 300)):
        value: object = wait if key.endswith("delay") else timestamp(int(time.time() * 1000) + wait)
        sender.send(Message(body=body, annotations={symbol(key): value}))
    sender.send(Message(body="now"))
    came = {receiver.receive(timeout=30).body: time.monotonic() - sent for _ in range(2)}
    assert set(came) == {"now", "later"}, "what is not due does not hold up the others"
    assert came["later"] > 0.29


def test_a_group_is_one_consumers_at_a_time(connect: Connect, address: str) -> None:
    one, two = connect(), connect()
    first = one.create_receiver(address, credit=1)
    sender = two.create_sender(address)
    for n in range(3):
        sender.send(Message(body=n, group_id="customer-7"))
    assert first.receive(timeout=30).body == 0
    second = two.create_receiver(address, credit=10)
    with pytest.raises(Timeout):
        second.receive(timeout=0.2)
    first.accept()
    first.close()
    assert [second.receive(timeout=30).body for _ in range(2)] == [1, 2], "more of a group, before what came is settled"
