"""JSON Schema (2020-12) of contract types in the HTTP/JSON mapping: what OpenAPI and AsyncAPI share."""

from __future__ import annotations

import re
from typing import Any

from basculec import consts, vt
from basculec.model import Base, Contract, Enum, Field, ListOf, MapOf, Ref, SetOf, Struct, Type

_BASE: dict[str, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "i8": {"type": "integer", "minimum": -(1 << 7), "maximum": (1 << 7) - 1},
    "i16": {"type": "integer", "minimum": -(1 << 15), "maximum": (1 << 15) - 1},
    "i32": {"type": "integer", "format": "int32"},
    "i64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "uuid": {"type": "string", "format": "uuid"},
}
_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_SIZES = {
    "string": {"min_size": "minLength", "max_size": "maxLength"},
    "array": {"min_size": "minItems", "max_size": "maxItems"},
    "object": {"min_size": "minProperties", "max_size": "maxProperties"},
}


class Schemas:
    """Makes schemas, and remembers the named types they refer to: components() has them all."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._named: dict[str, Struct | Enum] = {}

    def of(self, of_type: Type, rules: vt.Rules | None = None) -> dict[str, Any]:
        schema = self._shape(of_type, rules)
        if rules is not None:
            self._constrain(schema, of_type, rules)
        return schema

    def of_field(self, field: Field) -> dict[str, Any]:
        rules = vt.rules(self.contract, field.type, field.annotations)
        schema = self.of(field.type, None if rules.skip else rules)
        extra: dict[str, Any] = {}
        if field.doc.strip():
            extra["description"] = field.doc.strip()
        if field.default is not None:
            extra["default"] = consts.to_json(
                self.contract, field.type, consts.typed(self.contract, field.type, field.default)
            )
        return {**schema, **extra}  # 2020-12 allows keywords beside $ref

    def struct(self, struct: Struct, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
        """`leave_out`: fields that are bound elsewhere in the request."""
        fields = [f for f in struct.fields if f.name not in leave_out]
        schema: dict[str, Any] = {"type": "object"}
        if struct.doc.strip():
            schema["description"] = struct.doc.strip()
        schema["properties"] = {f.name: self.of_field(f) for f in fields}
        if struct.kind == "union":
            schema |= {"minProperties": 1, "maxProperties": 1}
        required = [f.name for f in fields if f.requiredness == "required" and struct.kind != "union"]
        if required:
            schema["required"] = required
        schema["additionalProperties"] = False
        return schema

    def components(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while len(made) < len(self._named):
            for name, declared in list(self._named.items()):
                if name not in made:
                    made[name] = self._enum(declared) if isinstance(declared, Enum) else self.struct(declared)
        return dict(sorted(made.items()))

    # -- parts --

    def _shape(self, of_type: Type, rules: vt.Rules | None) -> dict[str, Any]:
        if isinstance(of_type, Base):
            return dict(_BASE[of_type.name])
        if isinstance(of_type, (ListOf, SetOf)):
            items = self.of(of_type.element, rules.element if rules else None)
            unique = {"uniqueItems": True} if isinstance(of_type, SetOf) else {}
            return {"type": "array", "items": items, **unique}
        if isinstance(of_type, MapOf):
            return self._map(of_type, rules)
        declared = self.contract.resolve(of_type)
        name = re.sub(r"[^A-Za-z0-9._-]", "_", declared.qualified)
        self._named[name] = declared
        return {"$ref": f"#/components/schemas/{name}"}

    def _map(self, of_type: MapOf, rules: vt.Rules | None) -> dict[str, Any]:
        value = self.of(of_type.value, rules.value if rules else None)
        if not consts.json_object_key(self.contract, of_type.key):
            pair = [self.of(of_type.key, rules.key if rules else None), value]
            return {"type": "array", "items": {"type": "array", "prefixItems": pair, "minItems": 2, "maxItems": 2}}
        schema: dict[str, Any] = {"type": "object", "additionalProperties": value}
        names = self._key_names(of_type.key, rules.key if rules else None)
        return {**schema, "propertyNames": names} if names else schema

    def _key_names(self, of_type: Type, rules: vt.Rules | None) -> dict[str, Any]:
        if isinstance(of_type, Ref):
            declared = self.contract.resolve(of_type)
            assert isinstance(declared, Enum)
            return {"enum": _by_value(declared)}
        assert isinstance(of_type, Base)
        if of_type.name == "bool":
            return {"enum": ["true", "false"]}
        if of_type.name == "string":
            return {k: v for k, v in self.of(of_type, rules).items() if k != "type"} if rules else {}
        return {"pattern": "^-?[0-9]+$"}

    def _enum(self, enum: Enum) -> dict[str, Any]:
        names = _by_value(enum)
        schema: dict[str, Any] = {"type": "string", "enum": names}
        docs = "\n".join(f"- `{name}`: {doc}" for name in names if (doc := enum.value_docs.get(name, "").strip()))
        text = "\n\n".join(part for part in (enum.doc.strip(), docs) if part)
        return {**schema, "description": text} if text else schema

    def _constrain(self, schema: dict[str, Any], of_type: Type, rules: vt.Rules) -> None:
        for name, wanted in sorted(rules.values.items()):
            if name in _BOUNDS:
                schema[_BOUNDS[name]] = wanted
            elif name in ("min_size", "max_size"):
                self._size(schema, of_type, name, wanted)
            elif name == "const":
                schema["const"] = self._json(of_type, wanted)
            elif name in ("in", "not_in"):
                listed: dict[str, Any] = {"enum": [self._json(of_type, w) for w in wanted]}
                _add(schema, listed if name == "in" else {"not": listed})
            elif name in ("pattern", "prefix", "suffix", "contains", "not_contains"):
                if of_type != Base("binary"):  # its text is base64
                    _add(schema, _pattern(name, str(wanted)))

    def _size(self, schema: dict[str, Any], of_type: Type, name: str, wanted: int) -> None:
        if isinstance(of_type, Base) and of_type.name == "binary":
            # Base64 writes 4 characters for each 3 bytes begun.
            wanted = (wanted + 2) // 3 * 4
        schema[_SIZES[schema["type"]][name]] = wanted

    def _json(self, of_type: Type, value: Any) -> Any:
        return consts.to_json(self.contract, of_type, value)


def _by_value(enum: Enum) -> list[str]:
    return sorted(enum.values, key=lambda name: (enum.values[name], name))


def _pattern(name: str, wanted: str) -> dict[str, Any]:
    text = re.sub(r"[\\^$.|?*+()\[\]{}]", r"\\\g<0>", wanted)
    clauses: dict[str, dict[str, Any]] = {
        "pattern": {"pattern": wanted},
        "prefix": {"pattern": "^" + text},
        "suffix": {"pattern": text + "$"},
        "contains": {"pattern": text},
        "not_contains": {"not": {"pattern": text}},
    }
    return clauses[name]


def _add(schema: dict[str, Any], clause: dict[str, Any]) -> None:
    """A schema has each keyword once; what more there is to hold stands in allOf."""
    if schema.keys() & clause.keys():
        schema.setdefault("allOf", []).append(clause)
    else:
        schema.update(clause)
