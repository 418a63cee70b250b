"""Where things stand in a contract's source.

Thrift's XML has no line numbers, and drops annotations inside a type (`list<string (vt.pattern = "x")>`) and the `&`
of a field. This scanner walks a source that Thrift has already accepted and notes lines of declarations. It never
judges: what it does not understand it steps over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|\#[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<number>[-+]?[0-9][0-9A-Fa-fxX.eE+]*)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_STRUCTS = ("struct", "union", "exception")
_DEFINITIONS = ("namespace", "include", "cpp_include", "const", "typedef", "enum", "service", *_STRUCTS)
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}

Name = tuple[str, ...]


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


@dataclass
class Places:
    """Lines by name: ("Product",), ("Product", "id"), ("Catalog", "get"), ("Catalog", "get", "id"),
    ("Catalog", "get", "throws", "not_found")."""

    lines: dict[Name, int] = field(default_factory=dict)
    annotations: dict[tuple[Name, str], int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)  # the same key twice on one thing
    inside_types: list[tuple[str, int]] = field(default_factory=list)  # keys that Thrift's XML loses
    references: set[Name] = field(default_factory=set)  # fields declared with &
    includes: dict[str, int] = field(default_factory=dict)  # as written
    namespaces: dict[str, int] = field(default_factory=dict)
    numbers: dict[Name, str] = field(default_factory=dict)  # as written: Thrift's XML rounds doubles to 15 digits
    redefined: list[tuple[str, int]] = field(default_factory=list)

    def line(self, *name: str) -> int:
        return self.lines.get(name, 0)

    def annotation_line(self, name: Name, key: str) -> int:
        return self.annotations.get((name, key), self.lines.get(name, 0))


def scan(path: Path) -> Places:
    return _Scanner(path.read_text(encoding="utf-8", errors="replace")).run()


def tokens(source: str) -> list[Token]:
    found, line = [], 1
    for match in _TOKEN.finditer(source):
        text = match.group()
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "mark", text, line))
        line += text.count("\n")
    return found


class _Scanner:
    def __init__(self, source: str) -> None:
        self.tokens = tokens(source)
        self.at = 0
        self.places = Places()

    def run(self) -> Places:
        while self.at < len(self.tokens):
            word = self.take().text
            if word in _DEFINITIONS:
                getattr(self, "definition_" + ("struct" if word in _STRUCTS else word))()
        return self.places

    # -- tokens --

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def take(self) -> Token:
        if self.at >= len(self.tokens):
            return Token("end", "", self.tokens[-1].line if self.tokens else 0)
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, text: str) -> bool:
        if self.peek() != text:
            return False
        self.at += 1
        return True

    def done(self, closing: str) -> bool:
        return self.at >= len(self.tokens) or self.accept(closing)

    # -- definitions --

    def definition_namespace(self) -> None:
        scope = self.take()
        self.take()
        self.places.namespaces[scope.text] = scope.line

    def definition_include(self) -> None:
        path = self.take()
        self.places.includes[path.text[1:-1]] = path.line

    def definition_cpp_include(self) -> None:
        self.take()

    def definition_const(self) -> None:
        self.type()
        name = self.declare()
        if self.accept("="):
            self.value(name)

    def definition_typedef(self) -> None:
        self.type()
        self.annotations(self.declare())

    def definition_enum(self) -> None:
        name = self.declare()
        self.accept("{")
        while not self.done("}"):
            token = self.take()
            if token.kind != "word":
                continue
            self.note((*name, token.text), token.line)
            if self.accept("="):
                self.take()
            self.annotations((*name, token.text))
        self.annotations(name)

    def definition_struct(self) -> None:
        name = self.declare()
        self.accept("xsd_all")
        self.accept("{")
        self.fields(name, "}")
        self.annotations(name)

    def definition_service(self) -> None:
        name = self.declare()
        if self.accept("extends"):
            self.take()
        self.accept("{")
        while not self.done("}"):
            if self.accept(",") or self.accept(";") or self.accept("oneway") or self.accept("async"):
                continue
            self.type()
            token = self.take()
            method = (*name, token.text)
            self.note(method, token.line)
            if self.accept("("):
                self.fields(method, ")")
            if self.accept("throws") and self.accept("("):
                self.fields((*method, "throws"), ")")
            self.annotations(method)
        self.annotations(name)

    # -- parts --

    def declare(self) -> Name:
        token = self.take()
        if (token.text,) in self.places.lines:
            self.places.redefined.append((token.text, token.line))
        self.note((token.text,), token.line)
        return (token.text,)

    def note(self, name: Name, line: int) -> None:
        self.places.lines.setdefault(name, line)

    def fields(self, owner: Name, closing: str) -> None:
        while not self.done(closing):
            if self.accept(",") or self.accept(";"):
                continue
            if self.tokens[self.at].kind == "number":
                self.take()
                self.accept(":")
            if self.peek() in ("required", "optional"):
                self.take()
            self.type()
            reference = self.accept("&")
            token = self.take()
            name = (*owner, token.text)
            self.note(name, token.line)
            if reference:
                self.places.references.add(name)
            if self.accept("="):
                self.value(name)
            self.annotations(name)

    def type(self) -> None:
        self.take()
        if self.accept("<"):
            while not self.done(">"):
                if not self.accept(","):
                    self.type()
        if self.peek() == "(":
            self.lost_annotations()

    def lost_annotations(self) -> None:
        self.take()
        while not self.done(")"):
            token = self.take()
            if token.kind == "word":
                self.places.inside_types.append((token.text, token.line))
                if self.accept("="):
                    self.take()

    def annotations(self, owner: Name) -> None:
        if not self.accept("("):
            return
        while not self.done(")"):
            token = self.take()
            if token.kind != "word":
                continue
            if (owner, token.text) in self.places.annotations:
                self.places.repeated.append((token.text, token.line))
            self.places.annotations[(owner, token.text)] = token.line
            if self.accept("="):
                self.take()

    def value(self, owner: Name = ()) -> None:
        token = self.take()
        if token.kind == "number" and owner:
            self.places.numbers[owner] = token.text
        elif token.text in _CLOSING:
            closing = _CLOSING[token.text]
            while not self.done(closing):
                self.value()
