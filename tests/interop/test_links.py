"""The life of links: close and attach again, temporary nodes, the anonymous relay, requests and replies, deleted nodes."""

from __future__ import annotations

import time

import pytest

from interop.clients import PROTON_PYTHON, Library
from interop.conftest import Connect, Programs, need
from interop.driver import AmqpError, text, texts
from interop.pairs import EACH, PAIRS
from support.daemons import Daemon


@pytest.mark.feature("The broker offers what it can")
@EACH
def test_offered_capabilities(client: Library, connect: Connect) -> None:
    if client.name == "go_amqp":
        pytest.skip("go-amqp: it does not show what was offered")
    assert {"ANONYMOUS-RELAY", "SHARED-SUBS", "DELAYED_DELIVERY"} <= set(connect(client).offered)


@pytest.mark.feature("A closed link gives back what was not settled")
@EACH
def test_close_gives_back(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(text("a"), text("b"))
    first = connection.receiver(address, credit=2)
    assert texts(first.receive(2)) == ["a", "b"]
    first.close()
    again = connection.receiver(address, credit=2).receive(2)
    assert texts(again) == ["a", "b"]
    assert [message.count for message in again] == [0, 0]
    for message in again:
        message.accept()


@pytest.mark.feature("A link is attached again under its name")
@EACH
def test_a_name_again(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    for n in range(3):
        sender = connection.sender(address, name=f"{address}-out")
        receiver = connection.receiver(address, credit=1, name=f"{address}-in")
        sender.accepted(text(str(n)))
        assert texts(receiver.take(1)) == [str(n)]
        sender.close()
        receiver.close()


@pytest.mark.feature("A lost connection gives back what was not settled, counted")
@EACH
def test_a_lost_connection_counts(
    client: Library, connect: Connect, address: str, programs: Programs, broker: Daemon
) -> None:
    watcher = connect(PROTON_PYTHON)
    watcher.sender(address).accepted(text("in hand"))
    programs.get(client)
    lost = client.start()
    lost.connect(broker.amqp).receiver(address, credit=1).one()
    lost.break_off()
    found = watcher.receiver(address, credit=1).one()
    found.accept()
    assert found.count == 1


@pytest.mark.feature("A dynamic node: its address, its end")
@EACH
def test_dynamic_nodes(client: Library, connect: Connect) -> None:
    connection = connect(client)
    receiver = connection.receiver(None, dynamic=True, credit=1)
    assert receiver.address
    sender = connection.sender(receiver.address)
    sender.accepted(text("to a temporary queue"))
    assert texts(receiver.take(1)) == ["to a temporary queue"]
    receiver.close()
    assert sender.ended().condition == "amqp:resource-deleted"


@pytest.mark.feature("A dynamic node made by a sender")
@EACH
def test_dynamic_target(client: Library, connect: Connect) -> None:
    connection = connect(client)
    sender = connection.sender(None, dynamic=True)
    assert sender.address
    sender.accepted(text("kept"))
    assert texts(connection.receiver(sender.address, credit=1).take(1)) == ["kept"]


@pytest.mark.feature("Another connection cannot read a dynamic node")
@EACH
def test_a_dynamic_node_is_the_connections(client: Library, connect: Connect) -> None:
    address = connect(client).receiver(None, dynamic=True).address
    with pytest.raises(AmqpError) as refusal:
        connect(client).receiver(address)
    assert refusal.value.condition == "amqp:resource-locked"


@pytest.mark.feature("Request and reply")
@PAIRS
def test_request_and_reply(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    caller, service = connect(sender), connect(receiver)
    requests = service.receiver(address, credit=3)
    replies = caller.receiver(None, dynamic=True, credit=3)
    ask, answer = caller.sender(address), service.sender(None)
    for n in range(3):
        properties = {"reply_to": replies.address, "correlation_id": ["string", f"c{n}"]}
        ask.accepted(text(f"question {n}", properties=properties))
        request = requests.one()
        reply = request.message["properties"]
        answer.accepted(text(f"answer {n}", properties={"to": reply["reply_to"], "correlation_id": ["string", f"c{n}"]}))
        request.accept()
        found = replies.one()
        found.accept()
        assert found.value[1] == f"answer {n}"
        assert found.message["properties"]["correlation_id"][1] == f"c{n}"


@pytest.mark.feature("The anonymous relay")
@EACH
def test_anonymous_relay(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    one, two = connection.receiver(f"{address}.1", credit=1), connection.receiver(f"{address}.2", credit=1)
    relay = connection.sender(None)
    relay.accepted(
        text("for two", properties={"to": f"{address}.2"}), text("for one", properties={"to": f"{address}.1"})
    )
    assert texts(one.take(1)) == ["for one"]
    assert texts(two.take(1)) == ["for two"]
    outcome = relay.send(text("for nobody", properties={"to": f"{address}.3"}))
    assert outcome["outcome"] == "rejected"
    relay.accepted(text("for one", properties={"to": f"{address}.1"}))  # the link lives on


@pytest.mark.feature("A deleted node ends its links with a reason")
@EACH
def test_a_deleted_node(client: Library, connect: Connect, address: str) -> None:
    connection, manager = connect(client), connect(PROTON_PYTHON)
    receiver = connection.receiver(address)
    replies = manager.receiver(None, dynamic=True, credit=1)
    operation = [[["string", "operation"], ["string", "delete"]], [["string", "name"], ["string", address]]]
    request = {"reply_to": replies.address, "correlation_id": ["ulong", "1"]}
    manager.sender("$management").accepted(text("", properties=request, application_properties=operation))
    replies.take(1)
    ended = receiver.ended()
    assert ended.condition == "amqp:resource-deleted"
    assert address in ended.description


@pytest.mark.feature("Several links, both ways, on one connection")
@EACH
def test_many_links(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    links = [(connection.sender(f"{address}.{n}"), connection.receiver(f"{address}.{n}", credit=2)) for n in range(20)]
    for n, (sender, _) in enumerate(links):
        sender.accepted(text(f"a{n}"), text(f"b{n}"))
    for n, (_, receiver) in enumerate(links):
        assert texts(receiver.take(2)) == [f"a{n}", f"b{n}"]


@pytest.mark.feature("A selector on a queue")
@EACH
def test_selector(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    sender = connection.sender(address)
    for n in range(4):
        properties = [[["string", "colour"], ["string", "red" if n % 2 else "blue"]], [["string", "n"], ["int", n]]]
        sender.accepted(text(str(n), application_properties=properties))
    red = connection.receiver(address, credit=4, selector="colour = 'red' AND n > 2")
    assert texts(red.take(1)) == ["3"]
    assert not red.receive(timeout=0.1)
    red.close()
    assert texts(connection.receiver(address, credit=4).take(3)) == ["0", "1", "2"]


@pytest.mark.feature("A malformed selector is refused with a reason")
@EACH
def test_a_malformed_selector(client: Library, connect: Connect, address: str) -> None:
    with pytest.raises(AmqpError) as refusal:
        connect(client).receiver(address, selector="colour = = 1")
    assert refusal.value.condition == "amqp:invalid-field"


@pytest.mark.feature("Browse: a copy, the queue keeps its messages")
@EACH
def test_browse(client: Library, connect: Connect, address: str) -> None:
    need(client, "browse")
    connection = connect(client)
    connection.sender(address).accepted(*(text(str(n)) for n in range(3)))
    browser = connection.receiver(address, credit=10, browse=True)
    assert texts(browser.receive(3)) == ["0", "1", "2"]
    browser.close()
    assert texts(connection.receiver(address, credit=3).take(3)) == ["0", "1", "2"]


@pytest.mark.feature("Priorities: the highest first")
@EACH
def test_priorities(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    sender = connection.sender(address)
    for priority in (1, 9, 4, 9, 0):
        sender.accepted(text(str(priority), header={"priority": priority}))
    assert texts(connection.receiver(address, credit=5).take(5)) == ["9", "9", "4", "1", "0"]


@pytest.mark.feature("TTL: an expired message is not delivered")
@EACH
def test_expired_is_not_delivered(client: Library, connect: Connect, address: str) -> None:
    connection = connect(client)
    connection.sender(address).accepted(
        text("short", header={"ttl": 1}), text("long", header={"ttl": 60000}), text("for ever")
    )
    connection.idle(0.02)
    assert texts(connection.receiver(address, credit=3).take(2)) == ["long", "for ever"]


@pytest.mark.feature("Scheduled delivery by annotation")
@pytest.mark.parametrize("key", ["x-opt-delivery-delay"])
@EACH
def test_scheduled(client: Library, key: str, connect: Connect, address: str) -> None:
    connection = connect(client)
    begun = time.monotonic()
    later = {body: [[["symbol", key], ["long", delay]]] for body, delay in (("much later", "600000"), ("later", "200"))}
    messages = [text(body, annotations=annotations) for body, annotations in later.items()]
    connection.sender(address).accepted(*messages, text("now"))
    assert sorted(texts(connection.receiver(address, credit=3).take(2))) == ["later", "now"]
    assert time.monotonic() - begun > 0.2
