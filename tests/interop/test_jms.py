"""Qpid JMS 2, as an application of JMS uses it: queues, topics, subscriptions, selectors, delays, transactions, temporaries."""

from __future__ import annotations

import time

import pytest

from interop.clients import GO_AMQP, PROTON_CPP, PROTON_PYTHON, QPID_JMS, RHEA, Library
from interop.conftest import Connect
from interop.driver import AmqpError, Connection, Message, Received, Receiver, Value, text, texts
from interop.values import SCALARS, pattern, same, seen_by, values_of

OTHERS = [PROTON_CPP, PROTON_PYTHON, RHEA, GO_AMQP]
EACH_OTHER = pytest.mark.parametrize("other", OTHERS, ids=[library.name for library in OTHERS])
TOPIC = ["topic"]


@pytest.fixture
def jms(connect: Connect) -> Connection:
    return connect(QPID_JMS)


class Session:
    """A session of a JMS connection, transacted or not: its links, and its end of a unit of work."""

    def __init__(self, connection: Connection, mode: str) -> None:
        self._connection = connection
        self.name = f"session-of-{connection.name}-{mode}"
        self.call("session", mode=mode)

    def call(self, op: str, **fields: object) -> dict[str, object]:
        return self._connection.program.call(op, connection=self._connection.name, session=self.name, **fields)

    def sender(self, address: str, **options: object):  # type: ignore[no-untyped-def]
        return self._connection.sender(address, session=self.name, **options)

    def receiver(self, address: str, **options: object) -> Receiver:
        return self._connection.receiver(address, session=self.name, **options)


def durable(body: str) -> Message:
    return text(body, header={"durable": True})


@pytest.mark.feature("Queue: send, receive, acknowledge")
def test_queue(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(durable("a"), text("b"), durable("c"))
    receiver = jms.receiver(address)
    found = receiver.receive(3)
    assert texts(found) == ["a", "b", "c"]
    assert [message.message["header"]["durable"] for message in found] == [True, False, True]
    for message in found:
        message.accept()
    receiver.close()
    assert not jms.receiver(address).receive(timeout=0)


JMS_KINDS = ["boolean", "byte", "short", "int", "long", "float", "double", "string"]
PROPERTIES: list[list[Value]] = [[["string", f"{k}_{n}"], v] for k in JMS_KINDS for n, v in enumerate(values_of(k))]
BODIES: list[tuple[str, Message]] = [
    ("TextMessage", {"value": ["string", "Grüße über die Brücke 🌉"]}),
    ("BytesMessage", {"data": ["00ff10"]}),
    ("MapMessage", {"value": ["map", [[["string", f"k{n}"], v] for n, (_, v) in enumerate(PROPERTIES)]]}),
    ("StreamMessage", {"sequence": [[v for _, v in PROPERTIES] + [["null"]]]}),
    ("Message", {"value": ["null"]}),
]


def check(seen: Message, sent: Message, client: str) -> None:
    for section in ("data", "value"):
        if section in sent:
            assert same(seen[section]) == (sent[section] if section == "data" else seen_by(client, sent[section]))
    if "sequence" in sent:
        # Bodies of a StreamMessage are a list, in a sequence section or as a value.
        found = ["list", seen["sequence"][0]] if "sequence" in seen else seen["value"]
        assert same(found) == seen_by(client, ["list", sent["sequence"][0]])


@pytest.mark.feature("Every JMS body and property, to every other client")
@EACH_OTHER
def test_bodies_to_others(other: Library, jms: Connection, connect: Connect, address: str) -> None:
    sender, receiver = jms.sender(address), connect(other).receiver(address, credit=len(BODIES))
    for _, body in BODIES:
        sender.accepted({**body, "application_properties": PROPERTIES})
    for (name, body), found in zip(BODIES, receiver.take(len(BODIES))):
        check(found.message, body, other.name)
        pairs = [[key[1], value] for key, value in found.message["application_properties"]]
        expected = [[key[1], seen_by(other.name, value)] for key, value in PROPERTIES]
        assert sorted(pairs, key=repr) == sorted(expected, key=repr), name


@pytest.mark.feature("Every JMS body and property, from every other client")
@EACH_OTHER
def test_bodies_from_others(other: Library, jms: Connection, connect: Connect, address: str) -> None:
    sender, receiver = connect(other).sender(address), jms.receiver(address)
    # Proton sends a null as no body at all, which JMS reads as empty bytes.
    bodies = BODIES[:-1] if other in (PROTON_CPP, PROTON_PYTHON) else BODIES
    for _, body in bodies:
        sender.accepted({**body, "application_properties": PROPERTIES})
    for (name, body), found in zip(bodies, receiver.take(len(bodies))):
        check(found.message, body, "qpid_jms")
        pairs = sorted(found.message["application_properties"], key=repr)
        assert pairs == sorted(PROPERTIES, key=repr), name


@pytest.mark.feature("Every AMQP type inside a map or list, from every other client")
@EACH_OTHER
def test_foreign_types_are_read(other: Library, jms: Connection, connect: Connect, address: str) -> None:
    kinds = [kind for kind in SCALARS if not (kind.startswith("decimal") or kind == "char") or "decimal" not in other.cannot]
    items = [value for kind in kinds for value in values_of(kind) if value != ["char", 0x1F600]]
    sent: Message = {"value": ["map", [[["string", f"k{n}"], value] for n, value in enumerate(items)]]}
    connect(other).sender(address).accepted(sent)
    [found] = jms.receiver(address).take(1)
    assert len(found.value[1]) == len(items)
    plain = {"boolean", "byte", "short", "int", "long", "float", "double", "string"}
    told = {key[1]: value for key, value in found.value[1]}
    assert all(told[f"k{n}"] == value for n, value in enumerate(items) if value[0] in plain)


@pytest.mark.feature("Large bodies")
def test_large_bodies(jms: Connection, connect: Connect, address: str) -> None:
    other = connect(PROTON_PYTHON)
    sizes = (0, 1, 100 * 1024, 10 * 1024 * 1024)
    sender, to_other = jms.sender(f"{address}.out"), other.receiver(f"{address}.out", credit=4)
    from_other, receiver = other.sender(f"{address}.in"), jms.receiver(f"{address}.in")
    for size in sizes:
        sender.accepted({"data": [{"size": size}]})
        from_other.accepted({"data": [{"size": size}]})
    sent, received = to_other.take(4), receiver.take(4)
    assert [message.message["data"] for message in sent] == [[pattern(size)] for size in sizes]
    assert [message.message["data"] for message in received] == [[pattern(size)] for size in sizes]


@pytest.mark.feature("Acknowledgement: released, modified, rejected")
def test_acknowledgements(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(text("m"))
    receiver = jms.receiver(address)
    first = receiver.one()
    assert (first.count, first.message["header"]["redelivered"]) == (0, False)
    first.release()
    second = receiver.one()
    assert second.count == 0
    second.settle("modified")
    third = receiver.one()
    assert (third.count, third.message["header"]["redelivered"]) == (1, True)
    third.settle("rejected")
    [letter] = jms.receiver(f"dlq.{address}").take(1)
    assert letter.value == ["string", "m"]


@pytest.mark.feature("recover(): redelivered, and marked so")
def test_recover(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(text("a"), text("b"))
    session = Session(jms, "client")
    receiver = session.receiver(address)
    assert texts(receiver.receive(2)) == ["a", "b"]
    session.call("recover")
    again = receiver.receive(2)
    assert texts(again) == ["a", "b"]
    assert [message.message["header"]["redelivered"] for message in again] == [True, True]
    again[1].accept()  # CLIENT_ACKNOWLEDGE: all that the session was given


@pytest.mark.feature("Topic: every consumer gets each message")
def test_topic(jms: Connection, topic: str) -> None:
    one, two = (jms.receiver(topic, capabilities=TOPIC) for _ in range(2))
    jms.sender(topic, capabilities=TOPIC).accepted(text("a"), text("b"))
    assert texts(one.take(2)) == texts(two.take(2)) == ["a", "b"]


@pytest.mark.feature("Durable subscription: outlives its connection, ends by unsubscribe")
def test_durable_subscription(connect: Connect, topic: str) -> None:
    options = {"capabilities": TOPIC, "durable": 2, "name": "mine"}
    first = connect(QPID_JMS, container=f"jms-{topic}")
    first.receiver(topic, **options)
    first.close()
    publisher = connect(QPID_JMS).sender(topic, capabilities=TOPIC)
    publisher.accepted(text("while away"))
    second = connect(QPID_JMS, container=f"jms-{topic}")
    receiver = second.receiver(topic, **options)
    assert texts(receiver.take(1)) == ["while away"]
    receiver.close()
    second.program.call("unsubscribe", connection=second.name, name="mine")
    publisher.accepted(text("for nobody"))
    assert not second.receiver(topic, **options).receive(timeout=0)


@pytest.mark.feature("unsubscribe() of an unknown subscription is an error")
def test_unsubscribe_unknown(jms: Connection) -> None:
    with pytest.raises(AmqpError):
        jms.program.call("unsubscribe", connection=jms.name, name="never-made")


@pytest.mark.feature("Shared subscription")
def test_shared_subscription(connect: Connect, topic: str) -> None:
    options = {"capabilities": ["topic", "shared"], "name": "group"}
    jms = connect(QPID_JMS)
    consumers = [jms.receiver(topic, **options) for _ in range(2)]
    jms.sender(topic, capabilities=TOPIC).accepted(*(text(str(n)) for n in range(20)))
    assert sorted(int(body) for body in everything(consumers, 20)) == list(range(20))


@pytest.mark.feature("Shared durable subscription: outlives its connections")
def test_shared_durable_subscription(connect: Connect, topic: str) -> None:
    options = {"capabilities": ["topic", "shared"], "durable": 2, "name": "group"}
    first = connect(QPID_JMS, container=f"jms-{topic}")
    for _ in range(2):
        first.receiver(topic, **options)
    first.close()
    connect(QPID_JMS).sender(topic, capabilities=TOPIC).accepted(*(durable(str(n)) for n in range(20)))
    second = connect(QPID_JMS, container=f"jms-{topic}")
    consumers = [second.receiver(topic, **options) for _ in range(2)]
    assert sorted(int(body) for body in everything(consumers, 20)) == list(range(20))
    for consumer in consumers:
        consumer.close()
    second.program.call("unsubscribe", connection=second.name, name="group")


def everything(consumers: list[Receiver], count: int) -> list[str]:
    """`count` bodies, wherever they came."""
    found: list[Received] = []
    deadline = time.monotonic() + 60
    while len(found) < count and time.monotonic() < deadline:
        for consumer in consumers:
            for message in consumer.receive(count - len(found), timeout=0.05):
                message.accept()
                found.append(message)
    return texts(found)


@pytest.mark.feature("Selector on a queue")
def test_selector(jms: Connection, address: str) -> None:
    sender = jms.sender(address)
    for n in range(6):
        sender.accepted(text(str(n), application_properties=[[["string", "n"], ["int", n]], [["string", "even"], ["boolean", n % 2 == 0]]]))
    receiver = jms.receiver(address, selector="even AND n BETWEEN 1 AND 4")
    assert texts(receiver.take(2)) == ["2", "4"]
    assert not receiver.receive(timeout=0)
    receiver.close()
    assert texts(jms.receiver(address).take(4)) == ["0", "1", "3", "5"]


@pytest.mark.feature("Selector on a durable subscription")
def test_selector_of_a_subscription(jms: Connection, topic: str) -> None:
    receiver = jms.receiver(topic, capabilities=TOPIC, durable=2, name="red-ones", selector="colour = 'red'")
    sender = jms.sender(topic, capabilities=TOPIC)
    for colour in ("red", "blue", "red"):
        sender.accepted(text(colour, application_properties=[[["string", "colour"], ["string", colour]]]))
    assert texts(receiver.take(2)) == ["red", "red"]
    assert not receiver.receive(timeout=0.1)


@pytest.mark.feature("Selector on JMS's own headers")
def test_selector_on_headers(jms: Connection, address: str) -> None:
    sender = jms.sender(address)
    sender.accepted(
        text("a", properties={"subject": "order"}, header={"priority": 7}),
        text("b", properties={"subject": "order", "correlation_id": ["string", "mine"]}),
        text("c", properties={"subject": "invoice"}),
    )
    assert texts(jms.receiver(address, selector="JMSCorrelationID = 'mine'").take(1)) == ["b"]
    assert texts(jms.receiver(address, selector="JMSType = 'order' AND JMSPriority > 4").take(1)) == ["a"]
    assert texts(jms.receiver(address, selector="JMSType LIKE 'inv%'").take(1)) == ["c"]


@pytest.mark.feature("A malformed selector is an InvalidSelectorException")
def test_malformed_selector(jms: Connection, address: str) -> None:
    with pytest.raises(AmqpError, match="InvalidSelector"):
        jms.receiver(address, selector="colour = = 1")


@pytest.mark.feature("noLocal")
def test_no_local(jms: Connection, connect: Connect, topic: str) -> None:
    receiver = jms.receiver(topic, capabilities=TOPIC, no_local=True)
    jms.sender(topic, capabilities=TOPIC).accepted(text("mine"))
    connect(QPID_JMS).sender(topic, capabilities=TOPIC).accepted(text("another's"))
    assert texts(receiver.take(1)) == ["another's"]


@pytest.mark.feature("Delivery delay")
def test_delivery_delay(jms: Connection, address: str) -> None:
    receiver = jms.receiver(address)
    jms.sender(address, delay=600_000).accepted(text("much later"))
    begun = time.monotonic()
    jms.sender(address, delay=300).accepted(text("later"))
    jms.sender(address).accepted(text("now"))
    assert sorted(texts(receiver.take(2))) == ["later", "now"], "what is not due holds up nothing"
    assert time.monotonic() - begun > 0.29


@pytest.mark.feature("Transaction: what was sent is there after commit, not after rollback")
def test_transacted_send(jms: Connection, address: str) -> None:
    session = Session(jms, "transacted")
    sender = session.sender(address)
    receiver = jms.receiver(address)
    sender.accepted(durable("rolled back"))
    assert not receiver.receive(timeout=0)
    session.call("rollback")
    sender.accepted(durable("a"), text("b"))
    assert not receiver.receive(timeout=0)
    session.call("commit")
    assert texts(receiver.take(2)) == ["a", "b"]
    assert not receiver.receive(timeout=0)


@pytest.mark.feature("Transaction: what was received is gone after commit, back and counted after rollback")
def test_transacted_receive(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(durable("a"), durable("b"))
    session = Session(jms, "transacted")
    receiver = session.receiver(address)
    assert texts(receiver.receive(2)) == ["a", "b"]
    session.call("rollback")
    again = receiver.receive(2)
    assert texts(again) == ["a", "b"]
    assert [message.message["header"]["redelivered"] for message in again] == [True, True]
    session.call("commit")
    receiver.close()
    assert not jms.receiver(address).receive(timeout=0)


@pytest.mark.feature("Transaction: received and sent on, as one")
def test_transacted_relay(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(durable("work"))
    session = Session(jms, "transacted")
    work, out = session.receiver(address), session.sender(f"{address}.out")
    assert texts(work.receive(1)) == ["work"]
    out.accepted(durable("result"))
    session.call("commit")
    assert texts(jms.receiver(f"{address}.out").take(1)) == ["result"]
    work.close()
    assert not jms.receiver(address).receive(timeout=0)


@pytest.mark.feature("A transaction ends with its connection, rolled back")
def test_a_transaction_of_a_closed_connection(connect: Connect, jms: Connection, address: str) -> None:
    gone = connect(QPID_JMS)
    session = Session(gone, "transacted")
    jms.sender(address).accepted(durable("stays"))
    assert texts(session.receiver(address).receive(1)) == ["stays"]
    session.sender(address).accepted(durable("never was"))
    gone.close()
    receiver = jms.receiver(address)
    assert texts(receiver.take(1)) == ["stays"]
    assert not receiver.receive(timeout=0)


@pytest.mark.feature("Temporary queue: request and reply")
def test_temporary_queue(jms: Connection, connect: Connect, address: str) -> None:
    service = connect(QPID_JMS)
    requests, answers = service.receiver(address), service.sender(None)
    replies = jms.receiver(None, dynamic=True)
    jms.sender(address).accepted(text("question", properties={"reply_to": replies.address}))
    [request] = requests.take(1)
    answers.accepted(text("answer", properties={"to": request.message["properties"]["reply_to"]}))
    assert texts(replies.take(1)) == ["answer"]


@pytest.mark.feature("Temporary topic")
def test_temporary_topic(jms: Connection, connect: Connect) -> None:
    made = jms.program.call("temporary", connection=jms.name, topic=True)["address"]
    one, two = (jms.receiver(made, capabilities=TOPIC) for _ in range(2))
    connect(PROTON_PYTHON).sender(made).accepted(text("to both"))
    assert texts(one.take(1)) == texts(two.take(1)) == ["to both"]


@pytest.mark.feature("Browser: the messages stay")
def test_browser(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(*(text(str(n)) for n in range(5)))
    seen = jms.program.call("browse", connection=jms.name, address=address)["messages"]
    assert [message["value"][1] for message in seen] == ["0", "1", "2", "3", "4"]
    assert texts(jms.receiver(address).take(5)) == ["0", "1", "2", "3", "4"]


@pytest.mark.feature("Priorities")
def test_priorities(jms: Connection, address: str) -> None:
    sender = jms.sender(address)
    for priority in (1, 9, 4, 9, 0):
        sender.accepted(text(str(priority), header={"priority": priority}))
    assert texts(jms.receiver(address).take(5)) == ["9", "9", "4", "1", "0"]


@pytest.mark.feature("Time to live")
def test_time_to_live(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(text("short", header={"ttl": 1}), text("long", header={"ttl": 60000}), text("for ever"))
    jms.idle(0.02)
    receiver = jms.receiver(address)
    found = receiver.take(2)
    assert texts(found) == ["long", "for ever"]
    assert found[0].message["header"]["expires"] > time.time() * 1000
    assert found[1].message["header"]["expires"] == 0


@pytest.mark.feature("Message groups")
def test_groups(jms: Connection, connect: Connect, address: str) -> None:
    jms.sender(address).accepted(*(text(str(n), properties={"group_id": "g", "group_sequence": n}) for n in range(3)))
    first = jms.receiver(address).one()
    assert first.message["properties"]["group_id"] == "g"
    other = connect(PROTON_PYTHON).receiver(address, credit=3)
    assert not other.receive(timeout=0.1)


@pytest.mark.feature("A refused destination says why")
def test_a_refused_destination(jms: Connection, address: str) -> None:
    jms.sender(address).accepted(text("a queue now"))
    with pytest.raises(AmqpError, match="precondition-failed"):
        jms.receiver(address, capabilities=TOPIC)


@pytest.mark.feature("A client id that is in use is refused")
def test_client_id_in_use(connect: Connect) -> None:
    first = connect(QPID_JMS, container="the-only-one")
    with pytest.raises(AmqpError, match="InvalidClientID"):
        connect(QPID_JMS, container="the-only-one")
    first.close()
    connect(QPID_JMS, container="the-only-one")
