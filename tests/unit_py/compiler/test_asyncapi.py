"""AsyncAPI 3: every reference leads somewhere, every operation is what the wire contract says. (The documents were also
held against AsyncAPI's own parser, @asyncapi/parser, which is no Python package.)"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SHOP = ("accounts", "catalog", "events", "orders", "recommendations", "notifications")


@pytest.fixture
def shop(idl: Path) -> Any:
    from basculec.cli import checked
    from basculec.emit import asyncapi

    return asyncapi.build([checked(idl / "shop" / f"{name}.thrift", []) for name in SHOP])


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/")
    found = document
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def test_every_reference_leads_somewhere(shop: Any) -> None:
    found = list(references(shop))
    assert len(found) > 50
    for reference in found:
        resolve(shop, reference)


def test_has_the_shape_of_asyncapi_3(shop: Any) -> None:
    assert shop["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= shop["info"].keys()
    assert {server["protocol"] for server in shop["servers"].values()} == {"amqp1"}
    allowed = {"action", "channel", "messages", "reply", "x-bascule-amqp1"}
    for operation in shop["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation.keys() <= allowed
        for message in operation["messages"]:  # a message of an operation is one of its channel's
            assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")
    for message in shop["components"]["messages"].values():
        jsonschema.Draft202012Validator.check_schema(message["payload"])
        jsonschema.Draft202012Validator.check_schema(message["headers"])


def test_events_are_topics_in_both_directions(shop: Any) -> None:
    channel = shop["channels"]["events.shop.OrderPlaced"]
    assert channel["address"] == "events.shop.OrderPlaced"
    assert channel["x-bascule-amqp1"] == {"capabilities": ["topic"], "durable": True, "group-id": "order_id"}
    assert shop["operations"]["send.shop.OrderPlaced"]["action"] == "send"
    assert shop["operations"]["receive.shop.OrderPlaced"]["action"] == "receive"
    headers = shop["components"]["messages"]["shop.OrderPlaced"]["headers"]["properties"]
    assert {"cloudEvents_id", "cloudEvents_type", "cloudEvents_source", "cloudEvents_specversion"} <= headers.keys()


def test_calls_are_requests_with_replies(shop: Any) -> None:
    operation = shop["operations"]["receive.shop.Orders.get_order"]
    assert operation["action"] == "receive"
    assert operation["x-bascule-amqp1"] == {"subject": "get_order", "idempotent": True, "timeout-ms": 5000}
    assert operation["reply"]["address"] == {"location": "$message.header#/reply-to"}
    reply = resolve(shop, resolve(shop, operation["reply"]["messages"][0]["$ref"])["$ref"])
    assert set(reply["payload"]["properties"]) == {"success", "not_found"}
    assert shop["channels"]["rpc.shop.Orders.reply"]["address"] is None  # a dynamic node of the caller's


def test_oneway_has_no_reply(idl: Path) -> None:
    from basculec.cli import checked
    from basculec.emit import asyncapi

    document = asyncapi.build([checked(idl / "tests" / "every_type.thrift", [])])
    assert "reply" not in document["operations"]["receive.every.Every.tell"]
    assert "reply" in document["operations"]["receive.every.Every.echo_base"]
