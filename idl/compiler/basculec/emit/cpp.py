"""C++ from a contract: Apache's structs, and our service bases, clients, events and checks around them.

Files of `shop/catalog.thrift` in the namespace shop:
  shop/catalog_types.h, .tcc    Apache's structs (thrift --gen cpp), which do not include their templates by themselves
  shop/catalog_constants.h      when the contract has constants
  shop/catalog.service.hpp      CatalogBase, for a service
  shop/catalog.client.hpp       CatalogClient, for a caller
  shop/catalog.events.hpp       EventTraits, when the contract has events
  shop/catalog.checks.hpp       check(), when it has vt.* annotations
  catalog.cpp                   all code, one translation unit: this is where templates are instantiated
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from basculec import descriptor, thrift_tool
from basculec.emit.cpp_checks import CppChecks
from basculec.emit.cpp_consts import default_value
from basculec.emit.cpp_text import comment, literal, long_literal
from basculec.emit.cpp_types import CppTypes, namespace
from basculec.emit.render import indent, render
from basculec.errors import ContractError, ToolError
from basculec.model import Base, Contract, Enum, Event, Field, Method, Program, Service, Struct
from basculec.output import Output

_GENERATOR = "cpp:templates,moveable_types,no_skeleton"
_INCLUDE = re.compile(r'#include "([A-Za-z0-9_.-]+?)_(types|constants)\.(h|tcc)"')
_NOTHING = "// The contract declares no types.\n"
_RENAMED = {"context", "options"}  # parameters of our own


def emit(contract: Contract, out: Path, include_folders: list[Path], output: Output) -> None:
    _apache(contract, out, include_folders, output)
    program = contract.program
    folder = out / directory(program)
    values = _Values(contract)
    if program.services:
        output.add(folder / f"{program.module}.service.hpp", render("cpp/service.hpp.j2", c=values))
        output.add(folder / f"{program.module}.client.hpp", render("cpp/client.hpp.j2", c=values))
    if program.events:
        output.add(folder / f"{program.module}.events.hpp", render("cpp/events.hpp.j2", c=values))
    if values.checked:
        output.add(folder / f"{program.module}.checks.hpp", render("cpp/checks.hpp.j2", c=values))
    output.add(out / f"{program.module}.cpp", render("cpp/module.cpp.j2", c=values))


def directory(program: Program) -> str:
    return program.namespace_for("cpp").replace(".", "/")


def _apache(contract: Contract, out: Path, include_folders: list[Path], output: Output) -> None:
    """Apache's structs, in a folder by namespace, their includes rewritten to it; its service stubs are left out."""
    program = contract.program
    folders = {p.module: directory(p) for p in program.closure()}
    with tempfile.TemporaryDirectory(prefix="basculec-") as scratch:
        try:
            thrift_tool.run(_GENERATOR, program.path, Path(scratch), include_folders, ["-nowarn"])
        except ContractError as refused:
            raise _located(refused, program) from None
        names = [f"{program.module}_types.{ending}" for ending in ("h", "tcc", "cpp")]
        if program.constants:
            names += [f"{program.module}_constants.{ending}" for ending in ("h", "cpp")]
        for name in names:
            made = Path(scratch) / name
            text = made.read_text(encoding="utf-8") if made.is_file() else _NOTHING  # no types: no templates
            text = _mended(_relocated(text, name, folders, folders[program.module]), program)
            text = _charged(text) if name.endswith(".tcc") else text
            output.add(out / folders[program.module] / name, text)


def _located(refused: ContractError, program: Program) -> ContractError:
    """Thrift's C++ generator knows no uuid before 0.21, and does not say where it met one."""
    if "uuid" not in str(refused):
        return refused
    fields = [f for s in program.structs.values() for f in s.fields]
    fields += [a for s in program.services.values() for m in s.own_methods for a in m.args]
    found = [f"{f.where}: {f.name} is a uuid, which this Thrift compiler cannot write in C++; make it a binary or a string, "
             "or install a newer thrift" for f in fields if "name='uuid'" in repr(f.type)]  # fmt: skip
    return ContractError(found) if found else refused


def _relocated(text: str, name: str, folders: dict[str, str], folder: str) -> str:
    def moved(match: re.Match[str]) -> str:
        module, part, ending = match.groups()
        if ending == "tcc" and name.endswith(".h"):
            return "// The templates are in the .tcc of the same name: include it where they are instantiated."
        return f'#include "{folders.get(module, "")}/{module}_{part}.{ending}"'

    text = _INCLUDE.sub(moved, text)
    # The guard is only the file's name: two contracts of one name in different namespaces would hide one another.
    guard = re.search(r"#ifndef (\w+_(?:TYPES|CONSTANTS)_(?:H|TCC))\n", text)
    return text.replace(guard[1], f"{folder.replace('/', '_')}_{guard[1]}") if guard else text


def _mended(text: str, program: Program) -> str:
    """Apache's code for `T& field` forgets a value none of whose optional fields is set, does not compile when T has
    required ones, and compares pointers instead of what they point to."""
    text = re.sub(r" *if \(this->(\w+)->__isset\.\w+\) \{ wasSet = true; \}\n", "", text)
    text = re.sub(r" *bool wasSet = false;\n *if \(!wasSet\) \{ this->\w+\.reset\(\); \}\n", "", text)
    for struct in program.structs.values():
        start, end = text.find(f"class {struct.name} "), text.find(f"void swap({struct.name} ")
        for field in struct.fields:
            if field.by_reference and 0 <= start < end:
                mine, theirs = field.name, f"rhs.{field.name}"
                equal = f"!{mine} == !{theirs} && (!{mine} || *{mine} == *{theirs})"
                body = text[start:end].replace(f"!({mine} == {theirs})", f"!({equal})")
                text = text[:start] + body + text[end:]
    return text


# What Apache writes: the container, its size's name, what reads it.
_CONTAINER = re.compile(
    r"^( *)(\S+)\.clear\(\);\n *uint32_t (_size\d+);\n(?:.*_[ekv]type\d+;\n)+ *xfer \+= iprot->read(?:List|Set|Map)Begin\(.*\);\n",
    re.MULTILINE,
)


def _charged(text: str) -> str:
    """Apache's code makes room for as many elements as a message says that follow; before that they are counted against the
    message's allowance."""
    sizes = len(re.findall(r"^ *uint32_t _size\d+;$", text, re.MULTILINE))
    text, found = _CONTAINER.subn(
        lambda m: f"{m[0]}{m[1]}::bascule::thrift::charge(*iprot, {m[2]}, {m[3]});\n", text
    )
    if found != sizes:
        raise ToolError("this thrift compiler writes containers in a way that basculec does not know; use 0.17 to 0.19")
    guard = text.find("_TCC\n\n")
    return text[: guard + 6] + '#include "bascule/thrift/charge.hpp"\n' + text[guard + 6 :] if found else text


class _Values:
    """What the templates ask for."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.program = contract.program
        self.types = CppTypes(contract)
        self.checks = CppChecks(contract, self.types)
        self.namespace = namespace(self.program.namespace_for("cpp"))
        self.folder = directory(self.program)
        self.module = self.program.module
        self.file = self.program.path.name
        self.services = list(self.program.services.values())
        self.events = self.program.events
        self.structs = list(self.program.structs.values())
        self.checked = [s for s in self.structs if self.checks.struct_needed(s)]
        self.check_bodies = [(s, self.checks.struct(s)) for s in self.checked]
        self.argument_checks = {
            (s.name, m.name): [line for a in m.args for line in self._argument_check(a)]
            for s in self.services
            for m in s.methods
        }
        self.patterns = self.checks.patterns
        described = descriptor.build(contract)
        self.descriptor = long_literal(descriptor.canonical(described))
        self.digest = str(described["digest"])
        self.included = [(directory(p), p.module) for p in self.program.includes]
        self.included_checks = [
            f"{directory(p)}/{p.module}.checks.hpp"
            for p in self.program.closure()
            if p is not self.program and any(self.checks.struct_needed(s) for s in p.structs.values())
        ]
        self.literal, self.comment = literal, comment

    # -- methods --

    def parameter_name(self, argument: Field) -> str:
        return argument.name + "_" if argument.name in _RENAMED else argument.name

    def returns(self, method: Method) -> str:
        return "void" if method.returns is None else self.types.name(method.returns)

    def handler_parameters(self, method: Method) -> str:
        own = [f"{self.types.name(a.type)} {self.parameter_name(a)}" for a in method.args]
        return ", ".join(["::bascule::service::Context& context", *own])

    def client_parameters(self, method: Method, options: bool) -> str:
        own = [f"{self.types.parameter(a.type)} {self.parameter_name(a)}" for a in method.args]
        return ", ".join([*own, *(["const ::bascule::rpc::CallOptions& options"] if options else [])])

    def client_definition_parameters(self, method: Method, options: bool) -> str:
        """The same under names that no local of the definition has."""
        own = [f"{self.types.parameter(a.type)} argument_{a.name}" for a in method.args]
        return ", ".join([*own, *(["const ::bascule::rpc::CallOptions& options"] if options else [])])

    def client_arguments(self, method: Method) -> str:
        return "".join(f"argument_{a.name}, " for a in method.args)

    def handler_arguments(self, method: Method) -> str:
        return "".join(f", std::move(argument_{a.name})" for a in method.args)

    def declare_argument(self, argument: Field) -> str:
        start = default_value(self.contract, self.types, argument)
        return f"{self.types.name(argument.type)} argument_{argument.name}{start};"

    def must_be_given(self, argument: Field) -> bool:
        """A struct has no zero to stand for one that was left out."""
        return self.types.is_struct(argument.type) and argument.default is None and argument.requiredness != "optional"

    def read(self, argument: Field, by: int) -> str:
        lines = self.types.read(argument.type, f"argument_{argument.name}")
        if self.must_be_given(argument):
            lines.append(f"given_{argument.name} = true;")
        return "\n".join(indent(lines, by))

    def write(self, argument: Field, value: str, by: int) -> str:
        return "\n".join(indent(self.types.write(argument.type, value), by))

    def write_result(self, method: Method, value: str, by: int) -> str:
        assert method.returns is not None
        return "\n".join(indent(self.types.write(method.returns, value), by))

    def read_result(self, method: Method, target: str, by: int) -> str:
        assert method.returns is not None
        return "\n".join(indent(self.types.read(method.returns, target), by))

    def _argument_check(self, argument: Field) -> list[str]:
        if not self.checks.field_needed(argument):
            return []
        return ["{", *indent(self.checks.field(argument, f"argument_{argument.name}", f'"{argument.name}"'), 2), "}"]

    def lines(self, lines: list[str], by: int) -> str:
        return "\n".join(indent(lines, by))

    # -- events and order --

    def qualified_cpp(self, struct: Struct) -> str:
        return f"::{self.namespace}::{struct.name}"

    def event_key(self, event: Event) -> str:
        if event.key is None:
            return "std::string()"
        value = f"event.{event.key.name}"
        if isinstance(event.key.type, Base):
            return value if event.key.type.name == "string" else f"std::to_string({value})"
        return f"std::to_string(static_cast<std::int32_t>({value}))"

    def less(self, struct: Struct) -> list[str]:
        """The body of operator<, which Apache declares and leaves to us: what keys of maps and sets need."""
        lines = []
        for field in struct.fields:
            mine, theirs = f"{field.name}", f"other.{field.name}"
            if field.by_reference:
                lines += [f"if (!{mine} != !{theirs}) return !{mine};"]
                mine, theirs = f"*{mine}", f"*{theirs}"
                lines += [
                    f"if ({field.name} && {mine} < {theirs}) return true;",
                    f"if ({field.name} && {theirs} < {mine}) return false;",
                ]
                continue
            if field.requiredness == "optional":
                lines += [f"if (__isset.{mine} != {'other.__isset.' + mine}) return !__isset.{mine};"]
                guard = f"__isset.{mine} && "
            else:
                guard = ""
            lines += [f"if ({guard}{mine} < {theirs}) return true;", f"if ({guard}{theirs} < {mine}) return false;"]
        return [*lines, "return false;"]

    def enum_values(self, enum: Enum) -> Any:
        return enum.values.items()

    def inherited(self, service: Service, method: Method) -> bool:
        return method.service is not service
