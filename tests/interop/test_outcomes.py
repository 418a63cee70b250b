"""What a receiver decides on a message, and what a sender hears of it."""

from __future__ import annotations

import pytest

from interop.clients import Library
from interop.conftest import Connect, need
from interop.driver import text, texts
from interop.pairs import EACH


@pytest.mark.feature("accepted")
@EACH
def test_accepted_is_gone(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(text("a"), text("b"))
    receiver = connection.receiver(address, credit=2)
    assert texts(receiver.take(2)) == ["a", "b"]
    receiver.close()
    assert connection.receiver(address).is_empty()


@pytest.mark.feature("released: given back, not counted")
@EACH
def test_released_comes_back_uncounted(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(text("again"))
    receiver = connection.receiver(address, credit=2)
    first = receiver.one()
    assert first.count == 0
    first.release()
    second = receiver.one()
    assert second.value == first.value
    assert second.count == 0
    second.accept()


@pytest.mark.feature("modified, delivery-failed: given back, counted")
@EACH
def test_modified_failed_counts(client: Library, connect: Connect, address: str) -> None:
    need(client, "modify with fields")
    connection = connect(client)
    connection.sender(address).accepted(text("again"))
    receiver = connection.receiver(address, credit=3)
    for count in range(2):
        found = receiver.one()
        assert found.count == count
        found.settle("modified", failed=True)
    last = receiver.one()
    assert last.count == 2
    last.accept()


@pytest.mark.feature("modified without delivery-failed: given back, not counted")
@EACH
def test_modified_not_failed_does_not_count(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(text("again"))
    receiver = connection.receiver(address, credit=2)
    receiver.one().settle("modified")
    second = receiver.one()
    assert second.count == 0
    second.accept()


@pytest.mark.feature("modified, undeliverable-here: to another link")
@EACH
def test_modified_undeliverable_here_goes_elsewhere(client: Library, connect: Connect, address: str) -> None:
    need(client, "modify with fields")
    connection = connect(client)
    connection.sender(address).accepted(text("not for you"))
    first = connection.receiver(address, credit=2)
    second = connection.receiver(address)  # without anybody else it would be a dead letter
    first.one().settle("modified", failed=True, undeliverable=True)
    second.credit(1)
    found = second.one()
    assert found.value[1] == "not for you"
    assert found.count == 1
    found.accept()
    assert not first.receive(timeout=0)


@pytest.mark.feature("modified, message-annotations: merged into the message")
@EACH
def test_modified_annotations_are_merged(client: Library, connect: Connect, address: str) -> None:
    need(client, "modify with fields")
    connection = connect(client)
    kept = [["symbol", "x-opt-kept"], ["string", "kept"]]
    connection.sender(address).accepted(text("again", annotations=[kept, [["symbol", "x-opt-mine"], ["string", "old"]]]))
    receiver = connection.receiver(address, credit=2)
    receiver.one().settle("modified", failed=True, annotations=[[["symbol", "x-opt-mine"], ["string", "new"]]])
    second = receiver.one()
    second.accept()
    text_type = "text" if client.name == "rhea" else "string"
    assert second.annotation("x-opt-mine") == [text_type, "new"]
    assert second.annotation("x-opt-kept") == [text_type, "kept"]


@pytest.mark.feature("rejected: a dead letter with the receiver's condition and description")
@EACH
def test_rejected_is_a_dead_letter_with_the_reason(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(text("poison"))
    connection.receiver(address, credit=1).one().settle("rejected", condition="app:poison", description="amount is negative")
    letter = connection.receiver(f"dlq.{address}", credit=1).one()
    letter.accept()
    assert letter.value[1] == "poison"
    reason, source = letter.annotation("x-opt-dead-letter-reason"), letter.annotation("x-opt-dead-letter-source")
    assert reason is not None and reason[1] == "rejected"
    assert source is not None and source[1] == address
    if "reject with a reason" in client.cannot:
        return
    condition, description = (letter.annotation(f"x-opt-dead-letter-{part}") for part in ("condition", "description"))
    assert condition is not None and condition[1] == "app:poison"
    assert description is not None and description[1] == "amount is negative"


@pytest.mark.feature("The sender hears rejected, with its condition")
@EACH
def test_the_sender_hears_why(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    outcome = connection.sender(None).send(text("lost", properties={"to": f"{address}.nowhere"}))
    assert outcome["outcome"] == "rejected"
    if "read a reason" not in client.cannot:
        assert outcome["condition"] == "amqp:not-found"
        assert f"{address}.nowhere" in outcome["description"]


@pytest.mark.feature("Ten attempts, then a dead letter")
@EACH
def test_after_ten_attempts_it_is_a_dead_letter(client: Library, connect: Connect, address: str) -> None:
    need(client, "modify with fields")
    connection = connect(client)
    connection.sender(address).accepted(text("poison"))
    receiver = connection.receiver(address, credit=20)
    for _ in range(10):
        receiver.one().settle("modified", failed=True)
    letter = connection.receiver(f"dlq.{address}", credit=1).one()
    letter.accept()
    reason, attempts = letter.annotation("x-opt-dead-letter-reason"), letter.annotation("x-opt-dead-letter-attempts")
    assert reason is not None and reason[1] == "max-deliveries"
    assert attempts is not None and int(attempts[1]) == 10


@pytest.mark.feature("A sender that sends settled")
@EACH
def test_sent_settled(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    sender = connection.sender(address, settle="settled")
    for n in range(5):
        assert sender.send(text(str(n))) == {"outcome": "settled"}
    assert texts(connection.receiver(address, credit=5).take(5)) == ["0", "1", "2", "3", "4"]


@pytest.mark.feature("One link that sends some settled, some not")
@EACH
def test_sent_mixed(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    sender = connection.sender(address, settle="mixed")
    sender.send(text("settled"), settled=True)
    sender.accepted(text("unsettled"))
    assert texts(connection.receiver(address, credit=2).take(2)) == ["settled", "unsettled"]


@pytest.mark.feature("A receiver that gets its messages settled")
@EACH
def test_received_settled(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(text("at most once"))
    receiver = connection.receiver(address, credit=1, sender_settle="settled")
    assert receiver.one().value[1] == "at most once"
    receiver.close()
    assert connection.receiver(address).is_empty()


@pytest.mark.feature("Receiver settles second")
@pytest.mark.parametrize("outcome", ["accepted", "released", "rejected", "modified"])
@EACH
def test_settled_second(client: Library, outcome: str, connect: Connect, address: str) -> None:
    need(client, "settle second")
    connection = connect(client)
    connection.sender(address).accepted(text("once"))
    receiver = connection.receiver(address, credit=1, settle="second")
    receiver.one().settle(outcome, condition="app:no", description="no")  # waits for the broker's settlement
    receiver.close()
    assert connection.receiver(address).is_empty() == (outcome in ("accepted", "rejected"))
