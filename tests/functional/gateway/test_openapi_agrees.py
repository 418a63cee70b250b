"""OpenAPI is written twice, by the compiler from a contract's source and by the gateway from the live descriptor: one truth,
held together here; and what the gateway answers when it refuses is held against it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from thrift.Thrift import TApplicationException

from support.platforms import TREE
from support.waiting import eventually

SHOP = ("accounts", "catalog", "orders", "recommendations", "notifications")
SOURCES = [*(TREE / "idl/shop" / f"{name}.thrift" for name in SHOP), Path(__file__).with_name("schema.thrift")]
PROBLEM = "application/problem+json"
MEMBERS = ("operationId", "tags", "security", "summary", "description", "parameters", "requestBody", "responses")


def compiled(source: Path, folder: Path) -> Any:
    descriptor, openapi = folder / f"{source.stem}.descriptor", folder / f"{source.stem}.openapi"
    compiler = TREE / "idl/compiler/bin/basculec"
    subprocess.run([compiler, source, "--descriptor", descriptor, "--openapi", openapi], check=True)
    text = descriptor.read_text()
    described = json.loads(text)
    return SimpleNamespace(
        descriptor=text, digest=described["digest"], services=list(described["services"]),
        openapi=json.loads(openapi.read_text()),
    )  # fmt: skip


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_gateway_says_what_the_compiler_says(
    source: Path, start_shelf: Callable[..., Any], http: httpx.Client, contract: Any, tmp_path: Path
) -> None:
    made = compiled(source, tmp_path)
    for number, service in enumerate(made.services):
        started = start_shelf(service=service, instance=f"{source.stem}-{number}")
        started.descriptor, started.digest = made.descriptor, made.digest
        started.announce()
    wanted = made.openapi
    eventually(
        lambda: wanted["paths"].keys() <= http.get("/openapi.json").json()["paths"].keys(), "the routes are known"
    )
    live = http.get("/openapi.json").json()
    OpenAPIV31SpecValidator(live).validate()
    OpenAPIV31SpecValidator(wanted).validate()
    for path, verbs in wanted["paths"].items():
        assert live["paths"][path].keys() == verbs.keys()
        for verb, operation in verbs.items():
            for member in MEMBERS:
                assert live["paths"][path][verb].get(member) == operation.get(member), (path, verb, member)
    for kind, parts in wanted["components"].items():
        for name, part in parts.items():
            assert live["components"][kind].get(name) == part, (kind, name)
    assert [tag for tag in live["tags"] if tag["name"] in made.services] == wanted["tags"]


# -- what is sent fits what is said --

Answers = dict[str, Callable[[Any, Any], Any]]


def wrong(message: Any, arguments: Any) -> Any:
    raise TApplicationException(TApplicationException.INTERNAL_ERROR, "on fire")


def unknown(message: Any, arguments: Any) -> Any:
    raise TApplicationException(TApplicationException.UNKNOWN_METHOD, "never heard of it")


def refusals(contract: Any) -> list[tuple[str, int, str, str, dict[str, Any], Answers]]:
    types = contract.types

    def raises(exception: Exception) -> Callable[[Any, Any], Any]:
        def method(message: Any, arguments: Any) -> Any:
            raise exception

        return method

    body = {"content": b"{", "headers": {"content-type": "application/json"}}
    return [
        ("not_json", 400, "POST", "/v1/items", body, {}),
        ("unknown_field", 400, "POST", "/v1/items", {"json": {"name": "a", "no": 1}}, {}),
        ("check", 400, "POST", "/v1/items", {"json": {"name": ""}}, {}),
        ("path_parameter", 400, "GET", "/v1/items/x", {}, {}),
        ("query_parameter", 400, "GET", "/v1/items?limit=101", {}, {}),
        ("unknown_parameter", 400, "GET", "/v1/items?no=1", {}, {}),
        ("bad_header", 400, "GET", "/v1/items", {"headers": {"x-agent": b"\xff"}}, {}),
        ("token", 401, "GET", "/v1/secret", {}, {}),
        ("declared", 404, "GET", "/v1/items/1", {}, {"get": raises(types.NotFound(id=1, message="no"))}),
        ("declared_nested", 409, "POST", "/v1/items", {"json": {"name": "a"}},
         {"create": raises(types.Clash(title="t", status=7))}),
        ("method", 405, "PUT", "/v1/items", {}, {}),
        ("too_large", 413, "POST", "/v1/items", {"json": {"name": "a" * (2 << 20)}}, {}),
        ("media_type", 415, "POST", "/v1/items", {"content": b"x", "headers": {"content-type": "text/csv"}}, {}),
        ("internal", 500, "GET", "/v1/rude", {}, {"rude": wrong}),
        ("unimplemented", 501, "GET", "/v1/rude", {}, {"rude": unknown}),
        ("broken_reply", 502, "GET", "/v1/rude", {}, {"rude": lambda message, a: b"\x82nonsense"}),
        ("slow", 504, "GET", "/v1/slow/k", {}, {"slow": lambda message, a: None}),
    ]  # fmt: skip


NAMES = [
    case[0]
    for case in refusals(SimpleNamespace(types=SimpleNamespace(NotFound=lambda **_: None, Clash=lambda **_: None)))
]


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_fits_the_document(name: str, shelf: Any, http: httpx.Client, contract: Any) -> None:
    _, status, verb, path, request, methods = next(case for case in refusals(contract) if case[0] == name)
    shelf.methods.update(methods)
    answer = http.request(verb, path, **request)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    validate(http.get("/openapi.json").json(), verb, path.partition("?")[0], answer)


def test_an_absent_service_fits_the_document(
    start_shelf: Callable[..., Any], routed: Callable[[str, int], None], http: httpx.Client
) -> None:
    started = start_shelf(instance="leaves")
    started.methods["rude"] = lambda message, a: "still here"
    routed("/v1/rude", 204)
    started.announce("down")
    eventually(lambda: http.get("/v1/rude").status_code == 503, "the service is gone")
    validate(http.get("/openapi.json").json(), "GET", "/v1/rude", http.get("/v1/rude"))


def test_what_does_not_fit_is_seen(shelf: Any, http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    for change in ({"status": "404"}, {"error": {"id": 1}}, {"detail": None}, {"trace_id": "x"}):
        answer = http.get("/v1/nowhere")
        problem = {**answer.json(), **change}
        with pytest.raises((jsonschema.ValidationError, AssertionError)):
            fits(document, {"$ref": "#/components/schemas/Problem"}, problem)


def validate(document: Any, verb: str, path: str, answer: httpx.Response) -> None:
    """Against the response that the operation's document has for the status, or against any problem where there is none."""
    template = next((t for t in document["paths"] if matches(t, path)), None)
    operation = document["paths"].get(template, {}).get(verb.lower())
    responses = operation["responses"] if operation else {"default": {"$ref": "#/components/responses/Failure"}}
    response = responses.get(str(answer.status_code), responses["default"])
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    fits(document, response["content"][PROBLEM]["schema"], answer.json())


def matches(template: str, path: str) -> bool:
    pairs = list(zip(template.split("/"), path.split("/"), strict=False))
    return template.count("/") == path.count("/") and all(t == p or t.startswith("{") for t, p in pairs)


def fits(document: Any, schema: dict[str, Any], problem: Any) -> None:
    """Valid, and with no member that the document does not name."""
    root = {"components": document["components"]}
    jsonschema.Draft202012Validator({**root, **schema}).validate(problem)
    choices = schema.get("anyOf", [schema])
    choices = [document["components"]["schemas"]["Problem"] if "$ref" in each else each for each in choices]
    chosen = [each for each in choices if jsonschema.Draft202012Validator({**root, **each}).is_valid(problem)]
    assert any(problem.keys() <= each["properties"].keys() for each in chosen), (problem, chosen)
