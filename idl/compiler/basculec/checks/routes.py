"""HTTP routes: templates, where each argument comes from, and that no two methods answer the same request.

The rules are google.api.http's with Kitex's keys: what the template names comes from the path; an annotation
(`api.query`, ...) decides; of the rest, GET and DELETE take scalars from the query, other verbs take one struct as the
body, otherwise all that is left as one object.
"""

from __future__ import annotations

import re

from basculec.checks.annotations import VERBS
from basculec.errors import Problems, Where
from basculec.model import (
    Base,
    Binding,
    Contract,
    Enum,
    Field,
    ListOf,
    Method,
    Program,
    Ref,
    Route,
    SetOf,
    Struct,
    Type,
)

_SOURCES = ("path", "query", "header", "cookie", "body")
_SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()+,;=@%-]+")
_VARIABLE = re.compile(r":([A-Za-z_][A-Za-z0-9_.]*)|\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_GATEWAYS_OWN = ("/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/thrift/", "/_bascule")


class BadRoute(Exception):
    """The text says what is wrong and what to do; `where` when it is not the method itself."""

    def __init__(self, message: str, where: Where | None = None) -> None:
        super().__init__(message)
        self.where = where


def check(contract: Contract, program: Program, problems: Problems) -> None:
    for service in program.services.values():
        for method in service.own_methods:
            method.routes = []
            for verb in VERBS:
                if f"api.{verb}" in method.annotations:
                    try:
                        method.routes.append(_route(contract, method, verb))
                    except BadRoute as wrong:
                        problems.add(wrong.where or method.where, f"{service.name}.{method.name}: {wrong}")
            if "api.http_code" in method.annotations and not any(f"api.{verb}" in method.annotations for verb in VERBS):
                problems.add(
                    method.where,
                    f"{service.name}.{method.name}: api.http_code without a route; add api.get, api.post, ...",
                )
    _duplicates(contract, program, problems)


def _duplicates(contract: Contract, program: Program, problems: Problems) -> None:
    taken: dict[tuple[str, str], Method] = {}
    for other in contract.program.closure():
        for service in other.services.values():
            for method in service.own_methods:
                for route in method.routes:
                    shape = (route.verb, re.sub(r"\{[^}]*\}", "{}", route.path))
                    first = taken.setdefault(shape, method)
                    if first is not method and method.service.program is program:
                        problems.add(
                            method.where,
                            f"{route.verb} {route.path} is also the route of {first.service.name}.{first.name} "
                            f"({first.where}); change one of them",
                        )


# -- one route --------------------------------------------------------------------------------------------------------


def _route(contract: Contract, method: Method, verb: str) -> Route:
    path, variables = template(method.annotations[f"api.{verb}"])
    route = Route(verb.upper(), path, _status(method), None, [], method.where)
    unbound = _Unbound(contract, method, variables)
    route.bindings += unbound.take_path()
    route.bindings += unbound.take_annotated()
    if unbound.whole_body is not None:
        route.body = unbound.whole_body.name
        route.bindings += unbound.take_query() if verb in ("get", "delete") else []
        unbound.nothing_left()
    elif verb in ("get", "delete"):
        route.bindings += unbound.take_query()
        route.body = "*" if unbound.in_body else None
    else:
        route.body = unbound.take_body()
    _collisions(route)
    return route


def template(text: str) -> tuple[str, list[str]]:
    """The canonical template and the names of its variables."""
    if not text.startswith("/"):
        raise BadRoute(f'route "{text}" does not start with a slash; write "/{text}"')
    if text.startswith(_GATEWAYS_OWN):
        raise BadRoute(f'route "{text}" is the gateway\'s own; choose another path')
    parts, variables = [], []
    for segment in text[1:].split("/") if text != "/" else []:
        match = _VARIABLE.fullmatch(segment)
        if match:
            name = match[1] or match[2]
            if name in variables:
                raise BadRoute(f'route "{text}" names {name} twice; rename one')
            variables.append(name)
            parts.append(f"{{{name}}}")
        elif not segment:
            raise BadRoute(f'route "{text}" has an empty segment; remove the extra slash')
        elif not _SEGMENT.fullmatch(segment):
            raise BadRoute(
                f'route "{text}": segment "{segment}" is neither a word nor one variable; write ":name" or "{{name}}" '
                "as a whole segment"
            )
        else:
            parts.append(segment)
    return "/" + "/".join(parts), variables


def _status(method: Method) -> int:
    text = method.annotations.get("api.http_code")
    if text is None:
        return 202 if method.oneway else 204 if method.returns is None else 200
    if not re.fullmatch(r"2\d\d", text):
        raise BadRoute(f'api.http_code = "{text}" is no status of a success; write one from 200 to 299')
    if text in ("204", "205") and method.returns is not None:
        raise BadRoute(f"api.http_code = {text} has no body, but the method returns something; use 200")
    return int(text)


class _Unbound:
    """The arguments that nothing binds yet, taken away step by step."""

    def __init__(self, contract: Contract, method: Method, variables: list[str]) -> None:
        self.contract = contract
        self.method = method
        self.variables = list(variables)
        self.left = {a.name: a for a in method.args}
        self.bound_fields: set[tuple[str, str]] = set()
        self.whole_body: Field | None = None
        self.in_body: list[Field] = []  # api.body on an argument

    # -- path --

    def take_path(self) -> list[Binding]:
        bindings = [b for b in (self._path(name) for name in self.variables) if b]
        missing = set(self.variables) - {b.name for b in bindings}
        if missing:
            name = sorted(missing)[0]
            raise BadRoute(
                f'route variable {name} binds no argument; name an argument {name}, or write (api.path = "{name}") on it'
            )
        return bindings

    def _path(self, name: str) -> Binding | None:
        for argument in self.method.args:
            if argument.annotations.get("api.path", argument.name) == name and not _other_source(argument, "path"):
                self._require(argument, "path")
                self.left.pop(argument.name, None)
                return Binding(argument.name, None, "path", name, argument.type, argument)
        found = [
            (argument, field)
            for argument, struct in self._structs()
            for field in struct.fields
            if field.annotations.get("api.path", field.name if f"{argument.name}.{field.name}" != name else name)
            == name
            and not _other_source(field, "path")
        ]
        if len(found) > 1:
            raise BadRoute(
                f'route variable {name} fits {found[0][0].name} and {found[1][0].name}; write it as "argument.field"'
            )
        if not found:
            return None
        argument, field = found[0]
        self._require(field, "path")
        self.bound_fields.add((argument.name, field.name))
        return Binding(argument.name, field.name, "path", name, field.type, field)

    # -- annotations --

    def take_annotated(self) -> list[Binding]:
        bindings = []
        for argument in self.method.args:
            sources = [s for s in _SOURCES if f"api.{s}" in argument.annotations]
            if len(sources) > 1:
                raise BadRoute(f"{argument.name} comes from {' and '.join(sources)}; keep one", argument.where)
            if sources == ["path"] and argument.name in self.left:
                wanted = argument.annotations["api.path"]
                raise BadRoute(
                    f'{argument.name} comes from the path variable "{wanted}", which the route does not have; '
                    f'add ":{wanted}" to it',
                    argument.where,
                )
            if sources == ["body"]:
                self._to_body(argument)
            elif sources and sources != ["path"]:
                self._require(argument, sources[0])
                del self.left[argument.name]
                bindings.append(
                    Binding(
                        argument.name,
                        None,
                        sources[0],
                        argument.annotations[f"api.{sources[0]}"],
                        argument.type,
                        argument,
                    )
                )
        for argument, struct in self._structs():
            bindings += self._annotated_fields(argument, struct)
        return bindings

    def _annotated_fields(self, argument: Field, struct: Struct) -> list[Binding]:
        bindings = []
        for field in struct.fields:
            sources = [s for s in _SOURCES if f"api.{s}" in field.annotations]
            if len(sources) > 1:
                raise BadRoute(f"{struct.name}.{field.name} comes from {' and '.join(sources)}; keep one", field.where)
            if sources == ["body"] and field.annotations["api.body"] not in ("", "1", field.name):
                raise BadRoute(
                    f'{struct.name}.{field.name}: JSON names are the contract\'s; write api.body = "{field.name}"',
                    field.where,
                )
            if sources and sources[0] in ("query", "header", "cookie"):
                self._require(field, sources[0])
                self.bound_fields.add((argument.name, field.name))
                name = field.annotations[f"api.{sources[0]}"]
                bindings.append(Binding(argument.name, field.name, sources[0], name, field.type, field))
        return bindings

    def _to_body(self, argument: Field) -> None:
        written = argument.annotations["api.body"]
        if written == "*":
            if self.whole_body is not None:
                raise BadRoute(
                    f"{self.whole_body.name} and {argument.name} both are the body; keep one", argument.where
                )
            self.whole_body = argument
            del self.left[argument.name]
        elif written in ("", "1", argument.name):
            self.in_body.append(argument)
        else:
            raise BadRoute(
                f'api.body = "{written}" names nothing; write "{argument.name}" for a member of the body, "*" for all of it',
                argument.where,
            )

    # -- what is left --

    def take_query(self) -> list[Binding]:
        bindings = []
        for argument in [a for a in self.left.values() if a not in self.in_body]:
            del self.left[argument.name]
            struct = self._struct(argument.type)
            if struct is None:
                self._require(argument, "query")
                bindings.append(Binding(argument.name, None, "query", argument.name, argument.type, argument))
            else:
                bindings += self._query_fields(argument, struct)
        return bindings

    def _query_fields(self, argument: Field, struct: Struct) -> list[Binding]:
        bindings = []
        for field in struct.fields:
            if (argument.name, field.name) in self.bound_fields:
                continue
            if "api.body" in field.annotations:
                raise BadRoute(
                    f"{struct.name}.{field.name} is of the body, which GET and DELETE do not have; write "
                    f'(api.body = "*") on {argument.name}',
                    field.where,
                )
            self._require(field, "query")
            bindings.append(Binding(argument.name, field.name, "query", field.name, field.type, field))
        return bindings

    def take_body(self) -> str | None:
        rest = list(self.left.values())
        if not rest:
            return None
        if len(rest) == 1 and not self.in_body and self._struct(rest[0].type) is not None:
            struct = self._struct(rest[0].type)
            bound = {f for a, f in self.bound_fields if a == rest[0].name}
            if struct is not None and struct.fields and bound == {f.name for f in struct.fields}:
                return None  # every field of it is bound elsewhere
            return rest[0].name
        return "*"

    def nothing_left(self) -> None:
        if self.left:
            name = next(iter(self.left))
            raise BadRoute(
                f"{name} has no place: {self.whole_body.name if self.whole_body else ''} is the whole body; "
                f'write (api.query = "{name}") on it'
            )

    # -- types --

    def _structs(self) -> list[tuple[Field, Struct]]:
        return [(a, s) for a in self.method.args if (s := self._struct(a.type)) is not None]

    def _struct(self, of_type: Type) -> Struct | None:
        declared = self.contract.lookup(of_type) if isinstance(of_type, Ref) else None
        return declared if isinstance(declared, Struct) else None

    def _require(self, field: Field, source: str) -> None:
        of_type = field.type
        if isinstance(of_type, (ListOf, SetOf)) and source in ("query", "header"):
            of_type = of_type.element
        scalar = isinstance(of_type, Base) or (
            isinstance(of_type, Ref) and isinstance(self.contract.lookup(of_type), Enum)
        )
        if not scalar:
            raise BadRoute(
                f"{field.name} cannot come from the {source}: it is not a scalar; put it into the body", field.where
            )
        if source == "path" and field.requiredness == "optional":
            raise BadRoute(f"{field.name} comes from the path and is optional; make it required", field.where)
        name = field.annotations.get(f"api.{source}", field.name)
        if source in ("header", "cookie") and not _TOKEN.fullmatch(name):
            raise BadRoute(f'api.{source} = "{name}" is no {source} name; use letters, digits and "-"', field.where)
        if not name:
            raise BadRoute(f'api.{source} of {field.name} is empty; write api.{source} = "{field.name}"', field.where)


def _other_source(field: Field, source: str) -> bool:
    return any(f"api.{s}" in field.annotations for s in _SOURCES if s != source)


def _collisions(route: Route) -> None:
    seen: dict[tuple[str, str], Binding] = {}
    for binding in route.bindings:
        name = binding.name.lower() if binding.source == "header" else binding.name
        first = seen.setdefault((binding.source, name), binding)
        if first is not binding:
            raise BadRoute(
                f"{first.declared.name} and {binding.declared.name} both come from {binding.source} {binding.name}; rename one",
                binding.declared.where,
            )
