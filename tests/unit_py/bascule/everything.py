"""A contract with every kind of type, its classes made at run time, for either codec."""

from __future__ import annotations

import json
from typing import Any

from bascule import dynamic
from bascule.codec import pure
from bascule.contract import Registry


def fields(*given: tuple[int, str, Any, str]) -> list[dict[str, Any]]:
    return [
        {"id": i, "name": n, "type": t, "requiredness": r, "default": None, "annotations": {}, "doc": ""}
        for i, n, t, r in given
    ]


INNER = {"ref": "t.Inner"}
COLOUR = {"ref": "t.Colour"}
DESCRIPTOR: dict[str, Any] = {
    "bascule": 1, "name": "t", "namespace": "t", "digest": "sha256:0", "constants": {}, "events": {},
    "types": {
        "t.Colour": {"kind": "enum", "values": {"RED": 1, "GREEN": 2, "FAR": 100000}},
        "t.Inner": {"kind": "struct", "fields": fields((1, "id", "i64", "required"), (2, "name", "string", "default"))},
        "t.Node": {"kind": "struct", "fields": fields(
            (1, "value", "i32", "default"), (2, "next", {"ref": "t.Node"}, "optional"))},
        "t.Choice": {"kind": "union", "fields": fields(
            (1, "number", "i32", "default"), (2, "text", "string", "default"), (3, "inner", INNER, "default"))},
        "t.Oops": {"kind": "exception", "fields": fields(
            (1, "message", "string", "default"), (2, "code", "i32", "default"))},
        "t.Everything": {"kind": "struct", "fields": fields(
            (1, "flag", "bool", "default"), (2, "tiny", "i8", "default"), (3, "small", "i16", "default"),
            (4, "normal", "i32", "default"), (5, "large", "i64", "default"), (6, "real", "double", "default"),
            (7, "text", "string", "default"), (8, "raw", "binary", "default"), (10, "colour", COLOUR, "optional"),
            (11, "inner", INNER, "optional"), (12, "choice", {"ref": "t.Choice"}, "optional"),
            (13, "numbers", {"list": "i32"}, "default"), (14, "flags", {"list": "bool"}, "default"),
            (15, "inners", {"list": INNER}, "default"), (16, "words", {"set": "string"}, "default"),
            (17, "by_name", {"map": ["string", "i64"]}, "default"),
            (18, "by_list", {"map": [{"list": "i32"}, {"list": INNER}]}, "default"),
            (19, "nested", {"list": {"list": {"map": ["i16", {"set": "double"}]}}}, "default"),
            (20, "inner_set", {"set": INNER}, "default"), (21, "by_map", {"map": [{"map": ["i32", "bool"]}, "bool"]}, "default"),
            (300, "from", "string", "optional"), (301, "colours", {"list": COLOUR}, "optional"))},
        "t.WithUuid": {"kind": "struct", "fields": fields((1, "id", "uuid", "required"))},
        "t.Strict": {"kind": "struct", "fields": fields((3, "a", "i32", "required"), (1, "b", "string", "required"))},
        "t.Holder": {"kind": "struct", "fields": fields((1, "inner", INNER, "default"))},
    },
    "services": {"t.Thing": {"extends": None, "address": "rpc.t.Thing", "methods": [
        {"name": "find", "oneway": False, "idempotent": True, "timeout_ms": 5000, "returns": INNER,
         "args": [
             {"id": 2, "name": "limit", "type": "i32", "requiredness": "default", "default": 50},
             {"id": 1, "name": "self", "type": {"ref": "t.Choice"}, "requiredness": "default", "default": None}],
         "throws": [{"id": 1, "name": "oops", "type": {"ref": "t.Oops"}, "http_code": 404}]},
        {"name": "tell", "oneway": True, "idempotent": False, "timeout_ms": 5000, "returns": None,
         "args": [{"id": 1, "name": "words", "type": {"list": "string"}, "requiredness": "default", "default": ["a"]}],
         "throws": []},
        {"name": "clear", "oneway": False, "idempotent": False, "timeout_ms": 5000, "returns": None, "args": [],
         "throws": [{"id": 1, "name": "oops", "type": {"ref": "t.Oops"}, "http_code": 404}]},
    ]}},
}  # fmt: skip


def registry(*, use_pure: bool = False) -> Registry:
    made = dynamic.load(json.dumps(DESCRIPTOR))
    if use_pure:
        made.codec = pure
    return made
