"""Selectors, browsing and priorities as an independent client sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from proton import Described, Message, Terminus, Timeout, symbol, ulong
from proton.reactor import Copy, Filter, LinkOption, Selector
from proton.utils import BlockingConnection, LinkDetached

Connect = Callable[..., BlockingConnection]


def bodies(receiver: Any, count: int) -> list[Any]:
    found = []
    for _ in range(count):
        found.append(receiver.receive(timeout=30).body)
        receiver.accept()
    return found


def nothing_more(receiver: Any) -> bool:
    try:
        receiver.receive(timeout=0.3)
        return False
    except Timeout:
        return True


def echoed(receiver: Any) -> dict[str, Any]:
    filters = receiver.link.remote_source.filter
    filters.rewind()
    return filters.get_dict() if filters.next() else {}


def test_a_selector_on_a_queue_takes_what_it_selects(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(20):
        sender.send(Message(body=n, properties={"n": n, "region": "EU" if n % 2 else "US"}))
    picky = connection.create_receiver(address, credit=30, options=Selector("region = 'EU' AND n BETWEEN 5 AND 15"))
    assert bodies(picky, 6) == [5, 7, 9, 11, 13, 15]
    assert nothing_more(picky)
    rest = connection.create_receiver(address, credit=30, name="rest")
    assert bodies(rest, 14) == [n for n in range(20) if n not in (5, 7, 9, 11, 13, 15)]


def test_what_is_applied_is_echoed_and_nothing_else(connect: Connect, address: str) -> None:
    connection = connect()
    filters = {
        symbol("jms-selector"): Described(ulong(0x0000468C00000004), "JMSPriority > 4"),
        symbol("something"): Described(symbol("example:unknown-filter"), "x"),
    }
    receiver = connection.create_receiver(address, credit=1, options=Filter(filters))
    answered = echoed(receiver)
    assert {str(key) for key in answered} == {"jms-selector"}
    assert answered[symbol("jms-selector")].value == "JMSPriority > 4"


@pytest.mark.parametrize(
    ("text", "position"), [("price >", 8), ("price = 'x", 9), ("1", 1), ("a LIKE 1", 8), ("(" * 80 + "TRUE", 65)]
)
def test_a_bad_selector_is_refused_with_its_place(connect: Connect, address: str, text: str, position: int) -> None:
    with pytest.raises(LinkDetached, match=rf"invalid-field.*character {position}:"):
        connect().create_receiver(address, options=Selector(text))


def test_headers_are_selected_by(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    sender.send(Message(body="no", id="ID:1", correlation_id="other", subject="order"))
    sender.send(Message(body="yes", id="ID:2", correlation_id="c-7", subject="order", priority=8, group_id="g"))
    text = "JMSCorrelationID = 'c-7' AND JMSType = 'order' AND JMSPriority = 8 AND JMSXGroupID LIKE 'g%'"
    receiver = connection.create_receiver(address, credit=10, options=Selector(text))
    assert bodies(receiver, 1) == ["yes"]
    assert nothing_more(receiver)


def test_a_deep_queue_is_searched_in_the_background(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(6000):
        sender.send(Message(body=n, properties={"kind": "common"})) if n % 1000 == 0 else sender.link.send(
            Message(body=n, properties={"kind": "common"})
        )
    sender.send(Message(body="needle", properties={"kind": "rare"}))
    picky = connection.create_receiver(address, credit=5, options=Selector("kind = 'rare'"))
    assert bodies(picky, 1) == ["needle"]


def exactly(connection: BlockingConnection, receiver: Any, count: int) -> list[Any]:
    """Gives credit for so many, and no more (receive() would), and takes them."""
    receiver.link.flow(count)
    connection.wait(lambda: len(receiver.fetcher.incoming) == count, msg=f"{count} messages")
    found = []
    for _ in range(count):
        found.append(receiver.fetcher.pop().body)
        receiver.accept()
    return found


def test_browsing_leaves_messages_where_they_are(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(50):
        sender.send(Message(body=n))
    browser = connection.create_receiver(address, credit=0, options=Copy(), name="browser")
    assert browser.link.remote_source.distribution_mode == Terminus.DIST_MODE_COPY
    assert exactly(connection, browser, 10) == list(range(10))
    taker = connection.create_receiver(address, credit=0, name="taker")
    assert exactly(connection, taker, 30) == list(range(30))
    assert exactly(connection, browser, 20) == list(range(30, 50)), "its place is stable while others take"
    browser.link.flow(1)
    sender.send(Message(body="new"))
    assert bodies(browser, 1) == ["new"]
    assert exactly(connection, taker, 21) == [*range(30, 50), "new"]


def test_browsing_with_a_selector(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(10):
        sender.send(Message(body=n, properties={"n": n}))
    browser = connection.create_receiver(address, credit=20, options=[Copy(), Selector("n > 6")])
    assert bodies(browser, 3) == [7, 8, 9]
    assert nothing_more(browser)


def test_a_higher_priority_goes_first_and_a_group_keeps_its_order(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for body, priority, group in [
        ("usual", 4, None), ("g1", 4, "g"), ("low", 1, None), ("g2", 9, "g"), ("high", 9, None), ("raised", 6, None),
    ]:
        sender.send(Message(body=body, priority=priority, group_id=group))
    receiver = connection.create_receiver(address, credit=10)
    assert bodies(receiver, 6) == ["high", "raised", "usual", "g1", "g2", "low"]


class Drain(LinkOption):
    def apply(self, link: Any) -> None:
        link.drain(0)


def test_drain_is_answered_when_nothing_is_left(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(3):
        sender.send(Message(body=n))
    receiver = connection.create_receiver(address, credit=0)
    receiver.link.drain(10)
    connection.wait(lambda: len(receiver.fetcher.incoming) == 3 and receiver.link.credit == 0, msg="the drain's answer")


def test_drain_of_a_selector_waits_until_all_was_looked_at(connect: Connect, address: str) -> None:
    connection = connect()
    sender = connection.create_sender(address)
    for n in range(5000):
        sender.link.send(Message(body=n, properties={"kind": "common"}))
    sender.send(Message(body="needle", properties={"kind": "rare"}))
    receiver = connection.create_receiver(address, credit=0, options=Selector("kind = 'rare'"))
    receiver.link.drain(10)
    connection.wait(lambda: not receiver.link.draining(), msg="the drain's answer")
    assert [message.body for message, _ in receiver.fetcher.incoming] == ["needle"]
