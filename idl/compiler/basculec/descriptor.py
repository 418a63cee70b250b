"""The descriptor: what the gateway, Python and the CLI work from at run time (docs/architecture.md)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from basculec import consts
from basculec.model import (
    Base,
    Contract,
    Enum,
    Field,
    ListOf,
    MapOf,
    Method,
    Route,
    Service,
    SetOf,
    Struct,
    Type,
)

FORMAT = 1


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def build(contract: Contract) -> dict[str, Any]:
    program = contract.program
    closure = program.closure()
    described: dict[str, Any] = {
        "bascule": FORMAT,
        "name": program.module,
        "namespace": program.namespace,
        "types": {
            **{s.qualified: _struct(contract, s) for p in closure for s in p.structs.values()},
            **{e.qualified: _enum(e) for p in closure for e in p.enums.values()},
        },
        "constants": {
            f"{p.namespace}.{c.name}": {
                "type": type_of(contract, c.type),
                "value": consts.to_json(contract, c.type, consts.typed(contract, c.type, c.value)),
            }
            for p in closure
            for c in p.constants.values()
        },
        "services": {s.qualified: _service(contract, s) for s in program.services.values()},
        "events": {
            e.struct.qualified: {"topic": e.topic, "key": e.key.name if e.key else None}
            for p in closure
            for e in p.events
        },
    }
    described["digest"] = "sha256:" + hashlib.sha256(canonical(described).encode()).hexdigest()
    return described


def type_of(contract: Contract, of_type: Type) -> Any:
    if isinstance(of_type, Base):
        return of_type.name
    if isinstance(of_type, ListOf):
        return {"list": type_of(contract, of_type.element)}
    if isinstance(of_type, SetOf):
        return {"set": type_of(contract, of_type.element)}
    if isinstance(of_type, MapOf):
        return {"map": [type_of(contract, of_type.key), type_of(contract, of_type.value)]}
    return {"ref": contract.resolve(of_type).qualified}


def _struct(contract: Contract, struct: Struct) -> dict[str, Any]:
    return {
        "kind": struct.kind,
        "doc": struct.doc,
        "annotations": struct.annotations,
        "fields": [_field(contract, f) for f in struct.fields],
    }


def _enum(enum: Enum) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": "enum", "doc": enum.doc, "annotations": enum.annotations, "values": enum.values}
    docs = {name: doc for name, doc in enum.value_docs.items() if doc.strip()}
    return {**made, "value_docs": docs} if docs else made


def _field(contract: Contract, field: Field) -> dict[str, Any]:
    default = None
    if field.default is not None:
        default = consts.to_json(contract, field.type, consts.typed(contract, field.type, field.default))
    return {
        "id": field.id,
        "name": field.name,
        "type": type_of(contract, field.type),
        "requiredness": field.requiredness,
        "default": default,
        "annotations": field.annotations,
        "doc": field.doc,
    }


def _service(contract: Contract, service: Service) -> dict[str, Any]:
    return {
        "extends": service.parent.qualified if service.parent else None,
        "doc": service.doc,
        "annotations": service.annotations,
        "address": f"rpc.{service.qualified}",
        "methods": [_method(contract, m, inherited=m.service is not service) for m in service.methods],
    }


def _method(contract: Contract, method: Method, inherited: bool) -> dict[str, Any]:
    return {
        "name": method.name,
        "doc": method.doc,
        "oneway": method.oneway,
        "idempotent": method.policy.idempotent,
        "timeout_ms": method.policy.timeout_ms,
        "annotations": method.annotations,
        "args": [_field(contract, a) for a in method.args],
        "returns": None if method.returns is None else type_of(contract, method.returns),
        "throws": [
            {"id": t.id, "name": t.name, "type": type_of(contract, t.type), "http_code": t.http_code}
            for t in method.throws
        ],
        "auth": method.policy.auth,
        "scopes": method.policy.scopes,
        "http": [] if inherited else [_route(r) for r in method.routes],
    }


def _route(route: Route) -> dict[str, Any]:
    return {
        "verb": route.verb,
        "path": route.path,
        "status": route.status,
        "body": route.body,
        "bindings": [{"arg": b.arg, "field": b.field, "in": b.source, "name": b.name} for b in route.bindings],
    }
