"""The registry of contracts: descriptors, the classes that stand for their types, and the plans the codec works from.

Generated modules call :func:`register` with their descriptor before they make classes; classes bind themselves by name.
Plans are compiled when first asked for. Thread safety: registering and compiling are serialised by a lock.
"""

from __future__ import annotations

import json
import keyword
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bascule.failures import ContractError

TypeRef = str | dict[str, Any]
_RESERVED_ARGUMENTS = frozenset({"self", "ctx", "options"})


def python_name(name: str, *, argument: bool = False) -> str:
    """The Python spelling of a contract's name: ``from`` is ``from_``."""
    return name + "_" if keyword.iskeyword(name) or (argument and name in _RESERVED_ARGUMENTS) else name


@dataclass(frozen=True, slots=True)
class MethodContract:
    """One method as its contract says it."""

    name: str
    oneway: bool
    idempotent: bool
    timeout: float | None  # seconds
    description: dict[str, Any]

    @property
    def python_name(self) -> str:
        return python_name(self.name)


@dataclass(frozen=True, slots=True)
class ServiceContract:
    """One service: its address and methods, and the descriptor it is announced with."""

    name: str
    address: str
    digest: str
    descriptor: str
    methods: dict[str, MethodContract] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventContract:
    """One struct that is an event: its topic, and the field that orders it."""

    type: str
    topic: str
    key: str | None


class Registry:
    """What is known of contracts. One per process serves generated code; tools make their own."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, Any]] = {}
        self.services: dict[str, ServiceContract] = {}
        self.events: dict[str, EventContract] = {}
        self.classes: dict[str, type[Any]] = {}
        self._plans: dict[str, Any] = {}
        self._methods: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()
        self._codec: Any = None

    # -- what contracts say --------------------------------------------------------------------------------------------

    def register(self, descriptor: str) -> None:
        """Learns a descriptor. Repeating an equal type is fine; a different one of the same name is refused."""
        document = json.loads(descriptor)
        with self._lock:
            for name, described in document["types"].items():
                if self.types.setdefault(name, described) != described:
                    raise ContractError(
                        f"{name} is described twice, and differently: one process holds one version of a type"
                    )
            for name, service in document["services"].items():
                self._register_service(name, service, document["digest"], descriptor)
            for name, event in document.get("events", {}).items():
                self.events[name] = EventContract(name, event["topic"], event.get("key"))

    def _register_service(self, name: str, service: dict[str, Any], digest: str, descriptor: str) -> None:
        methods = {
            each["name"]: MethodContract(
                each["name"], each["oneway"], each["idempotent"],
                each["timeout_ms"] / 1000 if each.get("timeout_ms") else None, each,
            )
            for each in service["methods"]
        }  # fmt: skip
        self.services.setdefault(name, ServiceContract(name, service["address"], digest, descriptor, methods))

    def service(self, name: str) -> ServiceContract:
        try:
            return self.services[name]
        except KeyError:
            raise ContractError(f"no contract of a service {name} is registered") from None

    def method(self, service: str, name: str) -> MethodContract:
        try:
            return self.service(service).methods[name]
        except KeyError:
            raise ContractError(f"{service} has no method {name}") from None

    def event_of(self, cls: type[Any]) -> EventContract:
        """The event that a class stands for."""
        try:
            return self.events[cls.__dict__["__bascule_type__"]]
        except KeyError:
            raise ContractError(f"{cls.__name__} is no event: its contract gives it no event.topic") from None

    # -- classes -------------------------------------------------------------------------------------------------------

    def bind(self, name: str, cls: type[Any]) -> None:
        """Says which class stands for a type. A later class of the same name (a reloaded module) takes its place."""
        with self._lock:
            if name not in self.types:
                raise ContractError(
                    f"{cls.__qualname__} stands for {name}, which no registered contract describes"
                )
            if name in self.classes:
                self._plans.clear()
                self._methods.clear()
            self.classes[name] = cls

    def class_of(self, name: str) -> type[Any]:
        try:
            return self.classes[name]
        except KeyError:
            raise ContractError(
                f"no class stands for {name}: import the module that basculec wrote for it"
            ) from None

    # -- plans ---------------------------------------------------------------------------------------------------------

    @property
    def codec(self) -> Any:
        """The module whose Plan and Method are used: bascule.codec unless a test chose another."""
        if self._codec is None:
            from bascule import codec

            self._codec = codec
        return self._codec

    @codec.setter
    def codec(self, module: Any) -> None:
        self._codec = module
        self._plans.clear()
        self._methods.clear()

    def plan(self, name: str) -> Any:
        """The codec's plan of a struct, union or exception."""
        plan = self._plans.get(name)
        return plan if plan is not None else self._compile(name)

    def _compile(self, name: str) -> Any:
        with self._lock:
            if name in self._plans:
                return self._plans[name]
            described = self.types[name]
            cls = self.class_of(name)
            plan = self.codec.Plan(name, cls, described["kind"] == "exception", described["kind"] == "union")
            self._plans[name] = plan  # before its fields: a struct may hold itself
            try:
                plan.set_fields(
                    [self._struct_field(cls, each, described["kind"]) for each in described["fields"]]
                )
            except BaseException:
                del self._plans[name]
                raise
            return plan

    def method_plan(self, service: str, name: str) -> Any:
        """The codec's plan of a method."""
        with self._lock:
            made = self._methods.get((service, name))
            if made is None:
                made = self._methods[service, name] = self._compile_method(self.method(service, name))
            return made

    def _compile_method(self, method: MethodContract) -> Any:
        described = method.description
        arguments = self.codec.Plan(f"{method.name}", None, False, False)
        arguments.set_fields([self._argument(each) for each in described["args"]])
        result = self.codec.Plan(f"{method.name}.result", None, False, False)
        fields = [
            (each["id"], each["name"], self.type_spec(each["type"]), 2, None, 0)
            for each in described["throws"]
        ]
        if described["returns"] is not None:
            fields.insert(0, (0, "success", self.type_spec(described["returns"]), 2, None, 0))
        result.set_fields(fields)
        return self.codec.Method(method.name, method.oneway, arguments, result)

    def type_spec(self, ref: TypeRef) -> tuple[Any, ...]:
        """A descriptor's type as the codec takes it."""
        if isinstance(ref, str):
            return (ref,)
        if "ref" in ref:
            name = ref["ref"]
            if self.types[name]["kind"] == "enum":
                return ("enum", self.class_of(name))
            return ("struct", self.plan(name))
        if "map" in ref:
            return ("map", self.type_spec(ref["map"][0]), self.type_spec(ref["map"][1]))
        kind = "list" if "list" in ref else "set"
        return (kind, self.type_spec(ref[kind]))

    def _struct_field(self, cls: type[Any], described: dict[str, Any], kind: str) -> tuple[Any, ...]:
        name = python_name(described["name"])
        requiredness = 2 if kind == "union" else _REQUIREDNESS[described["requiredness"]]
        default = cls.__bascule_defaults__.get(name)
        spec = self.type_spec(described["type"])
        if requiredness == 1:
            return (described["id"], name, spec, requiredness, None, 0)
        if default is not None and default.factory is not None:
            return (described["id"], name, spec, requiredness, default.factory, 1)
        if default is not None:
            return (described["id"], name, spec, requiredness, default.default, 0)
        return (described["id"], name, spec, requiredness, *self.zero(described["type"], requiredness))

    def _argument(self, described: dict[str, Any]) -> tuple[Any, ...]:
        requiredness = _REQUIREDNESS[described["requiredness"]]
        spec = self.type_spec(described["type"])
        absent: tuple[Any, int] = self.zero(described["type"], requiredness)
        if described.get("default") is not None:
            from bascule.json_mapping import from_json

            ref, default = described["type"], described["default"]
            value = from_json(self, ref, default)
            mutable = isinstance(ref, dict) and "ref" not in ref
            absent = (lambda: from_json(self, ref, default), 1) if mutable else (value, 0)
        return (described["id"], python_name(described["name"], argument=True), spec, requiredness, *absent)

    def zero(self, ref: TypeRef, requiredness: int) -> tuple[Any, int]:
        """What an absent field becomes, and how: (value, 0), (factory, 1) or (None, 2): the struct with its defaults."""
        if requiredness == 2:
            return None, 0
        if isinstance(ref, str):
            return (_uuid_zero(), 0) if ref == "uuid" else (_ZEROS[ref], 0)
        if "ref" in ref:
            if self.types[ref["ref"]]["kind"] == "enum":
                return self.class_of(ref["ref"])(0), 0
            return None, 2
        factory: Callable[[], object] = dict if "map" in ref else list if "list" in ref else set
        return factory, 1

    def service_names(self) -> Iterator[str]:
        return iter(sorted(self.services))


_REQUIREDNESS = {"default": 0, "required": 1, "optional": 2}
_ZEROS: dict[str, object] = {
    "bool": False, "i8": 0, "i16": 0, "i32": 0, "i64": 0, "double": 0.0, "string": "", "binary": b"",
}  # fmt: skip


def _uuid_zero() -> object:
    import uuid

    return uuid.UUID(int=0)


registry = Registry()
register = registry.register
bind = registry.bind
