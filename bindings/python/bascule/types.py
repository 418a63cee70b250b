"""What generated types derive from: slotted classes that compare, hash, print, copy and pickle by value.

A class body lists annotations and defaults, as a dataclass does; the metaclass turns them into slots and a constructor
that takes keywords only. Field order and wire types come from the descriptor, found by ``__bascule_type__``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from bascule import contract

_T = TypeVar("_T")


class _Missing:
    def __repr__(self) -> str:
        return "<not given>"


MISSING = _Missing()


class Field:
    """The default of one field: a value, or a factory that makes one."""

    __slots__ = ("default", "factory")

    def __init__(self, default: object, factory: Callable[[], object] | None) -> None:
        self.default, self.factory = default, factory


def field(*, default: Any = MISSING, default_factory: Callable[[], Any] | None = None) -> Any:
    """A field specifier, as in :mod:`dataclasses`."""
    return Field(default, default_factory)


class Enum(enum.IntEnum):
    """An enum of a contract. A number that the contract does not know is kept as a member without a name."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or not -(2**31) <= value < 2**31:
            return None
        member = int.__new__(cls, value)
        member._name_ = ""
        member._value_ = int(value)
        return member

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}.{self._name_}"
            if self._name_
            else f"{type(self).__name__}({self._value_})"
        )

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return type(self), (self._value_,)

    def __init_subclass__(cls, registry: contract.Registry = contract.registry) -> None:
        super().__init_subclass__()
        if "__bascule_type__" in cls.__dict__:
            registry.bind(cls.__dict__["__bascule_type__"], cls)


def _freeze(value: object) -> object:
    """A hashable stand-in that is equal for equal values."""
    if isinstance(value, list | tuple):
        return tuple([_freeze(item) for item in value])
    if isinstance(value, set | frozenset):
        return frozenset(value)
    if isinstance(value, dict):
        return frozenset((key, _freeze(item)) for key, item in value.items())
    return value


def _restore(cls: type[Any], values: tuple[object, ...]) -> Any:
    make: Any = cls.__new__
    made = make(cls)
    for name, value in zip(cls.__bascule_fields__, values, strict=True):
        setattr(made, name, value)
    return made


def _constructor(names: tuple[str, ...], defaults: dict[str, Field], one_of: bool) -> Callable[..., None]:
    """``def __init__(self, *, a, b=..., c=<factory>)``, written out so that it runs at full speed and can be inspected."""
    scope: dict[str, Any] = {"_missing": MISSING, "_check": _check_union}
    given, body = [], []
    for index, name in enumerate(names):
        default = defaults.get(name)
        if default is None:
            given.append(name)
            body.append(f"self.{name} = {name}")
        elif default.factory is None:
            scope[f"_d{index}"] = default.default
            given.append(f"{name}=_d{index}")
            body.append(f"self.{name} = {name}")
        else:
            scope[f"_f{index}"] = default.factory
            given.append(f"{name}=_missing")
            body.append(f"self.{name} = _f{index}() if {name} is _missing else {name}")
    if one_of:
        body.append("_check(self)")
    signature = ", ".join(["self", "*", *given]) if given else "self"
    source = f"def __init__({signature}):\n    " + "\n    ".join(body or ["pass"])
    exec(compile(source, "<bascule.types>", "exec"), scope)
    made: Callable[..., None] = scope["__init__"]
    return made


def _check_union(self: Any) -> None:
    given = sum(getattr(self, name) is not None for name in self.__bascule_fields__)
    if given != 1:
        raise TypeError(f"{type(self).__name__}: exactly one field of a union is set, not {given}")


class StructMeta(type):
    """Makes slots and a constructor of a class body's annotations."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        registry: contract.Registry = contract.registry,
    ) -> StructMeta:
        if "__bascule_type__" not in namespace:
            namespace.setdefault("__slots__", ())
            return super().__new__(mcls, name, bases, namespace)
        names = tuple(n for n in namespace.get("__annotations__", {}) if not n.startswith("__"))
        defaults: dict[str, Field] = {}
        for each in names:
            if each in namespace:
                value = namespace.pop(each)
                defaults[each] = value if isinstance(value, Field) else Field(value, None)
        namespace["__slots__"] = names
        namespace["__match_args__"] = names
        namespace["__bascule_fields__"] = names
        namespace["__bascule_defaults__"] = defaults
        if "__init__" not in namespace:
            one_of = any(getattr(base, "__bascule_union__", False) for base in bases)
            namespace["__init__"] = _constructor(names, defaults, one_of)
            namespace["__init__"].__qualname__ = f"{name}.__init__"
        made = super().__new__(mcls, name, bases, namespace)
        registry.bind(namespace["__bascule_type__"], made)
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, namespace)


class _Value:
    """What structs, unions and exceptions share."""

    __slots__ = ()
    __bascule_fields__: ClassVar[tuple[str, ...]] = ()
    __bascule_defaults__: ClassVar[dict[str, Field]] = {}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__bascule_fields__)

    def __hash__(self) -> int:
        return hash(
            (type(self).__name__, *(_freeze(getattr(self, name)) for name in self.__bascule_fields__))
        )

    def __repr__(self) -> str:
        given = ((name, getattr(self, name, MISSING)) for name in self.__bascule_fields__)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), tuple(getattr(self, name) for name in self.__bascule_fields__))

    def __copy__(self) -> Self:
        made: Self = _restore(type(self), tuple(getattr(self, name) for name in self.__bascule_fields__))
        return made

    def __replace__(self, **changes: Any) -> Self:
        """For ``copy.replace`` (Python 3.13)."""
        values = {name: getattr(self, name) for name in self.__bascule_fields__}
        return type(self)(**{**values, **changes})


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Struct(_Value, metaclass=StructMeta):
    """A struct of a contract."""

    __slots__ = ()


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Exception_(_Value, Exception, metaclass=StructMeta):
    """A declared exception of a contract: raised by a handler, it reaches the caller typed."""

    def __str__(self) -> str:
        message = getattr(self, "message", None)
        return message if isinstance(message, str) else repr(self)


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class Union(_Value, metaclass=StructMeta):
    """A union of a contract: exactly one field is not None."""

    __slots__ = ()
    __bascule_union__: ClassVar[bool] = True

    @property
    def which(self) -> str:
        """The name of the field that is set."""
        return next(name for name in self.__bascule_fields__ if getattr(self, name) is not None)

    @property
    def value(self) -> Any:
        """The value of the field that is set."""
        return getattr(self, self.which)
