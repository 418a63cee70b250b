"""Which structs are events, where they are published, and what orders them."""

from __future__ import annotations

import re

from basculec.errors import Problems
from basculec.model import Base, Contract, Enum, Event, Field, Program, Ref, Struct

_TOPIC = re.compile(r"events\.[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")


def check(contract: Contract, program: Program, problems: Problems) -> None:
    program.events = []
    topics: dict[str, str] = {}
    for struct in program.structs.values():
        if not {"event.topic", "event.key"} & struct.annotations.keys():
            continue
        event = Event(struct, struct.annotations.get("event.topic", f"events.{struct.qualified}"), None)
        if not _TOPIC.fullmatch(event.topic):
            problems.add(
                struct.where,
                f'event.topic = "{event.topic}" is no topic; write "events.{struct.qualified}" or leave it out',
            )
        if event.topic in topics:
            problems.add(
                struct.where,
                f"{struct.name} and {topics[event.topic]} share the topic {event.topic}; give each its own",
            )
        topics[event.topic] = struct.name
        if "event.key" in struct.annotations:
            event.key = _key(contract, struct, problems)
        program.events.append(event)


def _key(contract: Contract, struct: Struct, problems: Problems) -> Field | None:
    name = struct.annotations["event.key"]
    field = next((f for f in struct.fields if f.name == name), None)
    if field is None:
        names = ", ".join(f.name for f in struct.fields) or "none"
        problems.add(struct.where, f'event.key = "{name}" names no field of {struct.name}; its fields are {names}')
    elif not _orders(contract, field):
        problems.add(field.where, f"{struct.name}.{name} cannot be an event.key; use a string, integer, enum or uuid")
    elif field.requiredness == "optional":
        problems.add(field.where, f"{struct.name}.{name} is the event.key and optional; make it required")
    return field


def _orders(contract: Contract, field: Field) -> bool:
    if isinstance(field.type, Base):
        return field.type.name not in ("double", "binary", "bool")
    return isinstance(field.type, Ref) and isinstance(contract.lookup(field.type), Enum)
