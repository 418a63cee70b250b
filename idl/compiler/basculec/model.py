"""The contract as typed objects: what the front end makes and every emitter reads.

Types are resolved: a typedef is replaced by what it stands for. Names are qualified by the contract's namespace
(`shop.Product`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from basculec.errors import Where

# -- types ------------------------------------------------------------------------------------------------------------

BASE_TYPES = ("bool", "i8", "i16", "i32", "i64", "double", "string", "binary", "uuid")
INTEGER_BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64}


@dataclass(frozen=True)
class Base:
    name: str


@dataclass(frozen=True)
class Ref:
    """An enum, struct, union or exception: the module (file) that declares it and its name there."""

    module: str
    name: str


@dataclass(frozen=True)
class ListOf:
    element: Type


@dataclass(frozen=True)
class SetOf:
    element: Type


@dataclass(frozen=True)
class MapOf:
    key: Type
    value: Type


Type = Union[Base, Ref, ListOf, SetOf, MapOf]

# A constant as Thrift's front end gives it; consts.py turns it into a value of its type.
Literal = Union[int, float, str, "list[Literal]", "list[tuple[Literal, Literal]]"]


# -- declarations -----------------------------------------------------------------------------------------------------


@dataclass
class Field:
    """A field of a struct, or an argument of a method."""

    id: int
    name: str
    type: Type
    requiredness: str  # required, optional, default
    default: ConstValue | None
    annotations: dict[str, str]
    doc: str
    where: Where
    by_reference: bool = False  # declared `T& name`


@dataclass
class ConstValue:
    """`kind` tells how `value` is written: int, double, string, list, map (pairs)."""

    kind: str
    value: object


@dataclass
class Struct:
    name: str
    kind: str  # struct, union, exception
    fields: list[Field]
    annotations: dict[str, str]
    doc: str
    where: Where
    program: Program

    @property
    def qualified(self) -> str:
        return f"{self.program.namespace}.{self.name}"


@dataclass
class Enum:
    name: str
    values: dict[str, int]
    value_docs: dict[str, str]
    annotations: dict[str, str]
    doc: str
    where: Where
    program: Program

    @property
    def qualified(self) -> str:
        return f"{self.program.namespace}.{self.name}"


@dataclass
class Constant:
    name: str
    type: Type
    value: ConstValue
    doc: str
    where: Where


@dataclass
class Throws:
    id: int
    name: str
    type: Type
    annotations: dict[str, str]
    where: Where
    http_code: int = 500


@dataclass
class Binding:
    """Where one argument, or one field of a struct argument, comes from in an HTTP request."""

    arg: str
    field: str | None
    source: str  # path, query, header, cookie, body
    name: str
    type: Type
    declared: Field


@dataclass
class Route:
    verb: str
    path: str  # canonical: /v1/orders/{id}
    status: int
    body: str | None
    bindings: list[Binding]
    where: Where


@dataclass
class Policy:
    """What the contract says about calls of one method, defaults filled in."""

    auth: str = "token"
    scopes: list[str] = field(default_factory=list)
    idempotent: bool = False
    timeout_ms: int = 5000


@dataclass
class Method:
    name: str
    args: list[Field]
    returns: Type | None
    throws: list[Throws]
    oneway: bool
    annotations: dict[str, str]
    doc: str
    where: Where
    service: Service  # that declares it
    policy: Policy = field(default_factory=Policy)
    routes: list[Route] = field(default_factory=list)


@dataclass
class Service:
    name: str
    parent: Service | None
    own_methods: list[Method]
    annotations: dict[str, str]
    doc: str
    where: Where
    program: Program

    @property
    def qualified(self) -> str:
        return f"{self.program.namespace}.{self.name}"

    @property
    def methods(self) -> list[Method]:
        """Inherited ones first."""
        return (self.parent.methods if self.parent else []) + self.own_methods


@dataclass
class Event:
    struct: Struct
    topic: str
    key: Field | None


@dataclass
class Program:
    """One .thrift file."""

    module: str  # the file's name without .thrift
    path: Path
    namespaces: dict[str, str]
    includes: list[Program]
    doc: str = ""
    enums: dict[str, Enum] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """The contract's own namespace: that of every language, else C++'s, else Python's, else the file's name."""
        for scope in ("*", "cpp", "py"):
            if scope in self.namespaces:
                return self.namespaces[scope]
        return self.module

    def namespace_for(self, language: str) -> str:
        return self.namespaces.get(language, self.namespaces.get("*", self.namespace))

    def closure(self) -> list[Program]:
        """This program and all it includes, each once, includes before includers."""
        found: list[Program] = []

        def visit(program: Program) -> None:
            for included in program.includes:
                visit(included)
            if program not in found:
                found.append(program)

        visit(self)
        return found


@dataclass
class Contract:
    """A file given to the compiler, with all it includes."""

    program: Program

    def __post_init__(self) -> None:
        self._by_module = {p.module: p for p in self.program.closure()}

    def lookup(self, ref: Ref) -> Struct | Enum | None:
        program = self._by_module.get(ref.module)
        if program is None:
            return None
        return program.structs.get(ref.name) or program.enums.get(ref.name)

    def resolve(self, ref: Ref) -> Struct | Enum:
        found = self.lookup(ref)
        assert found is not None, f"{ref} was checked to exist"
        return found

    def program_of(self, ref: Ref) -> Program:
        return self._by_module[ref.module]
