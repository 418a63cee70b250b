"""Qpid Proton's Python client (Debian's python3-qpid-proton), driven by JSON lines: tests/interop/clients/README.md."""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import time
import uuid
from typing import Any

import proton
from proton import (
    Array,
    Condition,
    Data,
    Delivery,
    Described,
    Disposition,
    Endpoint,
    Handler,
    Link,
    Message,
    SSLDomain,
    Terminus,
    symbol,
)
from proton.reactor import Container


class Failed(Exception):
    """The peer refused or ended something."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(description)
        self.condition = condition


# Values -----------------------------------------------------------------------------------------------------------

CODES = {
    "null": Data.NULL, "boolean": Data.BOOL, "ubyte": Data.UBYTE, "ushort": Data.USHORT, "uint": Data.UINT,
    "ulong": Data.ULONG, "byte": Data.BYTE, "short": Data.SHORT, "int": Data.INT, "long": Data.LONG,
    "float": Data.FLOAT, "double": Data.DOUBLE, "decimal32": Data.DECIMAL32, "decimal64": Data.DECIMAL64,
    "decimal128": Data.DECIMAL128, "char": Data.CHAR, "timestamp": Data.TIMESTAMP, "uuid": Data.UUID,
    "binary": Data.BINARY, "string": Data.STRING, "symbol": Data.SYMBOL, "list": Data.LIST, "map": Data.MAP,
    "array": Data.ARRAY, "described": Data.DESCRIBED,
}  # fmt: skip
NAMES = {code: name for name, code in CODES.items()}
PLAIN = {
    "boolean": bool, "ubyte": proton.ubyte, "ushort": proton.ushort, "uint": proton.uint, "byte": proton.byte,
    "short": proton.short, "int": proton.int32, "string": str, "symbol": symbol,
}  # fmt: skip


def scalar(kind: str, value: Any) -> Any:
    """The library's object for the value part of a value."""
    if kind in PLAIN:
        return PLAIN[kind](value)
    match kind:
        case "null":
            return None
        case "ulong":
            return proton.ulong(int(value))
        case "long":
            return int(value)
        case "timestamp":
            return proton.timestamp(int(value))
        case "float":
            return proton.float32(struct.unpack(">f", bytes.fromhex(value))[0])
        case "double":
            return struct.unpack(">d", bytes.fromhex(value))[0]
        case "decimal32":
            return proton.decimal32(int(value, 16))
        case "decimal64":
            return proton.decimal64(int(value, 16))
        case "decimal128":
            return proton.decimal128(bytes.fromhex(value))
        case "char":
            return proton.char(chr(value))
        case "uuid":
            return uuid.UUID(hex=value)
        case "binary":
            return binary(value)
    raise ValueError(f"no type {kind}")


def decode(value: list[Any]) -> Any:
    kind = value[0]
    match kind:
        case "list":
            return [decode(item) for item in value[1]]
        case "map":
            return {decode(key): decode(item) for key, item in value[1]}
        case "array":
            return Array(proton.UNDESCRIBED, CODES[value[1]], *[scalar(value[1], item) for item in value[2]])
        case "described":
            return Described(decode(value[1]), decode(value[2]))
    return scalar(kind, value[1] if len(value) > 1 else None)


PATTERN = bytes((i * 31 + i // 251) & 255 for i in range(251 * 256))  # it begins anew behind that


def binary(spec: Any) -> bytes:
    if isinstance(spec, str):
        return bytes.fromhex(spec)
    size = spec["size"]
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


def told(data: bytes) -> Any:
    """Bytes as an answer shows them."""
    data = bytes(data)
    return data.hex() if len(data) <= 4096 else {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def encode(value: Any) -> list[Any]:
    match value:
        case None:
            return ["null"]
        case bool():
            return ["boolean", value]
        case Array():
            return ["array", NAMES[value.type], [encode(item)[1] for item in value.elements]]
        case Described():
            return ["described", encode(value.descriptor), encode(value.value)]
        case dict():
            return ["map", [[encode(k), encode(v)] for k, v in value.items()]]
        case list():
            return ["list", [encode(item) for item in value]]
        case uuid.UUID():
            return ["uuid", value.hex]
        case proton.timestamp():
            return ["timestamp", str(int(value))]
        case proton.ulong():
            return ["ulong", str(int(value))]
        case proton.decimal32():
            return ["decimal32", f"{int(value):08x}"]
        case proton.decimal64():
            return ["decimal64", f"{int(value):016x}"]
        case proton.decimal128():
            return ["decimal128", bytes(value).hex()]
        case proton.float32():
            return ["float", struct.pack(">f", value).hex()]
        case proton.char():
            return ["char", ord(value)]
        case float():
            return ["double", struct.pack(">d", value).hex()]
        case symbol():
            return ["symbol", str(value)]
        case str():
            return ["string", value]
        case bytes() | memoryview():
            return ["binary", told(value)]
    for name in ("ubyte", "ushort", "uint", "byte", "short", "int"):
        if type(value) is PLAIN[name]:
            return [name, int(value)]
    if isinstance(value, int):
        return ["long", str(value)]
    raise TypeError(f"{type(value).__name__} is not expected here")


# Messages ---------------------------------------------------------------------------------------------------------


def to_message(spec: dict[str, Any]) -> Message:
    message = Message()
    header = spec.get("header", {})
    message.durable = header.get("durable", False)
    message.priority = header.get("priority", 4)
    message.ttl = header.get("ttl", 0) / 1000
    for section, attribute in SECTIONS.items():
        if section in spec:
            setattr(message, attribute, {decode(k): decode(v) for k, v in spec[section]})
    for field, value in spec.get("properties", {}).items():
        if field in ("message_id", "correlation_id"):
            value = decode(value)
        elif field == "user_id":
            value = bytes.fromhex(value)
        elif field in ("content_type", "content_encoding"):
            value = symbol(value)
        elif field.endswith("_time"):
            value = int(value) / 1000
        setattr(message, PROPERTIES[field], value)
    if "data" in spec:
        message.inferred = True
        message.body = b"".join(binary(part) for part in spec["data"])
    elif "sequence" in spec:
        message.inferred = True
        message.body = [decode(item) for item in spec["sequence"][0]]
    else:
        message.inferred = False
        message.body = decode(spec["value"])
    return message


SECTIONS = {
    "delivery_annotations": "instructions",
    "annotations": "annotations",
    "application_properties": "properties",
}
PROPERTIES = {
    "message_id": "id", "user_id": "user_id", "to": "address", "subject": "subject", "reply_to": "reply_to",
    "correlation_id": "correlation_id", "content_type": "content_type", "content_encoding": "content_encoding",
    "absolute_expiry_time": "expiry_time", "creation_time": "creation_time", "group_id": "group_id",
    "group_sequence": "group_sequence", "reply_to_group_id": "reply_to_group_id",
}  # fmt: skip


def from_message(message: Message) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "header": {
            "durable": message.durable,
            "priority": message.priority,
            "ttl": round(message.ttl * 1000),
            "first_acquirer": message.first_acquirer,
            "delivery_count": message.delivery_count,
        }
    }
    for section, attribute in SECTIONS.items():
        found = getattr(message, attribute)
        if found:
            spec[section] = [[encode(k), encode(v)] for k, v in found.items()]
    properties: dict[str, Any] = {}
    for field, attribute in PROPERTIES.items():
        value = getattr(message, attribute)
        if field in ("message_id", "correlation_id"):
            if value is not None:
                value = ["ulong", str(value)] if isinstance(value, int) else encode(value)
        elif field == "user_id":
            value = bytes(value).hex()
        elif field.endswith("_time"):
            value = str(round(value * 1000)) if value else None
        if value:
            properties[field] = str(value) if field.startswith("content") else value
    spec["properties"] = properties
    if message.inferred and isinstance(message.body, (bytes, memoryview)):
        spec["data"] = [told(message.body)]
    elif message.inferred and isinstance(message.body, list):
        spec["sequence"] = [[encode(item) for item in message.body]]
    else:
        spec["value"] = encode(message.body)
    return spec


# Links ------------------------------------------------------------------------------------------------------------


class LinkState:
    def __init__(self, link: Link) -> None:
        self.link = link
        self.arrived: list[tuple[int, dict[str, Any]]] = []
        self.unsettled: dict[int, Delivery] = {}
        self.deliveries = 0
        self.tags = 0


class Connected(Handler):
    """One connection: collects what arrives; wait() runs the library until a condition holds."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.container = Container()
        if options.get("container"):
            self.container.container_id = options["container"]
        self.container.start()
        self.links: dict[int, LinkState] = {}
        extra: dict[str, Any] = {}
        if options.get("user"):
            extra = {"user": options["user"], "password": options["password"], "allow_insecure_mechs": True}
        if options.get("ca"):
            extra["ssl_domain"] = SSLDomain(SSLDomain.MODE_CLIENT)
            extra["ssl_domain"].set_trusted_ca_db(options["ca"])
            extra["ssl_domain"].set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
        self.lost = ""
        self.connection = self.container.connect(
            options["url"], handler=self, reconnect=False, heartbeat=options.get("heartbeat"), **extra
        )
        self.wait(lambda: self.connection.state & Endpoint.REMOTE_ACTIVE, 10, "the broker's OPEN")

    def wait(self, done: Any, seconds: float, what: str) -> None:
        if not self.run_until(done, seconds):
            raise Failed("client", f"not within {seconds} s: {what}")

    def run_until(self, done: Any, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if self.lost:
                raise Failed(*self.ended_by())
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.container.timeout = left
            self.container.process()
        return True

    def ended_by(self) -> tuple[str, str]:
        condition = self.connection.remote_condition
        if condition:
            return condition.name, condition.description or ""
        return "client", self.lost

    def on_delivery(self, event: Any) -> None:
        delivery, link = event.delivery, event.link
        state = self.links.get(id(link)) or next((s for s in self.links.values() if s.link == link), None)
        if state is None or not link.is_receiver or not delivery.readable or delivery.partial:
            return
        message = Message()
        message.decode(link.recv(delivery.pending))
        link.advance()
        state.deliveries += 1
        state.arrived.append((state.deliveries, from_message(message)))
        state.unsettled[state.deliveries] = delivery
        if delivery.settled:
            delivery.settle()

    def on_link_remote_close(self, event: Any) -> None:
        if event.link.state & Endpoint.LOCAL_ACTIVE:
            event.link.close()

    def on_connection_remote_close(self, event: Any) -> None:
        if event.connection.state & Endpoint.LOCAL_ACTIVE:
            event.connection.close()

    def on_transport_closed(self, event: Any) -> None:
        self.lost = str(event.transport.condition or "the socket was closed")

    on_transport_head_closed = on_transport_tail_closed = on_transport_closed


class Program:
    def __init__(self) -> None:
        self.connections: dict[str, Connected] = {}
        self.links: dict[str, tuple[Connected, LinkState]] = {}
        self.sessions: dict[str, Any] = {}

    def connect(self, c: dict[str, Any]) -> dict[str, Any]:
        made = Connected(c)
        self.connections[c["connection"]] = made
        self.sessions[c["connection"]] = made.connection.session()
        self.sessions[c["connection"]].open()
        offered = made.connection.remote_offered_capabilities
        return {"offered": [str(s) for s in (offered.elements if isinstance(offered, Array) else offered or [])]}

    def flush(self, c: dict[str, Any]) -> None:
        """Writes what the command asked for: the library does so only while it runs."""
        held = self.connections.get(c["connection"])
        if held is not None and not held.lost:
            held.run_until(lambda: held.connection.transport.pending() <= 0, 10)

    def close(self, c: dict[str, Any]) -> dict[str, Any]:
        held = self.connections.pop(c["connection"])
        held.connection.close()
        held.run_until(lambda: held.lost or held.connection.state & Endpoint.REMOTE_CLOSED, 10)
        return {}

    def sender(self, c: dict[str, Any]) -> dict[str, Any]:
        held = self.connections[c["connection"]]
        link = self.sessions[c["connection"]].sender(c["name"])
        self.terminus(link.target, c)
        modes = {"unsettled": Link.SND_UNSETTLED, "settled": Link.SND_SETTLED, "mixed": Link.SND_MIXED}
        link.snd_settle_mode = modes[c.get("settle", "mixed")]
        return self.attach(held, link, c["link"], link.remote_target)

    def receiver(self, c: dict[str, Any]) -> dict[str, Any]:
        held = self.connections[c["connection"]]
        link = self.sessions[c["connection"]].receiver(c["name"])
        source = link.source
        self.terminus(source, c)
        source.durability = c.get("durable", 0)
        if c.get("expires") == "never":
            source.expiry_policy = Terminus.EXPIRE_NEVER
        if c.get("browse"):
            source.distribution_mode = Terminus.DIST_MODE_COPY
        if c.get("selector"):
            code = proton.ulong(0x0000468C00000004)
            source.filter.put_dict({symbol("selector"): Described(code, c["selector"])})
        link.rcv_settle_mode = Link.RCV_SECOND if c.get("settle") == "second" else Link.RCV_FIRST
        modes = {"unsettled": Link.SND_UNSETTLED, "settled": Link.SND_SETTLED, "mixed": Link.SND_MIXED}
        link.snd_settle_mode = modes[c.get("sender_settle", "mixed")]
        return self.attach(held, link, c["link"], link.remote_source)

    @staticmethod
    def terminus(terminus: Terminus, c: dict[str, Any]) -> None:
        if c.get("dynamic"):
            terminus.dynamic = True
        elif c["address"] is not None:
            terminus.address = c["address"]
        if c.get("capabilities"):
            terminus.capabilities.put_array(False, Data.SYMBOL)
            terminus.capabilities.enter()
            for name in c["capabilities"]:
                terminus.capabilities.put_symbol(symbol(name))
            terminus.capabilities.exit()

    def attach(self, held: Connected, link: Link, name: str, remote: Terminus) -> dict[str, Any]:
        state = LinkState(link)
        held.links[id(link)] = state
        link.open()
        held.wait(lambda: not link.state & Endpoint.REMOTE_UNINIT, 10, "ATTACH")
        # A refusal is an ATTACH without the terminus and a DETACH behind it.
        if remote.type == Terminus.UNSPECIFIED:
            held.wait(lambda: link.state & Endpoint.REMOTE_CLOSED, 10, "the DETACH of a refusal")
            raise Failed(*self.condition(link))
        self.links[name] = (held, state)
        return {"address": remote.address}

    @staticmethod
    def condition(endpoint: Any) -> tuple[str, str]:
        found = endpoint.remote_condition
        return (found.name, found.description or "") if found else ("", "")

    def send(self, c: dict[str, Any]) -> dict[str, Any]:
        held, state = self.links[c["link"]]
        link = state.link
        encoded = to_message(c["message"]).encode()
        held.wait(lambda: link.credit > 0 or link.state & Endpoint.REMOTE_CLOSED, c.get("timeout", 10), "credit")
        if link.state & Endpoint.REMOTE_CLOSED:
            raise Failed(*self.condition(link))
        state.tags += 1
        delivery = link.delivery(str(state.tags))
        link.stream(encoded)
        link.advance()
        if c.get("settled") or link.snd_settle_mode == Link.SND_SETTLED:
            delivery.settle()
            return {"outcome": {"outcome": "settled"}}
        held.wait(lambda: delivery.remote_state or delivery.settled or link.state & Endpoint.REMOTE_CLOSED, 30, "an outcome")
        if not delivery.remote_state:
            raise Failed(*self.condition(link))
        outcome = self.outcome(delivery)
        delivery.settle()
        return {"outcome": outcome}

    @staticmethod
    def outcome(delivery: Delivery) -> dict[str, Any]:
        remote = delivery.remote
        match delivery.remote_state:
            case Disposition.ACCEPTED:
                return {"outcome": "accepted"}
            case Disposition.REJECTED:
                found = remote.condition
                return {
                    "outcome": "rejected",
                    "condition": found.name if found else "",
                    "description": (found.description or "") if found else "",
                }
            case Disposition.RELEASED:
                return {"outcome": "released"}
            case Disposition.MODIFIED:
                return {"outcome": "modified", "failed": remote.failed, "undeliverable": remote.undeliverable}
        return {"outcome": f"state {delivery.remote_state}"}

    def credit(self, c: dict[str, Any]) -> dict[str, Any]:
        held, state = self.links[c["link"]]
        link = state.link
        if c.get("drain"):
            link.drain(c["credit"])
            held.wait(lambda: link.credit == 0, 10, "the end of the drain")
            link.drain_mode = False
        else:
            link.flow(c["credit"])
        return {}

    def receive(self, c: dict[str, Any]) -> dict[str, Any]:
        held, state = self.links[c["link"]]
        wanted = c.get("count", 1)
        held.run_until(
            lambda: len(state.arrived) >= wanted or state.link.state & Endpoint.REMOTE_CLOSED, c.get("timeout", 10)
        )
        taken, state.arrived = state.arrived[:wanted], state.arrived[wanted:]
        if not taken and state.link.state & Endpoint.REMOTE_CLOSED:
            raise Failed(*self.condition(state.link))
        return {"messages": [{**message, "delivery": n} for n, message in taken]}

    def settle(self, c: dict[str, Any]) -> dict[str, Any]:
        held, state = self.links[c["link"]]
        delivery = state.unsettled.pop(c["delivery"])
        local = delivery.local
        kind = c["outcome"]
        if kind == "rejected" and c.get("condition"):
            local.condition = Condition(c["condition"], c.get("description"))
        if kind == "modified":
            local.failed = c.get("failed", False)
            local.undeliverable = c.get("undeliverable", False)
            if c.get("annotations"):
                local.annotations = {decode(k): decode(v) for k, v in c["annotations"]}
        delivery.update(getattr(Disposition, kind.upper()))
        if state.link.rcv_settle_mode == Link.RCV_SECOND:
            held.wait(lambda: delivery.settled, 10, "the broker's settlement")
        delivery.settle()
        return {}

    def detach(self, c: dict[str, Any]) -> dict[str, Any]:
        held, state = self.links.pop(c["link"])
        link = state.link
        if c.get("close", True):
            link.close()
            held.wait(lambda: link.state & Endpoint.REMOTE_CLOSED, 10, "the broker's DETACH")
        else:
            # The binding has no event to wait for; what is asked next on the session comes behind it.
            link.detach()
            probe = self.sessions[c["connection"]].sender(f"behind-{link.name}")
            probe.open()
            held.wait(lambda: not probe.state & Endpoint.REMOTE_UNINIT, 10, "ATTACH")
            probe.close()
        return {}

    def ended(self, c: dict[str, Any]) -> dict[str, Any]:
        if "link" in c:
            held, state = self.links[c["link"]]
            held.wait(lambda: state.link.state & Endpoint.REMOTE_CLOSED, c.get("timeout", 10), "the broker's DETACH")
            condition, description = self.condition(state.link)
        else:
            held = self.connections[c["connection"]]
            try:
                held.wait(lambda: held.connection.state & Endpoint.REMOTE_CLOSED, c.get("timeout", 10), "the broker's CLOSE")
            except Failed:
                if not held.lost:
                    raise
            condition, description = held.ended_by()
        return {"condition": condition, "description": description}

    def idle(self, c: dict[str, Any]) -> dict[str, Any]:
        self.connections[c["connection"]].run_until(lambda: False, c["seconds"])
        return {}


def main() -> None:
    program = Program()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(program, command["op"])(command)
            program.flush(command)
        except Failed as error:
            answer = {"error": {"condition": error.condition, "description": str(error)}}
        except Exception as error:
            answer = {"error": {"condition": "client", "description": f"{type(error).__name__}: {error}"}}
        print(json.dumps(answer), flush=True)


main()
