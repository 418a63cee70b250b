"""What does not fit the contract is 400 with the place it is wrong at; what is no request of any contract, its own status."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

NEW = "/v1/items"


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["detail"]
    assert len(said["trace_id"]) == 32
    return said


@pytest.mark.parametrize(("body", "code", "pointer"), [
    ('{"name": "a", "nam": 1}', "unknown_field", "#/nam"),
    ('{"name": 1}', "type", "#/name"),
    ('{"name": null}', "type", "#/name"),
    ("{}", "missing", "#/name"),
    ('{"name": "a", "name": "b"}', "duplicate", "#/name"),
    ('{"name": "a", "colour": "GREEN"}', "format", "#/colour"),
    ('{"name": "a", "sizes": [1, 2, "x"]}', "type", "#/sizes/2"),
    ('{"name": "a", "sizes": [1, 2, true]}', "type", "#/sizes/2"),
    ('{"name": "a", "sizes": [2147483648]}', "range", "#/sizes/0"),
    ('{"name": ""}', "check", "#/name"),
    ('{"name": "' + "x" * 21 + '"}', "check", "#/name"),
    ('{"name": "\\ud800"}', "escape", "#/name"),
    ('{"name": "a"', "syntax", None),
    ('{"name": "a"} x', "syntax", None),
    ("[]", "type", "#"),
    ("", "syntax", None),
    ("\ufeff{}", "syntax", None),
    ('{"a~/b ü": 1}', "unknown_field", "#/a~0~1b%20%C3%BC"),
])  # fmt: skip
def test_a_bad_body_is_400_with_its_pointer(
    shelf: Any, http: httpx.Client, body: str, code: str, pointer: str | None
) -> None:
    said = problem(http.post(NEW, content=body.encode(), headers={"content-type": "application/json"}), 400)
    assert said["type"] == f"urn:bascule:problem:{code}"
    if pointer is not None:
        assert [each["pointer"] for each in said["errors"]] == [pointer]
    assert not shelf.seen


def test_bytes_that_are_not_utf8_and_nesting_without_end(shelf: Any, http: httpx.Client) -> None:
    header = {"content-type": "application/json"}
    assert problem(http.post(NEW, content=b'{"name": "\xff"}', headers=header), 400)["type"].endswith("utf8")
    for deep in (b"[" * 100_000, b'{"a":' * 100_000):
        problem(http.post(NEW, content=b'{"sizes": ' + deep, headers=header), 400)


@pytest.mark.parametrize(("query", "code", "name"), [
    ("limit=x", "format", "limit"), ("limit=1&limit=2", "duplicate", "limit"), ("limit=101", "check", "limit"),
    ("limit=", "format", "limit"), ("limt=1", "unknown_parameter", "limt"), ("a=%zz", "query", ""), ("a=%00", "query", "")])  # fmt: skip
def test_a_bad_query_is_400_with_its_name(shelf: Any, http: httpx.Client, query: str, code: str, name: str) -> None:
    said = problem(http.get(f"/v1/items?{query}"), 400)
    assert said["type"] == f"urn:bascule:problem:{code}"
    assert said["errors"][0] | {"detail": ""} == {"detail": "", "in": "query", "parameter": name}


def test_a_bad_path_parameter(shelf: Any, http: httpx.Client) -> None:
    said = problem(http.get("/v1/items/seven"), 400)
    assert said["errors"][0]["in"] == "path"
    assert said["errors"][0]["parameter"] == "id"


def test_media_types(shelf: Any, http: httpx.Client) -> None:
    body = b'{"name": 1}'
    for good in ("application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'):
        problem(http.post(NEW, content=body, headers={"content-type": good}), 400)
    for bad in (
        "text/json",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ):
        problem(http.post(NEW, content=body, headers={"content-type": bad}), 415)
    assert problem(http.request("POST", NEW, content=body), 415)["detail"].startswith("send JSON")
    problem(http.post("/nowhere", content=body, headers={"content-type": "text/plain"}), 404)
    coded = {"content-type": "application/json", "content-encoding": "gzip"}
    assert problem(http.post(NEW, content=body, headers=coded), 415)["type"].endswith("content_encoding")


def test_a_body_where_none_belongs(shelf: Any, http: httpx.Client) -> None:
    said = problem(
        http.request("DELETE", "/v1/items/1", content=b"{}", headers={"content-type": "application/json"}), 400
    )
    assert said["type"].endswith("unexpected_body")


def test_methods(shelf: Any, http: httpx.Client) -> None:
    answer = http.put(NEW, json={})
    assert problem(answer, 405)["type"].endswith("method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    options = http.options(NEW)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    problem(http.get("/v1/nothing"), 404)
    problem(http.request("BREW", NEW), 405)


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\x7fb"])
def test_a_bad_idempotency_key(shelf: Any, http: httpx.Client, key: str) -> None:
    answer = http.post(NEW, json={"name": "a"}, headers={"idempotency-key": key})
    assert answer.status_code == 400
    assert not shelf.seen


def test_the_largest_body_and_one_byte_more(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["create"] = lambda message, a: contract.types.Item(id=1, name="x", tags=[])
    body = json.dumps({"name": "a"}).encode()
    padded = body + b" " * (1024 * 1024 - len(body))
    header = {"content-type": "application/json"}
    assert http.post(NEW, content=padded, headers=header).status_code == 201
    problem(http.post(NEW, content=padded + b" ", headers=header), 413)


def test_chunked_bodies_are_bodies(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["create"] = lambda message, a: contract.types.Item(id=1, name=a.item.name, tags=[])
    pieces = iter([b'{"na', b'me": "chu', b'nks"}'])
    assert http.post(NEW, content=pieces, headers={"content-type": "application/json"}).json()["name"] == "chunks"
