"""Source files -> Thrift's XML -> the model. The XML is Thrift's own; line numbers come from scan.py."""

from __future__ import annotations

import re
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from basculec import thrift_tool
from basculec.errors import ContractError, Problems, Where
from basculec.model import (
    BASE_TYPES,
    Base,
    Constant,
    ConstValue,
    Contract,
    Enum,
    Field,
    ListOf,
    MapOf,
    Method,
    Program,
    Ref,
    Service,
    SetOf,
    Struct,
    Throws,
    Type,
)
from basculec.scan import Places, scan

_TAG = "{http://thrift.apache.org/xml/idl}"


@dataclass
class Source:
    path: Path
    shown: Path
    places: Places
    includes: dict[str, Path]  # module -> file


def load(path: Path, include_folders: list[Path]) -> Contract:
    """Reads a contract. Raises ContractError for what Thrift itself refuses and for names that stand for nothing."""
    sources = _gather(path, include_folders)
    with tempfile.TemporaryDirectory(prefix="basculec-") as folder:
        thrift_tool.run("xml:merge", path, Path(folder), include_folders, ["-nowarn"])
        document = _parse(Path(folder) / f"{path.stem}.xml")
    return Contract(_Builder(sources, document).program(path.stem))


def _parse(path: Path) -> ET.Element:
    # Thrift writes the line breaks of a doc comment raw into an attribute, where XML would turn them into blanks.
    text = re.sub(r'="[^"]*"', lambda m: m.group().replace("\n", "&#10;"), path.read_text(encoding="utf-8"))
    return ET.fromstring(text)


def _gather(root: Path, include_folders: list[Path]) -> dict[str, Source]:
    """Finds every file of the contract, as Thrift does: beside the includer first, then in the -I folders."""
    sources: dict[str, Source] = {}
    problems = Problems()

    def visit(path: Path) -> None:
        shown = thrift_tool.shown(path)
        known = sources.get(path.stem)
        if known is not None:
            if known.path.resolve() != path.resolve():
                problems.add(
                    Where(shown),
                    f"two files of one contract are named {path.name}, the other is "
                    f"{known.shown}; Thrift tells modules apart by file name: rename one",
                )
            return
        source = sources[path.stem] = Source(path, shown, scan(path), {})
        for written, line in source.places.includes.items():
            places = [folder / written for folder in (path.parent, *include_folders)]
            found = next((place for place in places if place.is_file()), None)
            if found is None:
                problems.add(
                    Where(shown, line), f'include "{written}" is not found; correct the path, or add its folder with -I'
                )
            else:
                source.includes[found.stem] = found
                visit(found)

    if not root.is_file():
        raise ContractError([f"{root}: no such file; give the path of a .thrift file"])
    visit(root)
    problems.raise_any()
    return sources


class _Builder:
    def __init__(self, sources: dict[str, Source], document: ET.Element) -> None:
        self.sources = sources
        self.documents = {d.get("name", ""): d for d in document.findall(f"{_TAG}document")}
        self.programs: dict[str, Program] = {}
        self.typedefs: dict[tuple[str, str], ET.Element] = {
            (module, t.get("name", "")): t for module, d in self.documents.items() for t in d.findall(f"{_TAG}typedef")
        }
        self.problems = Problems()

    def program(self, module: str) -> Program:
        built = self._program(module)
        self._check_references(built)
        self.problems.raise_any()
        return built

    # -- programs --

    def _program(self, module: str) -> Program:
        if module in self.programs:
            return self.programs[module]
        document, source = self.documents[module], self.sources[module]
        namespaces = {n.get("name", ""): n.get("value", "") for n in document.findall(f"{_TAG}namespace")}
        program = Program(module, source.shown, namespaces, [], document.get("doc", ""))
        self.programs[module] = program
        program.includes = [self._program(i.get("name", "")) for i in document.findall(f"{_TAG}include")]
        for name, line in source.places.redefined:
            self.problems.add(Where(source.shown, line), f"{name} is declared twice; rename one of them")
        self._declarations(program, document)
        return program

    def _declarations(self, program: Program, document: ET.Element) -> None:
        for element in document.findall(f"{_TAG}enum"):
            enum = self._enum(program, element)
            program.enums[enum.name] = enum
        for kind in ("struct", "union", "exception"):
            for element in document.findall(f"{_TAG}{kind}"):
                struct = self._struct(program, element, kind)
                program.structs[struct.name] = struct
        order = list(self.sources[program.module].places.lines)
        program.structs = dict(sorted(program.structs.items(), key=lambda s: order.index((s[0],))))
        for element in document.findall(f"{_TAG}const"):
            name = element.get("name", "")
            program.constants[name] = Constant(
                name,
                self._type(element)[0],
                self._constant(program, element[-1], name),
                element.get("doc", ""),
                self._where(program, name),
            )
        for element in document.findall(f"{_TAG}service"):
            service = self._service(program, element)
            program.services[service.name] = service

    def _where(self, program: Program, *name: str) -> Where:
        return Where(program.path, self.sources[program.module].places.line(*name))

    def _enum(self, program: Program, element: ET.Element) -> Enum:
        name = element.get("name", "")
        values, docs = {}, {}
        for member in element.findall(f"{_TAG}member"):
            values[member.get("name", "")] = int(member.get("value", "0"))
            docs[member.get("name", "")] = member.get("doc", "")
        return Enum(
            name, values, docs, _annotations(element), element.get("doc", ""), self._where(program, name), program
        )

    def _struct(self, program: Program, element: ET.Element, kind: str) -> Struct:
        name = element.get("name", "")
        struct = Struct(
            name, kind, [], _annotations(element), element.get("doc", ""), self._where(program, name), program
        )
        struct.fields = [self._field(program, f, name) for f in element.findall(f"{_TAG}field")]
        return struct

    def _field(self, program: Program, element: ET.Element, *owner: str) -> Field:
        name = element.get("name", "")
        of_type, inherited = self._type(element)
        default = element.find(f"{_TAG}default")
        places = self.sources[program.module].places
        return Field(
            id=int(element.get("field-id", "0")),
            name=name,
            type=of_type,
            requiredness=element.get("required", "default"),
            default=None if default is None else self._constant(program, default[0], *owner, name),
            annotations={**inherited, **_annotations(element)},
            doc=element.get("doc", ""),
            where=self._where(program, *owner, name),
            by_reference=(*owner, name) in places.references,
        )

    def _constant(self, program: Program, element: ET.Element, *name: str) -> ConstValue:
        literal = _literal(element)
        written = self.sources[program.module].places.numbers.get(name)
        return ConstValue("double", float(written)) if literal.kind == "double" and written else literal

    def _service(self, program: Program, element: ET.Element) -> Service:
        name = element.get("name", "")
        parent = None
        if element.get("parent-id"):
            parent = self._program(element.get("parent-module", "")).services.get(element.get("parent-id", ""))
        service = Service(
            name, parent, [], _annotations(element), element.get("doc", ""), self._where(program, name), program
        )
        service.own_methods = [self._method(service, m) for m in element.findall(f"{_TAG}method")]
        return service

    def _method(self, service: Service, element: ET.Element) -> Method:
        program, name = service.program, element.get("name", "")
        returns = element.find(f"{_TAG}returns")
        assert returns is not None
        throws = [
            Throws(
                int(t.get("field-id", "0")),
                t.get("name", ""),
                self._type(t)[0],
                _annotations(t),
                self._where(program, service.name, name, "throws", t.get("name", "")),
            )
            for t in element.findall(f"{_TAG}throws")
        ]
        return Method(
            name=name,
            args=[self._field(program, a, service.name, name) for a in element.findall(f"{_TAG}arg")],
            returns=None if returns.get("type") == "void" else self._type(returns)[0],
            throws=throws,
            oneway=element.get("oneway") == "true",
            annotations=_annotations(element),
            doc=element.get("doc", ""),
            where=self._where(program, service.name, name),
            service=service,
        )

    # -- types --

    def _type(self, element: ET.Element) -> tuple[Type, dict[str, str]]:
        """The type an element declares, with the vt.* checks that the typedefs on the way to it bring."""
        kind = element.get("type", "")
        if kind == "id":
            key = (element.get("type-module", ""), element.get("type-id", ""))
            typedef = self.typedefs.get(key)
            if typedef is None:
                return Ref(*key), {}
            of_type, inherited = self._type(typedef)
            own = {k: v for k, v in _annotations(typedef).items() if k.startswith("vt.")}
            return of_type, {**inherited, **own}
        if kind in ("list", "set"):
            of_type, checks = self._inner(element, "elemType", "elem")
            return (ListOf if kind == "list" else SetOf)(of_type), checks
        if kind == "map":
            key_type, key_checks = self._inner(element, "keyType", "key")
            value_type, value_checks = self._inner(element, "valueType", "value")
            return MapOf(key_type, value_type), {**key_checks, **value_checks}
        return Base("i8" if kind == "byte" else kind), {}

    def _inner(self, element: ET.Element, tag: str, prefix: str) -> tuple[Type, dict[str, str]]:
        inner = element.find(f"{_TAG}{tag}")
        assert inner is not None
        of_type, checks = self._type(inner)
        return of_type, {f"vt.{prefix}.{k[3:]}": v for k, v in checks.items()}

    # -- names that stand for nothing: Thrift's XML generator lets them pass --

    def _check_references(self, root: Program) -> None:
        contract = Contract(root)
        for program in root.closure():
            for struct in program.structs.values():
                for declared in struct.fields:
                    self._check_type(contract, declared.type, declared.where)
            for constant in program.constants.values():
                self._check_type(contract, constant.type, constant.where)
            for service in program.services.values():
                for method in service.own_methods:
                    for argument in method.args:
                        self._check_type(contract, argument.type, argument.where)
                    for thrown in method.throws:
                        self._check_type(contract, thrown.type, thrown.where)
                    if method.returns is not None:
                        self._check_type(contract, method.returns, method.where)

    def _check_type(self, contract: Contract, of_type: Type, where: Where) -> None:
        if isinstance(of_type, Ref) and contract.lookup(of_type) is None:
            self.problems.add(
                where, f"there is no type {of_type.name} in {of_type.module}.thrift; declare it, or correct the name"
            )
        elif isinstance(of_type, Base) and of_type.name not in BASE_TYPES:
            self.problems.add(where, f"type {of_type.name} is not known to Bascule; use one of {', '.join(BASE_TYPES)}")
        elif isinstance(of_type, (ListOf, SetOf)):
            self._check_type(contract, of_type.element, where)
        elif isinstance(of_type, MapOf):
            self._check_type(contract, of_type.key, where)
            self._check_type(contract, of_type.value, where)


def _annotations(element: ET.Element) -> dict[str, str]:
    return {a.get("key", ""): a.get("value", "") for a in element.findall(f"{_TAG}annotation")}


def _literal(element: ET.Element) -> ConstValue:
    kind = element.tag.removeprefix(_TAG)
    if kind == "int":
        return ConstValue("int", int(element.text or "0"))
    if kind == "double":
        return ConstValue("double", float(element.text or "0"))
    if kind == "string":
        return ConstValue("string", element.text or "")
    if kind == "list":
        return ConstValue("list", [_literal(entry[0]) for entry in element])
    pairs = [(_literal(entry[0][0]), _literal(entry[1][0])) for entry in element]
    return ConstValue("map", pairs)
