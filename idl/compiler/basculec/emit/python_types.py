"""Python spellings of contract types and values."""

from __future__ import annotations

import keyword
from typing import Any

from basculec.model import INTEGER_BITS, Base, Contract, Enum, ListOf, MapOf, Program, Ref, SetOf, Struct, Type

_BASE = {"bool": "bool", "double": "float", "string": "str", "binary": "bytes", "uuid": "uuid.UUID"}
_BASE.update(dict.fromkeys(INTEGER_BITS, "int"))
_BUILTINS = {"bool", "int", "float", "str", "bytes", "list", "set", "dict", "tuple", "frozenset"}


def package(program: Program) -> str:
    return program.namespace_for("py")


def module(program: Program) -> str:
    """The Python module of a contract: shop.catalog."""
    return f"{package(program)}.{identifier(program.module)}"


def identifier(name: str, also: frozenset[str] = frozenset()) -> str:
    return name + "_" if keyword.iskeyword(name) or name in also else name


class PythonTypes:
    """Spells types for one module. `members` are the names of the class around: a member named like a type would hide it
    from the annotations that follow, so such types are spelt by an alias."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.aliases: set[str] = set()  # module-level `_Name: TypeAlias = Name`
        self.uses_builtins = False

    def name(self, of_type: Type, members: frozenset[str] = frozenset(), as_key: bool = False) -> str:
        if isinstance(of_type, Base):
            return self._visible(_BASE[of_type.name], members)
        if isinstance(of_type, ListOf):
            inner = self.name(of_type.element, members, as_key)
            return (
                f"{self._visible('tuple', members)}[{inner}, ...]"
                if as_key
                else f"{self._visible('list', members)}[{inner}]"
            )
        if isinstance(of_type, SetOf):
            inner = self.name(of_type.element, members, True)
            return f"{self._visible('frozenset' if as_key else 'set', members)}[{inner}]"
        if isinstance(of_type, MapOf):
            key, value = self.name(of_type.key, members, True), self.name(of_type.value, members, as_key)
            if as_key:
                pair = self._visible("tuple", members)
                return f"{pair}[{pair}[{key}, {value}], ...]"
            return f"{self._visible('dict', members)}[{key}, {value}]"
        return self.reference(of_type, members)

    def reference(self, ref: Ref, members: frozenset[str] = frozenset()) -> str:
        declared = self.contract.resolve(ref)
        if declared.program is self.contract.program:
            return self._visible(identifier(declared.name), members)
        return f"{module(declared.program)}.{identifier(declared.name)}"

    def _visible(self, name: str, members: frozenset[str]) -> str:
        if name not in members:
            return name
        if name in _BUILTINS:
            self.uses_builtins = True
            return f"_builtins.{name}"
        self.aliases.add(name)
        return f"_{name}"

    # -- values --

    def value(self, of_type: Type, value: Any, as_key: bool = False) -> str:
        """An expression for a typed constant (consts.typed)."""
        if isinstance(of_type, Base):
            return f'uuid.UUID("{value}")' if of_type.name == "uuid" else repr(value)
        if isinstance(of_type, ListOf):
            items = [self.value(of_type.element, v, as_key) for v in value]
            return _tuple(items) if as_key else f"[{', '.join(items)}]"
        if isinstance(of_type, SetOf):
            items = [self.value(of_type.element, v, True) for v in value]
            if as_key:
                return f"frozenset({{{', '.join(items)}}})" if items else "frozenset()"
            return f"{{{', '.join(items)}}}" if items else "set()"
        if isinstance(of_type, MapOf):
            pairs = [(self.value(of_type.key, k, True), self.value(of_type.value, v, as_key)) for k, v in value]
            if as_key:
                return _tuple([f"({k}, {v})" for k, v in pairs])
            return "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
        declared = self.contract.resolve(of_type)
        name = self.reference(of_type)
        if isinstance(declared, Enum):
            member = next((m for m, number in declared.values.items() if number == value), None)
            return f"{name}.{enum_member(member)}" if member else f"{name}({value})"
        arguments = (
            f"{field_name(declared, f.name)}={self.value(f.type, value[f.name])}"
            for f in declared.fields
            if f.name in value
        )
        return f"{name}({', '.join(arguments)})"

    def zero(self, of_type: Type) -> str | None:
        """What a field of default requiredness without a default starts as; None for a struct, which has no zero."""
        if isinstance(of_type, Base):
            return {"bool": "False", "double": "0.0", "string": '""', "binary": 'b""', "uuid": "uuid.UUID(int=0)"}.get(
                of_type.name, "0"
            )
        if isinstance(of_type, Ref):
            declared = self.contract.resolve(of_type)
            return self.value(of_type, 0) if isinstance(declared, Enum) else None
        return "[]" if isinstance(of_type, ListOf) else "set()" if isinstance(of_type, SetOf) else "{}"

    def mutable(self, of_type: Type) -> bool:
        if isinstance(of_type, Base):
            return False
        return not (isinstance(of_type, Ref) and isinstance(self.contract.resolve(of_type), Enum))


_ENUM_NAMES = frozenset({"name", "value", "mro"})
_UNION_NAMES = frozenset({"which", "value"})


def enum_member(name: str) -> str:
    return identifier(name, _ENUM_NAMES)


def field_name(struct: Struct, name: str) -> str:
    return identifier(name, _UNION_NAMES if struct.kind == "union" else frozenset())


def _tuple(items: list[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
