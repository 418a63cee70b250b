"""The vt.* checks as C++ statements."""

from __future__ import annotations

import itertools
import json

from basculec import vt
from basculec.emit.cpp_text import literal
from basculec.emit.cpp_types import CppTypes
from basculec.emit.render import indent
from basculec.model import Base, Contract, Enum, Field, ListOf, MapOf, Ref, SetOf, Struct, Type


class CppChecks:
    def __init__(self, contract: Contract, types: CppTypes) -> None:
        self.contract = contract
        self.types = types
        self.patterns: dict[str, str] = {}  # expression -> variable
        self._numbers = itertools.count()
        self._needed: dict[tuple[str, str], bool] = {}

    # -- which types have something to check --

    def needed(self, of_type: Type) -> bool:
        if isinstance(of_type, (ListOf, SetOf)):
            return self.needed(of_type.element)
        if isinstance(of_type, MapOf):
            return self.needed(of_type.key) or self.needed(of_type.value)
        if not isinstance(of_type, Ref):
            return False
        declared = self.contract.resolve(of_type)
        return isinstance(declared, Struct) and self.struct_needed(declared)

    def struct_needed(self, struct: Struct) -> bool:
        key = (struct.program.module, struct.name)
        if key not in self._needed:
            self._needed[key] = False  # what a recursive use of the type alone would need
            self._needed[key] = any(self.field_needed(f) for f in struct.fields)
        return self._needed[key]

    def field_needed(self, field: Field) -> bool:
        rules = vt.rules(self.contract, field.type, field.annotations)
        return not rules.skip and (not rules.empty() or self.needed(field.type))

    # -- statements --

    def struct(self, struct: Struct) -> list[str]:
        """The body of `void check(const T& value, const ::bascule::contract::Path& at)`."""
        lines: list[str] = []
        for field in struct.fields:
            if not self.field_needed(field):
                continue
            value = f"value.{field.name}"
            if field.by_reference:
                guard, value = f"if (value.{field.name}) ", f"(*{value})"
            else:
                guard = f"if (value.__isset.{field.name}) " if field.requiredness == "optional" else ""
            if vt.rules(self.contract, field.type, field.annotations).not_nil and guard:
                missing = (
                    f'::bascule::contract::broken(::bascule::contract::Path(at, "{field.name}"), "must be given");'
                )
                lines.append(guard.replace("if (", "if (!") + missing)
            lines += [guard + "{", *indent(self.field(field, value, f'at, "{field.name}"'), 2), "}"]
        return lines

    def field(self, field: Field, value: str, path: str) -> list[str]:
        """The checks of one field or argument. `path` makes its ::bascule::contract::Path."""
        rules = vt.rules(self.contract, field.type, field.annotations)
        here = f"at{next(self._numbers)}"
        return [f"const ::bascule::contract::Path {here}({path});", *self._value(field.type, rules, value, here)]

    def _value(self, of_type: Type, rules: vt.Rules | None, value: str, at: str) -> list[str]:
        lines = []
        for name, wanted in (rules.values if rules else {}).items():
            condition, text = self._rule(of_type, name, wanted, value)
            lines.append(f"if (!({condition})) ::bascule::contract::broken({at}, {literal(text)});")
        if isinstance(of_type, (ListOf, SetOf)):
            lines += self._items(of_type.element, rules.element if rules else None, value, at)
        elif isinstance(of_type, MapOf):
            lines += self._pairs(of_type, rules, value, at)
        elif self.needed(of_type):
            lines.append(f"check({value}, {at});")
        return lines

    def _items(self, of_type: Type, rules: vt.Rules | None, value: str, at: str) -> list[str]:
        n = next(self._numbers)
        inner = self._value(of_type, rules, f"item{n}", f"at{n}")
        if not inner:
            return []
        return [
            f"std::size_t index{n} = 0;",
            f"for (const {self.types.name(of_type)}& item{n} : {value}) {{",
            f"  const ::bascule::contract::Path at{n}({at}, index{n}++);",
            *indent(inner, 2),
            "}",
        ]

    def _pairs(self, of_type: MapOf, rules: vt.Rules | None, value: str, at: str) -> list[str]:
        n = next(self._numbers)
        inner = self._value(of_type.key, rules.key if rules else None, f"key{n}", f"at{n}")
        inner += self._value(of_type.value, rules.value if rules else None, f"value{n}", f"at{n}")
        if not inner:
            return []
        return [
            f"std::size_t index{n} = 0;",
            f"for (const auto& [key{n}, value{n}] : {value}) {{",
            f"  (void)key{n}, (void)value{n};",
            f"  const ::bascule::contract::Path at{n}({at}, index{n}++);",
            *indent(inner, 2),
            "}",
        ]

    def _rule(self, of_type: Type, name: str, wanted: object, value: str) -> tuple[str, str]:
        """The condition that holds, and the sentence when it does not."""
        comparisons = {
            "gt": (">", "greater than"),
            "ge": (">=", "at least"),
            "lt": ("<", "less than"),
            "le": ("<=", "at most"),
        }
        if name in comparisons:
            sign, words = comparisons[name]
            return f"{value} {sign} {self._constant(of_type, wanted)}", f"must be {words} {_shown(wanted)}"
        if name in ("min_size", "max_size"):
            size, unit = self._size(of_type, value)
            sign, words = (">=", "at least") if name == "min_size" else ("<=", "at most")
            return f"{size} {sign} {wanted}u", f"must have {words} {wanted} {unit}"
        if name == "const":
            return f"{value} == {self._constant(of_type, wanted)}", f"must be {_shown(wanted)}"
        if name in ("in", "not_in"):
            assert isinstance(wanted, list)
            any_of = " || ".join(f"{value} == {self._constant(of_type, w)}" for w in wanted)
            shown = ", ".join(self._member(of_type, w) for w in wanted)
            return (
                (any_of, f"must be one of {shown}") if name == "in" else (f"!({any_of})", f"must not be one of {shown}")
            )
        if name == "defined_only":
            return self._defined(of_type, bool(wanted), value)
        return self._text_rule(name, str(wanted), value)

    def _text_rule(self, name: str, wanted: str, value: str) -> tuple[str, str]:
        text = f"std::string_view({value})"
        quoted = literal(wanted)
        if name == "prefix":
            return f"{text}.starts_with({quoted})", f"must begin with {_shown(wanted)}"
        if name == "suffix":
            return f"{text}.ends_with({quoted})", f"must end with {_shown(wanted)}"
        if name == "contains":
            return f"{text}.find({quoted}) != std::string_view::npos", f"must contain {_shown(wanted)}"
        if name == "not_contains":
            return f"{text}.find({quoted}) == std::string_view::npos", f"must not contain {_shown(wanted)}"
        variable = self.patterns.setdefault(wanted, f"pattern{len(self.patterns)}")
        return f"{variable}().matches({value})", f"must match {wanted}"

    def _size(self, of_type: Type, value: str) -> tuple[str, str]:
        if isinstance(of_type, Base):
            return (
                (f"::bascule::contract::code_points({value})", "characters")
                if of_type.name == "string"
                else (f"{value}.size()", "bytes")
            )
        return f"{value}.size()", "elements"

    def _defined(self, of_type: Type, wanted: bool, value: str) -> tuple[str, str]:
        declared = self._enum(of_type)
        if not wanted:
            return "true", ""
        known = " || ".join(f"static_cast<std::int32_t>({value}) == {n}" for n in declared.values.values()) or "false"
        return known, f"must be a value of {declared.qualified}"

    def _enum(self, of_type: Type) -> Enum:
        assert isinstance(of_type, Ref)
        declared = self.contract.resolve(of_type)
        assert isinstance(declared, Enum)
        return declared

    def _member(self, of_type: Type, value: object) -> str:
        if self.types.is_enum(of_type):
            return next(name for name, number in self._enum(of_type).values.items() if number == value)
        return _shown(value)

    def _constant(self, of_type: Type, value: object) -> str:
        if self.types.is_enum(of_type):
            return f"static_cast<{self.types.name(of_type)}>({value})"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return "INT64_MIN" if value == -(1 << 63) else f"{value}LL" if abs(value) >= 1 << 31 else str(value)
        if isinstance(value, float):
            return repr(value)
        text = value.decode() if isinstance(value, bytes) else str(value)
        return literal(text)


def _shown(value: object) -> str:
    return json.dumps(value.decode() if isinstance(value, bytes) else value, ensure_ascii=False)
