"""Which annotation may stand where. A mistyped key must never be a check that silently does not happen."""

from __future__ import annotations

from collections.abc import Iterator

from basculec.errors import Problems, Where, nearest
from basculec.model import Contract, Field, Program
from basculec.scan import Places, scan

VERBS = ("get", "post", "put", "patch", "delete")
_POLICY = {"auth", "scopes", "rate_limit", "timeout", "retry"}
_SOURCES = {"api.path", "api.query", "api.header", "api.cookie", "api.body"}
_KEYS = {
    "method": {f"api.{verb}" for verb in VERBS} | {"api.http_code", "idempotent", "cache"} | _POLICY,
    "service": _POLICY,
    "field": _SOURCES,
    "argument": _SOURCES,
    "struct": {"event.topic", "event.key"},
    "union": set(),
    "exception": {"api.http_code"},
    "throws": {"api.http_code"},
    "enum": set(),
}
_OURS = ("api.", "vt.", "event.")
_UNSUPPORTED = {
    "api.raw_body": "take the body as a `binary` argument with api.body",
    "api.form": "take JSON: a struct argument is the body",
    "api.vd": "use the vt.* checks",
    "api.js_conv": "drop it: an i64 is accepted as a number and as a string",
    "api.none": "drop it, and leave the field out of the contract",
    "api.any": "name the verbs: api.get, api.post, ...",
}

Name = tuple[str, ...]


def check(_contract: Contract, program: Program, problems: Problems) -> None:
    places = scan(program.path)
    for key, line in places.inside_types:
        if key.startswith(_OURS):
            problems.add(
                Where(program.path, line),
                f"annotation {key} inside a type is lost by Thrift; write it on the field (vt.elem.*, vt.key.*, "
                "vt.value.* reach into containers), or on a typedef",
            )
    for key, line in places.repeated:
        if key.startswith(_OURS) or any(key in keys for keys in _KEYS.values()):
            problems.add(Where(program.path, line), f"annotation {key} stands twice on one thing; keep one")
    for kind, name, annotations, where in _annotated(program):
        for key in annotations:
            _key(kind, key, _at(places, program, name, key, where), problems)


def _annotated(program: Program) -> Iterator[tuple[str, Name, dict[str, str], Where]]:
    for enum in program.enums.values():
        yield "enum", (enum.name,), enum.annotations, enum.where
    for struct in program.structs.values():
        yield struct.kind, (struct.name,), struct.annotations, struct.where
        yield from _fields("field", (struct.name,), struct.fields)
    for service in program.services.values():
        yield "service", (service.name,), service.annotations, service.where
        for method in service.own_methods:
            name = (service.name, method.name)
            yield "method", name, method.annotations, method.where
            yield from _fields("argument", name, method.args)
            for thrown in method.throws:
                yield "throws", (*name, "throws", thrown.name), thrown.annotations, thrown.where


def _fields(kind: str, owner: Name, fields: list[Field]) -> Iterator[tuple[str, Name, dict[str, str], Where]]:
    for field in fields:
        yield kind, (*owner, field.name), field.annotations, field.where


def _at(places: Places, program: Program, name: Name, key: str, where: Where) -> Where:
    line = places.annotation_line(name, key)
    return Where(program.path, line) if line else where


def _key(kind: str, key: str, where: Where, problems: Problems) -> None:
    known = _KEYS[kind]
    if key in known or (kind in ("field", "argument") and key.startswith("vt.")):  # validation.py judges vt.*
        return
    if key in _UNSUPPORTED:
        problems.add(where, f"annotation {key} is not supported by Bascule; {_UNSUPPORTED[key]}")
        return
    elsewhere = [k for k, keys in _KEYS.items() if key in keys]
    if elsewhere and (key.startswith(_OURS) or "method" in elsewhere):
        problems.add(where, f"annotation {key} does not belong on a {kind}; it stands on a {' or '.join(elsewhere)}")
        return
    meant = nearest(key, known) or nearest(key, {k for keys in _KEYS.values() for k in keys})
    if key.startswith(_OURS) or meant:
        advice = (
            f"did you mean {meant}?" if meant else f"on a {kind} Bascule knows {', '.join(sorted(known)) or 'none'}"
        )
        problems.add(where, f"unknown annotation {key} on a {kind}; {advice}")
