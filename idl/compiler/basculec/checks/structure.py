"""Names, ids, defaults, and the recursion that C++ cannot hold."""

from __future__ import annotations

from basculec import consts
from basculec.errors import Problems, Where
from basculec.model import Constant, Contract, Enum, Field, Method, Program, Ref, Service, Struct

_RESERVED_METHODS = ("info", "dispatch")  # of bascule::service::Service

# A name that C++ cannot have. Thrift refuses some of them, in some versions. (Python's get an underscore.)
_CPP_WORDS = frozenset(
    """alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl
    concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do
    double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace
    new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return
    short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
    typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq""".split()
)


def check(contract: Contract, program: Program, problems: Problems) -> None:
    _same_names(contract, program, problems)
    _words(program, problems)
    for enum in program.enums.values():
        _enum_numbers(enum.values, enum.where, enum.name, problems)
    for struct in program.structs.values():
        _fields(contract, struct.fields, struct.name, problems)
        _by_value(program, struct, problems)
    for constant in program.constants.values():
        _constant(contract, constant, problems)
    for service in program.services.values():
        seen: dict[str, Method] = {}
        for method in service.methods:
            if method.name in seen:
                problems.add(method.where, f"{service.name} already has a method {method.name}; rename one of them")
            seen[method.name] = method
            _method(contract, method, problems)


def _same_names(contract: Contract, program: Program, problems: Problems) -> None:
    """Two files may share a namespace, so a name must be free in all of them."""
    for other in contract.program.closure():
        if other is program or other.namespace != program.namespace:
            continue
        mine: dict[str, Struct | Enum | Service | Constant] = {
            **program.structs,
            **program.enums,
            **program.services,
            **program.constants,
        }
        for name in mine.keys() & {**other.structs, **other.enums, **other.services, **other.constants}.keys():
            problems.add(
                mine[name].where, f"{program.namespace}.{name} is also declared in {other.path}; rename one of them"
            )


def _words(program: Program, problems: Problems) -> None:
    def refuse(name: str, where: Where) -> None:
        if name in _CPP_WORDS:
            problems.add(where, f"{name} is a word of C++; rename it")

    for enum in program.enums.values():
        for member in (enum.name, *enum.values):
            refuse(member, enum.where)
    for struct in program.structs.values():
        refuse(struct.name, struct.where)
        for field in struct.fields:
            refuse(field.name, field.where)
    for service in program.services.values():
        for method in service.own_methods:
            refuse(method.name, method.where)
            for argument in method.args:
                refuse(argument.name, argument.where)


def _enum_numbers(values: dict[str, int], where: Where, name: str, problems: Problems) -> None:
    seen: dict[int, str] = {}
    for member, number in values.items():
        if number in seen:
            problems.add(
                where, f"{name}.{member} and {name}.{seen[number]} are both {number}; give each a number of its own"
            )
        if not -(1 << 31) <= number < 1 << 31:
            problems.add(where, f"{name}.{member} = {number} does not fit in 32 bits; use a smaller number")
        seen[number] = member


def _fields(contract: Contract, fields: list[Field], owner: str, problems: Problems) -> None:
    for field in fields:
        if not 0 < field.id < 1 << 15:
            problems.add(
                field.where, f"{owner}.{field.name} has no id of its own; write `1: ...` with a number from 1 to 32767"
            )
        if field.default is None:
            continue
        try:
            consts.typed(contract, field.type, field.default)
        except consts.BadConstant as wrong:
            problems.add(field.where, f"default of {owner}.{field.name}: {wrong}")


def _constant(contract: Contract, constant: Constant, problems: Problems) -> None:
    try:
        consts.typed(contract, constant.type, constant.value)
    except consts.BadConstant as wrong:
        problems.add(constant.where, f"constant {constant.name}: {wrong}")


def _by_value(program: Program, struct: Struct, problems: Problems) -> None:
    """A C++ struct holds its fields: their types must be whole before it, which rules out recursion by value."""
    order = list(program.structs)
    for field in struct.fields:
        if not isinstance(field.type, Ref) or field.by_reference or field.type.module != program.module:
            continue
        if field.type.name == struct.name:
            problems.add(
                field.where, f"{struct.name} cannot hold itself; write `{field.type.name}& {field.name}` or use a list"
            )
        elif field.type.name in order and order.index(field.type.name) > order.index(struct.name):
            problems.add(
                field.where,
                f"{field.type.name} is declared after {struct.name}, which holds it; move it up, or write "
                f"`{field.type.name}& {field.name}` when each holds the other",
            )


def _method(contract: Contract, method: Method, problems: Problems) -> None:
    owner = f"{method.service.name}.{method.name}"
    if method.name in _RESERVED_METHODS:
        problems.add(method.where, f"{method.name} is a name of Bascule's own; rename {owner}")
    _fields(contract, method.args, owner, problems)
    for argument in method.args:
        if argument.requiredness == "optional" and argument.default is not None:
            problems.add(
                argument.where, f"{owner}: optional argument {argument.name} has a default; drop one of the two"
            )
    for thrown in method.throws:
        declared = contract.lookup(thrown.type) if isinstance(thrown.type, Ref) else None
        if not isinstance(declared, Struct) or declared.kind != "exception":
            problems.add(
                thrown.where, f"{owner} throws {thrown.name}, which is no exception; declare its type with `exception`"
            )
        if not 0 < thrown.id < 1 << 15:
            problems.add(thrown.where, f"{owner} throws {thrown.name} without an id; write `1: ...`")
    if method.oneway and (method.returns is not None or method.throws):
        problems.add(method.where, f"{owner} is oneway and has an answer; make it return void and throw nothing")
