"""The documents that the gateway makes of live contracts, against the standards and against what it serves."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator


def test_openapi_is_valid_and_names_every_route(shelf: Any, http: httpx.Client) -> None:
    answer = http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    OpenAPIV31SpecValidator(document).validate()
    paths = document["paths"]
    assert {path: sorted(verbs) for path, verbs in paths.items()} == {
        "/v1/items": ["get", "post"],
        "/v1/items/{id}": ["delete", "get"],
        "/v1/items/{id}/touch": ["post"],
        "/v1/pages/{id}": ["get"],
        "/v1/rude": ["get"],
        "/v1/secret": ["get"],
        "/v1/slow/{key}": ["get"],
    }
    create = paths["/v1/items"]["post"]
    assert create["operationId"] == "shelf.Shelf.create"
    assert create["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/shelf.NewItem"
    }
    assert set(create["responses"]) == {"201", "400", "409", "429", "500", "503", "504", "default"}
    assert create["security"] == []
    assert paths["/v1/secret"]["get"]["security"] == [{"token": []}]
    found = {each["name"]: each for each in paths["/v1/items"]["get"]["parameters"]}
    assert found["limit"] == {
        "name": "limit", "in": "query", "required": False,
        "schema": {"type": "integer", "format": "int32", "maximum": 100, "default": 5},
    }  # fmt: skip
    assert (found["X-Agent"]["in"], found["sid"]["in"]) == ("header", "cookie")
    assert "200" not in paths["/v1/items/{id}"]["delete"]["responses"]
    assert paths["/v1/slow/{key}"]["get"]["summary"] == "Answers after the test lets it."


def test_what_is_served_fits_the_schema(shelf: Any, http: httpx.Client, contract: Any) -> None:
    document = http.get("/openapi.json").json()
    shelf.methods["get"] = lambda message, a: contract.types.Item(id=1, name="n", colour=2, tags=["x"])
    schema = {"$ref": "#/components/schemas/shelf.Item", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(http.get("/v1/items/1").json())
    new = jsonschema.Draft202012Validator(schema | {"$ref": "#/components/schemas/shelf.NewItem"})
    for bad in ({}, {"name": ""}, {"name": "x" * 21}, {"name": "a", "more": 1}, {"name": "a", "colour": "GREEN"}):
        assert not new.is_valid(bad)
        assert http.post("/v1/items", json=bad).status_code == 400
    clash = http.get("/openapi.json").json()["paths"]["/v1/items"]["post"]["responses"]["409"]
    declared = clash["content"]["application/problem+json"]["schema"]
    assert declared["properties"]["exception"]["required"] == ["title", "status"]
    problem = jsonschema.Draft202012Validator(schema | {"$ref": "#/components/schemas/Problem"})
    problem.validate(http.post("/v1/items", json={}).json())
    problem.validate(http.get("/nowhere").json())


def test_asyncapi_has_its_parts(shelf: Any, http: httpx.Client) -> None:
    document = http.get("/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["events.shelf.Sold"]["messages"] == {
        "shelf.Sold": {"$ref": "#/components/messages/shelf.Sold"}
    }
    assert document["operations"]["receive.shelf.Sold"]["channel"] == {"$ref": "#/channels/events.shelf.Sold"}
    assert document["components"]["messages"]["shelf.Sold"]["payload"] == {"$ref": "#/components/schemas/shelf.Sold"}
    assert document["components"]["schemas"]["shelf.Sold"]["required"] == ["id"]


def test_the_gateways_own_pages(http: httpx.Client) -> None:
    assert (http.get("/livez").status_code, http.get("/readyz").status_code) == (200, 200)
    assert http.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
    for page in ("livez", "readyz", "metrics", "openapi.json", "asyncapi.json"):
        answer = http.post(f"/{page}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert http.head(f"/{page}").content == b""
