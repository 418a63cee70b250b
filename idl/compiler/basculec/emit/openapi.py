"""OpenAPI 3.1 of the HTTP side of one or several contracts: what the gateway serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from basculec.emit.json_schema import Schemas
from basculec.model import Binding, Contract, Method, Ref, Route, Service, Struct

PROBLEM = "application/problem+json"
# What is said of failures whatever the contract: the gateway embeds the same file.
_SHARED: dict[str, Any] = json.loads(Path(__file__).with_name("http_failures.json").read_text(encoding="utf-8"))
_FAILURES: dict[str, dict[str, Any]] = {each["status"]: each for each in _SHARED["failures"]}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "trace_id"}


def build(contracts: list[Contract]) -> dict[str, Any]:
    """Routes of the services that the contracts declare; what they only include is left to its own contract."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Problem": _SHARED["problem"]}
    tags = []
    for contract in contracts:
        named = Schemas(contract)
        for service in contract.program.services.values():
            routes = [(m, r) for m in service.own_methods for r in m.routes]
            if routes:
                tags.append(_tag(service))
            for method, route in routes:
                paths.setdefault(route.path, {})[route.verb.lower()] = _operation(contract, named, method, route)
        schemas |= named.components()
    names = " and ".join(c.program.module for c in contracts)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"The contracts {names}",
            "version": "1",
            "description": "Written by basculec from the contracts.",
        },
        "tags": tags,
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {each["name"]: _problem(each["description"], _PROBLEM) for each in _FAILURES.values()},
            "securitySchemes": _SHARED["security"],
        },
    }


def _tag(service: Service) -> dict[str, Any]:
    tag = {"name": service.qualified}
    return {**tag, "description": service.doc.strip()} if service.doc.strip() else tag


def _operation(contract: Contract, named: Schemas, method: Method, route: Route) -> dict[str, Any]:
    first = method.routes[0] is route
    operation: dict[str, Any] = {
        "operationId": f"{method.service.qualified}.{method.name}" + ("" if first else f".{route.verb.lower()}"),
        "tags": [method.service.qualified],
        "security": [] if method.policy.auth == "public" else [{"token": method.policy.scopes}],
    }
    if method.doc.strip():
        operation["summary"] = method.doc.strip().splitlines()[0]
        operation["description"] = method.doc.strip()
    parameters = [_parameter(named, binding) for binding in route.bindings]
    if not method.policy.idempotent and route.verb not in ("GET", "DELETE"):
        parameters.append(_SHARED["idempotency_key"])
    if parameters:
        operation["parameters"] = parameters
    body = _body(contract, named, method, route)
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    operation["responses"] = _responses(contract, named, method, route)
    return operation


def _parameter(named: Schemas, binding: Binding) -> dict[str, Any]:
    schema = named.of_field(binding.declared)
    description = schema.pop("description", None)
    required = binding.source == "path" or (
        binding.declared.requiredness == "required" and binding.declared.default is None
    )
    made: dict[str, Any] = {"name": binding.name, "in": binding.source, "required": required, "schema": schema}
    return {**made, "description": description} if description else made


def _body(contract: Contract, named: Schemas, method: Method, route: Route) -> dict[str, Any] | None:
    if route.body is None:
        return None
    bound = {b.arg for b in route.bindings if b.field is None}
    if route.body != "*":
        argument = next(a for a in method.args if a.name == route.body)
        elsewhere = frozenset(b.field for b in route.bindings if b.arg == argument.name and b.field)
        if elsewhere and isinstance(argument.type, Ref):
            declared = contract.resolve(argument.type)
            assert isinstance(declared, Struct)
            return named.struct(declared, elsewhere)
        return named.of_field(argument)
    rest = [a for a in method.args if a.name not in bound]
    schema: dict[str, Any] = {"type": "object", "properties": {a.name: named.of_field(a) for a in rest}}
    required = [
        a.name for a in rest if a.requiredness != "optional" and a.default is None and named_struct(contract, a.type)
    ]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    return schema


def named_struct(contract: Contract, of_type: object) -> bool:
    return isinstance(of_type, Ref) and isinstance(contract.resolve(of_type), Struct)


def _responses(contract: Contract, named: Schemas, method: Method, route: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "The call was taken." if method.oneway else "The answer."}
    if method.returns is not None:
        success["content"] = {"application/json": {"schema": named.of(method.returns)}}
    responses: dict[str, Any] = {str(route.status): success}
    declared: dict[str, list[Struct]] = {}
    for thrown in method.throws:
        assert isinstance(thrown.type, Ref)
        exception = contract.resolve(thrown.type)
        assert isinstance(exception, Struct)
        declared.setdefault(str(thrown.http_code), []).append(exception)
    failures = {code: f for code, f in _FAILURES.items() if method.policy.auth != "public" or not f.get("token")}
    responses |= {code: {"$ref": f"#/components/responses/{f['name']}"} for code, f in failures.items()}
    for code, exceptions in declared.items():
        schemas = [_exception(named, exception, int(code)) for exception in exceptions]
        if code in failures:
            schemas.append(_PROBLEM)  # the gateway answers it too
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        responses[code] = _problem(" or ".join(exception.name for exception in exceptions), schema)
    return dict(sorted(responses.items()))


def _exception(named: Schemas, exception: Struct, status: int) -> dict[str, Any]:
    """The problem that a declared exception is: its fields are members, or stand in `exception` when one of them has the
    name of a problem's own member."""
    schema = named.struct(exception)
    members: dict[str, Any] = {
        "type": {"const": f"urn:thrift:{exception.qualified}"},
        "title": {"const": exception.name},
        "status": {"const": status},
        "trace_id": {"type": "string"},
    }
    if _PROBLEM_MEMBERS & schema["properties"].keys():
        properties, required = {**members, "exception": schema}, ["exception"]
    else:
        properties, required = {**members, **schema["properties"]}, schema.get("required", [])
    made = {"type": "object", "properties": properties, "required": ["type", "title", "status", *required]}
    return {**made, "description": schema["description"]} if "description" in schema else made


def _problem(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {PROBLEM: {"schema": schema}}}
