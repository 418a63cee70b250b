"""Every AMQP type from every client to every client: as a body, in application properties, in annotations."""

from __future__ import annotations

import pytest

from interop.clients import Library
from interop.conftest import Connect, need
from interop.driver import Message, Value
from interop.pairs import PAIRS
from interop.values import KINDS, MIXED, SCALARS, UUID, same, seen_by, values_of


def can(library: Library, kind: str, doing: str) -> bool:
    kind = "decimal" if kind.startswith("decimal") else kind
    return not library.cannot.keys() & {kind, f"{doing} {kind}"}


@pytest.mark.feature("Every AMQP type, in an amqp-value")
@PAIRS
def test_every_type_as_a_body(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    kinds = [kind for kind in KINDS if can(sender, kind, "send") and can(receiver, kind, "read")]
    sent = [value for kind in kinds for value in values_of(kind)]
    assert len(kinds) > 18
    assert len(sent) > 80
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=len(sent))
    for value in sent:
        source.accepted({"value": value})
    found = target.take(len(sent))
    assert [same(message.value) for message in found] == [seen_by(receiver.name, value) for value in sent]


@pytest.mark.feature("Data and sequence sections")
@PAIRS
def test_the_three_kinds_of_body(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=2)
    source.accepted({"data": ["00ff10"]}, {"sequence": [MIXED[1]]})
    data, sequence = target.take(2)
    assert data.message["data"] == ["00ff10"]
    assert [["list", items] for items in sequence.message["sequence"]] == [seen_by(receiver.name, MIXED)]


@pytest.mark.feature("Several body sections")
@PAIRS
def test_several_body_sections(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    need(sender, "several sections")
    need(receiver, "several sections")
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=2)
    one, two = [["int", 1]], [["string", "two"], ["null"]]
    source.accepted({"data": ["00", "", "ffff"]}, {"sequence": [one, two]})
    data, sequence = target.take(2)
    assert data.message["data"] == ["00", "", "ffff"]
    expected = [seen_by(receiver.name, ["list", items])[1] for items in (one, two)]
    assert sequence.message["sequence"] == expected


SIMPLE = [kind for kind in SCALARS if kind != "null"]


def of_every_simple_type(sender: Library, receiver: Library) -> list[list[Value]]:
    usable = [kind for kind in SIMPLE if can(sender, kind, "send") and can(receiver, kind, "read")]
    assert len(usable) > 14
    return [[["string", f"{kind}-{n}"], value] for kind in usable for n, value in enumerate(values_of(kind))]


def as_seen(client: str, pairs: list[list[Value]]) -> list[object]:
    return sorted(([key[1], seen_by(client, value)] for key, value in pairs), key=repr)


@pytest.mark.feature("Application properties and annotations of every type")
@PAIRS
def test_application_properties_and_annotations(
    sender: Library, receiver: Library, connect: Connect, address: str
) -> None:
    properties = of_every_simple_type(sender, receiver)
    annotations = [[["symbol", f"x-opt-{key[1]}"], value] for key, value in properties]
    compound = [[["symbol", "x-opt-list"], MIXED], [["symbol", "x-opt-array"], ["array", "symbol", ["a", "b"]]]]
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=1)
    source.accepted(
        {
            "value": ["null"],
            "application_properties": properties,
            "annotations": annotations + compound,
            "delivery_annotations": [[["symbol", "x-opt-for-the-broker"], ["int", 1]]],
        }
    )
    [found] = target.take(1)
    assert as_seen("", found.message["application_properties"]) == as_seen(receiver.name, properties)
    assert as_seen("", found.message["annotations"]) == as_seen(receiver.name, annotations + compound)
    assert "delivery_annotations" not in found.message  # they are for the next node only


@pytest.mark.feature("Header and properties")
@PAIRS
def test_header_and_properties(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    properties = {
        "message_id": ["string", "m-1"],
        "user_id": "6164c3a9",
        "to": "somewhere",
        "subject": "greeting",
        "reply_to": "back",
        "correlation_id": ["string", "c-1"],
        "content_type": "text/plain",
        "content_encoding": "identity",
        "absolute_expiry_time": "4102444800000",
        "creation_time": "1735689600123",
        "group_id": "g",
        "group_sequence": 7,
        "reply_to_group_id": "rg",
    }
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=1)
    source.accepted({"value": ["null"], "header": {"durable": True, "priority": 7, "ttl": 60000}, "properties": properties})
    [found] = target.take(1)
    seen = dict(properties)
    for field in ("message_id", "correlation_id"):
        seen[field] = seen_by(receiver.name, properties[field])  # type: ignore[arg-type]
    assert found.message["properties"] == seen
    header = found.message["header"]
    assert header["durable"] is True
    assert header["priority"] == 7
    assert 50000 < header["ttl"] <= 60000
    assert header["delivery_count"] == 0


@pytest.mark.feature("Every kind of message-id and correlation-id")
@PAIRS
def test_every_kind_of_message_id(sender: Library, receiver: Library, connect: Connect, address: str) -> None:
    ids = [["ulong", "0"], ["ulong", "18446744073709551615"], ["uuid", UUID], ["binary", "00ff"], ["string", ""], ["string", "ü"]]
    source = connect(sender).sender(address)
    target = connect(receiver).receiver(address, credit=len(ids))
    messages: list[Message] = [
        {"value": ["null"], "properties": {"message_id": given, "correlation_id": given}} for given in ids
    ]
    source.accepted(*messages)
    found = [message.message["properties"] for message in target.take(len(ids))]
    assert [p["message_id"] for p in found] == [seen_by(receiver.name, given) for given in ids]
    assert [p["correlation_id"] for p in found] == [seen_by(receiver.name, given) for given in ids]
