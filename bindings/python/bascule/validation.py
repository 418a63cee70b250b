"""The ``vt.*`` checks of a contract's arguments, compiled once per method to one callable, or to None when there are none.

The rules are those of the C++ side (core/bascule/thrift/checks.hpp): numbers vt.const, gt, ge, lt, le, in, not_in; text and
binary const, in, not_in, pattern (searched, not anchored), prefix, suffix, contains, not_contains, min_size, max_size; bool
const; enums const, in, not_in, defined_only; containers min_size, max_size, elem.*, key.*, value.*; optional fields
not_nil. vt.skip = "true" turns a field's checks off.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from bascule.contract import MethodContract, Registry, TypeRef, python_name
from bascule.failures import ContractError, InvalidArgument

Check = Callable[[Any, str], None]  # (value, path): raises InvalidArgument
_NUMBERS = frozenset({"i8", "i16", "i32", "i64", "double"})


def arguments_check(registry: Registry, method: MethodContract) -> Callable[[tuple[Any, ...]], None] | None:
    """What checks the arguments of a method, given as a tuple in the contract's order."""
    compiler = _Compiler(registry)
    checks = [
        (index, each["name"], check)
        for index, each in enumerate(method.description["args"])
        if (check := compiler.field(each)) is not None
    ]
    if not checks:
        return None

    def check_all(arguments: tuple[Any, ...]) -> None:
        for index, name, check in checks:
            check(arguments[index], name)

    return check_all


def _broken(path: str, rule: str) -> InvalidArgument:
    return InvalidArgument(f"{path} must {rule}")


class _Compiler:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._structs: dict[str, Check | None] = {}
        self._open: dict[str, list[Check | None]] = {}

    def field(self, described: dict[str, Any]) -> Check | None:
        rules = _rules(described.get("annotations") or {})
        if rules.pop("skip", None) == "true":
            return None
        needed = rules.pop("not_nil", None) == "true"
        check = self.value(described["type"], rules)
        if check is None and not needed:
            return None

        def run(value: Any, path: str) -> None:
            if value is None:
                if needed:
                    raise _broken(path, "be given")
            elif check is not None:
                check(value, path)

        return run

    def value(self, ref: TypeRef, rules: dict[str, str]) -> Check | None:
        if isinstance(ref, str):
            return _joined(_base_checks(ref, rules))
        if "ref" in ref:
            described = self._registry.types[ref["ref"]]
            if described["kind"] == "enum":
                return _joined(_enum_checks(described["values"], rules))
            return self.struct(ref["ref"])
        return self.container(ref, rules)

    def container(self, ref: dict[str, Any], rules: dict[str, str]) -> Check | None:
        checks = list(_size_checks(rules, "elements"))
        if "map" in ref:
            keys = self.value(ref["map"][0], _nested(rules, "key."))
            values = self.value(ref["map"][1], _nested(rules, "value."))
            if keys is not None or values is not None:
                checks.append(_entries(keys, values))
            return _joined(checks)
        element = self.value(ref["list"] if "list" in ref else ref["set"], _nested(rules, "elem."))
        if element is not None:
            checks.append(_elements(element))
        return _joined(checks)

    def struct(self, name: str) -> Check | None:
        if name in self._structs:
            return self._structs[name]
        if name in self._open:  # it holds itself: found by then, when it runs
            holder = self._open[name]
            return lambda value, path: holder[0](value, path) if holder and holder[0] is not None else None
        self._open[name] = []
        fields = [
            (python_name(each["name"]), each["name"], check)
            for each in self._registry.types[name]["fields"]
            if (check := self.field(each)) is not None
        ]

        def run(value: Any, path: str) -> None:
            for attribute, label, check in fields:
                check(getattr(value, attribute), f"{path}.{label}")

        made: Check | None = run if fields else None
        self._open.pop(name).append(made)
        self._structs[name] = made
        return made


def _rules(annotations: dict[str, Any]) -> dict[str, str]:
    return {name[3:]: str(value) for name, value in annotations.items() if name.startswith("vt.")}


def _nested(rules: dict[str, str], prefix: str) -> dict[str, str]:
    return {name[len(prefix) :]: value for name, value in rules.items() if name.startswith(prefix)}


def _joined(checks: Iterable[Check]) -> Check | None:
    given = list(checks)
    if not given:
        return None
    if len(given) == 1:
        return given[0]

    def run(value: Any, path: str) -> None:
        for check in given:
            check(value, path)

    return run


def _must(holds: Callable[[Any], bool], rule: str) -> Check:
    def run(value: Any, path: str) -> None:
        if not holds(value):
            raise _broken(path, rule)

    return run


def _compared(holds: Callable[[Any, Any], bool], bound: Any, rule: str) -> Check:
    return _must(lambda value: holds(value, bound), rule)


def _is_in(value: Any, given: Any) -> bool:
    return value in given


def _is_not_in(value: Any, given: Any) -> bool:
    return value not in given


def _elements(check: Check) -> Check:
    def run(value: Any, path: str) -> None:
        for index, each in enumerate(value):
            check(each, f"{path}[{index}]")

    return run


def _entries(keys: Check | None, values: Check | None) -> Check:
    def run(value: Any, path: str) -> None:
        for index, (key, item) in enumerate(value.items() if isinstance(value, dict) else value):
            if keys is not None:
                keys(key, f"{path}[{index}]")
            if values is not None:
                values(item, f"{path}[{index}]")

    return run


def _base_checks(kind: str, rules: dict[str, str]) -> Iterable[Check]:
    if kind in _NUMBERS:
        return _number_checks(float if kind == "double" else int, rules)
    if kind == "bool":
        return [_compared(operator.is_, rules["const"] == "true", f"be {rules['const']}")] if "const" in rules else []
    return _text_checks(kind == "binary", rules)


def _number_checks(number: Callable[[str], Any], rules: dict[str, str]) -> Iterable[Check]:
    compare: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
        "const": (operator.eq, "be {}"), "gt": (operator.gt, "be greater than {}"), "ge": (operator.ge, "be at least {}"),
        "lt": (operator.lt, "be less than {}"), "le": (operator.le, "be at most {}"),
    }  # fmt: skip
    for name, (holds, rule) in compare.items():
        if name in rules:
            bound = number(rules[name])
            yield _compared(holds, bound, rule.format(rules[name]))
    yield from _membership(rules, number)


def _membership(rules: dict[str, str], read: Callable[[str], Any]) -> Iterable[Check]:
    for name, inside in (("in", True), ("not_in", False)):
        if name in rules:
            given = frozenset(read(each.strip()) for each in rules[name].split(","))
            rule = f"{'be' if inside else 'not be'} one of {rules[name]}"
            yield _compared(_is_in if inside else _is_not_in, given, rule)


def _text_checks(binary: bool, rules: dict[str, str]) -> Iterable[Check]:
    def read(text: str) -> Any:
        return text.encode() if binary else text

    tests: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
        "const": (lambda v, c: v == c, "be {!r}"), "prefix": (lambda v, c: v.startswith(c), "begin with {!r}"),
        "suffix": (lambda v, c: v.endswith(c), "end with {!r}"), "contains": (lambda v, c: c in v, "contain {!r}"),
        "not_contains": (lambda v, c: c not in v, "not contain {!r}"),
    }  # fmt: skip
    for name, (holds, rule) in tests.items():
        if name in rules:
            yield _compared(holds, read(rules[name]), rule.format(rules[name]))
    yield from _membership(rules, read)
    if "pattern" in rules:
        yield _must(_pattern(rules["pattern"], binary), f"match {rules['pattern']}")
    yield from _size_checks(rules, "bytes" if binary else "characters")


def _pattern(expression: str, binary: bool) -> Callable[[Any], bool]:
    try:
        compiled: re.Pattern[Any] = re.compile(expression.encode() if binary else expression)
    except re.error as error:
        raise ContractError(f"vt.pattern {expression!r}: {error}") from error
    return lambda value: compiled.search(value) is not None


def _size_checks(rules: dict[str, str], unit: str) -> Iterable[Check]:
    if "min_size" in rules:
        yield _compared(
            lambda value, n: len(value) >= n, int(rules["min_size"]), f"have at least {rules['min_size']} {unit}"
        )
    if "max_size" in rules:
        yield _compared(
            lambda value, n: len(value) <= n, int(rules["max_size"]), f"have at most {rules['max_size']} {unit}"
        )


def _enum_checks(values: dict[str, int], rules: dict[str, str]) -> Iterable[Check]:
    def read(text: str) -> int:
        name = text.rpartition(".")[2]
        return values[name] if name in values else int(text)

    if rules.get("defined_only") == "true":
        known = frozenset(values.values())
        yield _must(lambda value: value in known, "be a value of its enum")
    if "const" in rules:
        yield _compared(operator.eq, read(rules["const"]), f"be {rules['const']}")
    yield from _membership(rules, read)
