"""The field checks: thrift-gen-validator's vt.* annotations as typed rules.

`vt.elem.*` reaches the elements of a list or set, `vt.key.*` and `vt.value.*` those of a map; they nest. Sizes of a
string count code points, of a binary bytes, of a container elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from basculec import consts
from basculec.errors import nearest
from basculec.model import INTEGER_BITS, Base, ConstValue, Contract, Enum, ListOf, MapOf, Ref, SetOf, Type

_NUMBER = ("const", "gt", "ge", "lt", "le", "in", "not_in")
_TEXT = ("const", "min_size", "max_size", "pattern", "prefix", "suffix", "contains", "not_contains", "in", "not_in")
_SIZE = ("min_size", "max_size")
_UNSUPPORTED = {"assert": "write the check in the service", "no_sparse": "drop it: elements are never null"}  # fmt: skip


@dataclass
class Rules:
    """What a value of one type must hold. `values` is by rule name, without `vt.`."""

    type: Type
    values: dict[str, Any] = field(default_factory=dict)
    element: Rules | None = None
    key: Rules | None = None
    value: Rules | None = None
    skip: bool = False
    not_nil: bool = False  # an optional field that must be there

    def empty(self) -> bool:
        return not (self.not_nil or self.values or self.element or self.key or self.value)


class BadRule(Exception):
    """A rule that does not fit its type; the text says what to do."""


def rules(contract: Contract, of_type: Type, annotations: dict[str, str]) -> Rules:
    """Raises BadRule."""
    return _rules(contract, of_type, {k[3:]: v for k, v in annotations.items() if k.startswith("vt.")}, "vt.")


def _rules(contract: Contract, of_type: Type, texts: dict[str, str], prefix: str) -> Rules:
    made = Rules(of_type)
    allowed = allowed_rules(contract, of_type)
    for name, text in texts.items():
        head, _, rest = name.partition(".")
        if head in ("elem", "key", "value") and rest:
            continue
        if name == "skip":
            made.skip = text == "true"
        elif name == "not_nil" and prefix == "vt.":
            made.not_nil = text == "true"
        elif name in _UNSUPPORTED:
            raise BadRule(f"{prefix}{name} is not supported; {_UNSUPPORTED[name]}")
        elif name not in allowed:
            meant = nearest(name, allowed)
            advice = (
                f"did you mean {prefix}{meant}?"
                if meant
                else f"this type knows {', '.join(prefix + a for a in allowed) or 'none'}"
            )
            raise BadRule(f"{prefix}{name} is no check of this type; {advice}")
        else:
            made.values[name] = _value(contract, of_type, name, text, prefix)
    made.element = _inner(contract, of_type, (ListOf, SetOf), "element", texts, "elem", prefix)
    made.key = _inner(contract, of_type, (MapOf,), "key", texts, "key", prefix)
    made.value = _inner(contract, of_type, (MapOf,), "value", texts, "value", prefix)
    _order(made, prefix)
    return made


def _inner(
    contract: Contract,
    of_type: Type,
    holders: tuple[type, ...],
    attribute: str,
    texts: dict[str, str],
    head: str,
    prefix: str,
) -> Rules | None:
    inner = {k[len(head) + 1 :]: v for k, v in texts.items() if k.startswith(head + ".")}
    if not inner:
        return None
    if not isinstance(of_type, holders):
        raise BadRule(f"{prefix}{head}.* is for {'lists and sets' if head == 'elem' else 'maps'}; drop it")
    return _rules(contract, getattr(of_type, attribute), inner, f"{prefix}{head}.")


def allowed_rules(contract: Contract, of_type: Type) -> tuple[str, ...]:
    if isinstance(of_type, Base):
        if of_type.name in ("string", "binary"):
            return _TEXT if of_type.name == "string" else tuple(r for r in _TEXT if r != "pattern")
        return ("const",) if of_type.name in ("bool", "uuid") else _NUMBER
    if isinstance(of_type, Ref):
        return ("const", "defined_only", "in", "not_in") if isinstance(contract.lookup(of_type), Enum) else ()
    return _SIZE


def _value(contract: Contract, of_type: Type, name: str, text: str, prefix: str) -> Any:
    if name in ("min_size", "max_size"):
        if not re.fullmatch(r"\d{1,9}", text):
            raise BadRule(f'{prefix}{name} = "{text}" is no size; write a whole number')
        return int(text)
    if name == "defined_only":
        if text not in ("true", "false"):
            raise BadRule(f'{prefix}{name} = "{text}" is no truth; write "true"')
        return text == "true"
    if name == "pattern":
        return _pattern(text, prefix)
    if name in ("in", "not_in"):
        return [_constant(contract, of_type, part.strip(), prefix + name) for part in text.split(",")]
    if name in ("prefix", "suffix", "contains", "not_contains"):
        return text
    return _constant(contract, of_type, text, prefix + name)


def _pattern(text: str, prefix: str) -> str:
    try:
        re.compile(text)
    except re.error as wrong:
        raise BadRule(f'{prefix}pattern = "{text}" is no regular expression: {wrong}; correct it') from None
    if re.search(r"\(\?[=!<]|\\[1-9]", text):
        raise BadRule(
            f'{prefix}pattern = "{text}" looks around or back; use what RE2 knows, which is matched in linear time'
        )
    return text


def _constant(contract: Contract, of_type: Type, text: str, where: str) -> Any:
    declared = contract.resolve(of_type) if isinstance(of_type, Ref) else None
    if isinstance(declared, Enum):
        member = text.rpartition(".")[2]
        if member not in declared.values:
            raise BadRule(
                f'{where}: {declared.qualified} has no value "{text}"; use one of {", ".join(declared.values)}'
            )
        return declared.values[member]
    try:
        return consts.typed(contract, of_type, _literal(of_type, text))
    except (ValueError, consts.BadConstant) as wrong:
        raise BadRule(
            f'{where} = "{text}" does not fit the type ({wrong}); write a value of the field\'s type'
        ) from None


def _literal(of_type: Type, text: str) -> ConstValue:
    name = of_type.name if isinstance(of_type, Base) else ""
    if name == "bool":
        return ConstValue("int", {"true": 1, "false": 0}.get(text, text))
    if name in INTEGER_BITS:
        return ConstValue("int", int(text, 0))
    if name == "double":
        return ConstValue("double", float(text))
    return ConstValue("string", text)


def _order(made: Rules, prefix: str) -> None:
    values = made.values
    if values.get("min_size", 0) > values.get("max_size", float("inf")):
        raise BadRule(f"{prefix}min_size is above {prefix}max_size; no value can hold both")
    low = values.get("gt", values.get("ge"))
    high = values.get("lt", values.get("le"))
    if low is not None and high is not None and (low > high or (low == high and ("gt" in values or "lt" in values))):
        raise BadRule(f"{prefix}gt/ge and {prefix}lt/le leave no value; correct one")
