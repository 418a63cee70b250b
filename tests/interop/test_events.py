"""An event of the shop as plain AMQP clients see it: CloudEvents on AMQP, as docs/protocol.md has it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from functional.shop.shopping import Shop
from interop.clients import BY_NAME, Library
from interop.conftest import Programs
from interop.driver import Message
from support import platforms

CLIENTS = list(BY_NAME.values())
TOPIC = "events.shop.OrderPlaced"


@pytest.fixture(scope="module")
def heard(programs: Programs) -> Iterator[tuple[int, dict[str, Message]]]:
    """The number of an order that was placed, and what each client's own subscription got of it."""
    with platforms.running() as platform:
        subscriptions = {}
        for client in CLIENTS:
            if not client.missing():
                connection = programs.get(client).connect(platform.broker)
                options = {"capabilities": ["topic", "shared"], "name": f"group-of-{client.name}"}
                subscriptions[client.name] = connection, connection.receiver(TOPIC, credit=1, **options)
        shop = Shop(platform.http)
        product, customer = shop.product(stock=5), shop.customer(deposit=1000)
        order = shop.place(customer["id"], (product["id"], 1))["id"]
        found = {name: receiver.take(1)[0].message for name, (_, receiver) in subscriptions.items()}
        for connection, _ in subscriptions.values():
            connection.close()
        yield order, found


def application(message: Message, key: str) -> list[object]:
    return next(value for name, value in message["application_properties"] if name[1] == key)


@pytest.mark.feature("An event of the shop is a CloudEvent")
@pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])
def test_an_event_is_a_cloud_event(client: Library, heard: tuple[int, dict[str, Message]], programs: Programs) -> None:
    programs.get(client)
    order, messages = heard
    message = messages[client.name]
    assert application(message, "cloudEvents_specversion")[1] == "1.0"
    assert application(message, "cloudEvents_type")[1] == "shop.OrderPlaced"
    assert application(message, "cloudEvents_source")[1]
    identity = str(application(message, "cloudEvents_id")[1])
    assert uuid.UUID(identity)
    assert application(message, "cloudEvents_time")[0] == "timestamp"
    assert message["header"]["durable"] is True
    assert message["properties"]["group_id"] == str(order)
    if client.name != "qpid_jms":  # it shows neither, or in its own form
        assert message["properties"]["message_id"][1] in (identity, identity.replace("-", ""))
        assert message["properties"]["content_type"] == "application/vnd.apache.thrift.compact"


@pytest.mark.feature("Its data is one Thrift message")
@pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])
def test_its_data_is_a_thrift_message(client: Library, heard: tuple[int, dict[str, Message]], programs: Programs) -> None:
    programs.get(client)
    [data] = heard[1][client.name]["data"]
    raw = bytes.fromhex(data)
    # Thrift's compact protocol: its number, ONEWAY and version 1, sequence 0, the name.
    assert raw[:3] == bytes([0x82, 4 << 5 | 1, 0])
    assert raw[4 : 4 + raw[3]] == b"shop.OrderPlaced"
