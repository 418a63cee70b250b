"""AsyncAPI 3 of the AMQP side of one or several contracts: events as topics, services as request and reply.

The AMQP 1.0 binding objects of AsyncAPI "MUST NOT contain any properties", so what AMQP needs is said in the extension
`x-bascule-amqp1`.
"""

from __future__ import annotations

from typing import Any

from basculec.emit.json_schema import Schemas
from basculec.model import Contract, Event, Method, Ref, Service

_COMPACT = "application/vnd.apache.thrift.compact"
_CLOUD_EVENT = {
    "cloudEvents_specversion": {"type": "string", "const": "1.0"},
    "cloudEvents_id": {"type": "string"},
    "cloudEvents_source": {"type": "string"},
    "cloudEvents_type": {"type": "string"},
    "cloudEvents_time": {"type": "string", "format": "date-time"},
    "cloudEvents_subject": {"type": "string"},
    "traceparent": {"type": "string"},
    "tracestate": {"type": "string"},
}
_REQUEST_HEADERS = {
    "traceparent": {"type": "string"},
    "tracestate": {"type": "string"},
    "bascule-principal": {"type": "string"},
    "bascule-idempotency-key": {"type": "string", "maxLength": 255},
    "bascule-idempotent": {"type": "boolean"},
}
_REPLY_HEADERS = {"bascule-error": {"type": "string"}, "bascule-error-message": {"type": "string"}}


def build(contracts: list[Contract]) -> dict[str, Any]:
    document = _Document()
    for contract in contracts:
        schemas = Schemas(contract)
        for program in contract.program.closure():
            for event in program.events:
                document.event(schemas, event, contract.program is program)
        for service in contract.program.services.values():
            document.service(contract, schemas, service)
        document.schemas |= schemas.components()
    names = " and ".join(c.program.module for c in contracts)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"The contracts {names}",
            "version": "1",
            "description": "Written by basculec from the contracts.",
        },
        "defaultContentType": _COMPACT,
        "servers": {"broker": {"host": "127.0.0.1:5672", "protocol": "amqp1", "protocolVersion": "1.0"}},
        "channels": dict(sorted(document.channels.items())),
        "operations": dict(sorted(document.operations.items())),
        "components": {
            "messages": dict(sorted(document.messages.items())),
            "schemas": dict(sorted(document.schemas.items())),
        },
    }


class _Document:
    def __init__(self) -> None:
        self.channels: dict[str, Any] = {}
        self.operations: dict[str, Any] = {}
        self.messages: dict[str, Any] = {}
        self.schemas: dict[str, Any] = {}

    # -- events --

    def event(self, schemas: Schemas, event: Event, own: bool) -> None:
        """The topic; the contract that declares the event also says what may be done with it."""
        name = event.struct.qualified
        self.channels[event.topic] = {
            "address": event.topic,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "x-bascule-amqp1": {
                "capabilities": ["topic"],
                "durable": True,
                "group-id": event.key.name if event.key else None,
            },
        }
        message = _message(name, schemas.of(Ref(event.struct.program.module, event.struct.name)), _CLOUD_EVENT)
        if event.struct.doc.strip():
            message["description"] = event.struct.doc.strip()
        self.messages[name] = message
        if own:
            for action in ("send", "receive"):
                self.operations[f"{action}.{name}"] = {
                    "action": action,
                    "channel": _channel(event.topic),
                    "messages": [_message_of(event.topic, name)],
                }

    # -- services --

    def service(self, contract: Contract, schemas: Schemas, service: Service) -> None:
        address = f"rpc.{service.qualified}"
        requests, replies = {}, {}
        for method in service.methods:
            name = f"{service.qualified}.{method.name}"
            requests[method.name] = {"$ref": f"#/components/messages/{name}"}
            self.messages[name] = _message(name, _arguments(schemas, method), _REQUEST_HEADERS, _doc(method))
            if not method.oneway:
                replies[method.name] = {"$ref": f"#/components/messages/{name}.reply"}
                self.messages[f"{name}.reply"] = _message(
                    f"{name}.reply", _result(contract, schemas, method), _REPLY_HEADERS
                )
        self.channels[address] = _described(
            {"address": address, "messages": requests, "x-bascule-amqp1": {"capabilities": ["queue"]}}, service
        )
        self.channels[f"{address}.reply"] = {"address": None, "messages": replies, "x-bascule-amqp1": {"dynamic": True}}
        for method in service.methods:
            self.operations[f"receive.{service.qualified}.{method.name}"] = _call(address, method)


def _call(address: str, method: Method) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": "receive",
        "channel": _channel(address),
        "messages": [_message_of(address, method.name)],
        "x-bascule-amqp1": {
            "subject": method.name,
            "idempotent": method.policy.idempotent,
            "timeout-ms": method.policy.timeout_ms,
        },
    }
    if not method.oneway:
        operation["reply"] = {
            "address": {"location": "$message.header#/reply-to"},
            "channel": _channel(f"{address}.reply"),
            "messages": [_message_of(f"{address}.reply", method.name)],
        }
    return operation


def _arguments(schemas: Schemas, method: Method) -> dict[str, Any]:
    properties = {a.name: schemas.of_field(a) for a in method.args}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _result(contract: Contract, schemas: Schemas, method: Method) -> dict[str, Any]:
    """The result struct: `success`, or one of the declared exceptions."""
    properties: dict[str, Any] = {}
    if method.returns is not None:
        properties["success"] = schemas.of(method.returns)
    for thrown in method.throws:
        properties[thrown.name] = schemas.of(thrown.type)
    return {"type": "object", "properties": properties, "maxProperties": 1, "additionalProperties": False}


def _message(name: str, payload: dict[str, Any], headers: dict[str, Any], doc: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "contentType": _COMPACT,
        "headers": {"type": "object", "properties": headers},
        "payload": payload,
    }
    return {**made, "description": doc} if doc else made


def _doc(method: Method) -> str:
    return method.doc.strip()


def _described(channel: dict[str, Any], service: Service) -> dict[str, Any]:
    return {**channel, "description": service.doc.strip()} if service.doc.strip() else channel


def _channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{_escaped(name)}"}


def _message_of(channel: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{_escaped(channel)}/messages/{_escaped(name)}"}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
