"""OpenAPI 3.1, held against the standard's own schema by openapi-spec-validator, and against the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

SHOP = ("accounts", "catalog", "orders", "recommendations", "notifications")
PROBLEM = "application/problem+json"


@pytest.fixture
def shop(idl: Path) -> Any:
    from basculec.cli import checked
    from basculec.emit import openapi

    return openapi.build([checked(idl / "shop" / f"{name}.thrift", []) for name in SHOP])


@pytest.fixture
def openapi_of(compile_text: Callable[[str], Any]) -> Callable[[str], Any]:
    from basculec.emit import openapi

    return lambda text: openapi.build([compile_text(text)])


def test_the_shop_is_valid(shop: Any) -> None:
    OpenAPIV31SpecValidator(shop).validate()


def test_the_validator_sees_what_is_wrong(shop: Any) -> None:
    shop["paths"]["/v1/products/{id}"]["get"]["parameters"][0]["in"] = "nowhere"
    with pytest.raises(Exception, match="nowhere"):
        OpenAPIV31SpecValidator(shop).validate()


def test_every_type_is_valid(idl: Path) -> None:
    from basculec.cli import checked
    from basculec.emit import openapi
    from basculec.emit.json_schema import Schemas
    from basculec.model import Ref

    contract = checked(idl / "tests" / "every_type.thrift", [])
    document = openapi.build([contract])
    schemas = Schemas(contract)
    for name in contract.program.structs:
        schemas.of(Ref("every_type", name))
    document["components"]["schemas"] |= schemas.components()
    OpenAPIV31SpecValidator(document).validate()
    assert "every.common.Colour" in document["components"]["schemas"]


def test_operations_are_named_and_answer_problems(shop: Any) -> None:
    ids = [operation["operationId"] for path in shop["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids)) == 11
    assert "shop.Orders.place_order" in ids
    get = shop["paths"]["/v1/products/{id}"]["get"]
    assert PROBLEM in get["responses"]["404"]["content"]
    assert {"400", "404", "500", "503", "504"} <= get["responses"].keys()
    assert get["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/shop.Product"
    }


def test_checks_become_schema(shop: Any) -> None:
    schema = shop["components"]["schemas"]["shop.NewCustomer"]
    assert schema["properties"]["name"] == {"type": "string", "minLength": 1, "maxLength": 200}
    assert schema["properties"]["email"]["pattern"] == "^[^@ ]+@[^@ ]+$"
    assert schema["required"] == ["name", "email"]
    limit = next(p for p in shop["paths"]["/v1/products"]["get"]["parameters"] if p["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50}
    assert limit["required"] is False


def test_idempotency_key_is_offered_where_it_means_something(shop: Any) -> None:
    def headers(operation: Any) -> list[str]:
        return [p["name"] for p in operation.get("parameters", []) if p["in"] == "header"]

    assert headers(shop["paths"]["/v1/orders"]["post"]) == ["Idempotency-Key"]
    assert headers(shop["paths"]["/v1/orders/{id}"]["get"]) == []


def test_security_follows_auth(openapi_of: Callable[[str], Any]) -> None:
    document = openapi_of(
        'service S {\n  void a() (api.get = "/a")\n  void b() (api.get = "/b", auth = "public")\n  void c() (api.get = "/c", scopes = "x y")\n}'
    )
    paths = document["paths"]
    assert paths["/a"]["get"]["security"] == [{"token": []}]
    assert "401" in paths["/a"]["get"]["responses"]
    assert paths["/b"]["get"]["security"] == []
    assert "401" not in paths["/b"]["get"]["responses"]
    assert paths["/c"]["get"]["security"] == [{"token": ["x", "y"]}]


def test_bodies_leave_out_what_is_bound_elsewhere(openapi_of: Callable[[str], Any]) -> None:
    document = openapi_of(
        "struct B {\n  1: required i64 id\n  2: required string name\n}\nservice S {\n"
        '  void whole(1: B b) (api.put = "/x/:id")\n  void rest(1: i64 id, 2: i64 amount, 3: B b) (api.post = "/y/:id")\n}'
    )
    whole = document["paths"]["/x/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert list(whole["properties"]) == ["name"]
    assert whole["required"] == ["name"]
    rest = document["paths"]["/y/{id}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert list(rest["properties"]) == ["amount", "b"]
    assert rest["required"] == ["b"]
    OpenAPIV31SpecValidator(document).validate()


def test_declared_exceptions_are_problems(openapi_of: Callable[[str], Any]) -> None:
    document = openapi_of(
        'namespace * n\nexception Plain {\n  1: required string message\n} (api.http_code = "404")\n'
        'exception Clashing {\n  1: required string title\n} (api.http_code = "409")\n'
        'service S {\n  void f() throws (1: Plain p, 2: Clashing c) (api.get = "/x")\n}'
    )
    OpenAPIV31SpecValidator(document).validate()
    responses = document["paths"]["/x"]["get"]["responses"]
    plain = responses["404"]["content"][PROBLEM]["schema"]
    assert plain["required"] == ["type", "title", "status", "message"]
    assert plain["properties"]["type"] == {"const": "urn:thrift:n.Plain"}
    clashing = responses["409"]["content"][PROBLEM]["schema"]
    assert clashing["required"] == ["type", "title", "status", "exception"]


GOOD_AND_BAD = [
    ("Checked", {"count": 1, "name": "abc", "stock": {"k": 1}, "lines": [{"quantity": 1}]}, True),
    ("Checked", {"count": 0}, False),
    ("Checked", {"count": 1, "name": "bc"}, False),
    ("Checked", {"count": 1, "name": "az"}, False),
    ("Checked", {"count": 1, "stock": {"": 1}}, False),
    ("Checked", {"count": 1, "stock": {"k": -1}}, False),
    ("Checked", {"count": 1, "emails": ["nobody"]}, False),
    ("Checked", {"count": 1, "lines": [{"quantity": 0}]}, False),
    ("Checked", {"count": 1, "kind": "huge"}, False),
    ("Checked", {"count": 1, "agreed": False}, False),
    ("Checked", {"count": 1, "unknown": 1}, False),
    ("Choice", {"number": 1}, True),
    ("Choice", {"number": 1, "text": "a"}, False),
    ("Choice", {}, False),
    (
        "Keys",
        {"by_enum": {"RED": "x"}, "by_i32": {"-5": "x"}, "by_list": [[[1, 2], "x"]], "by_bool": {"true": "x"}},
        True,
    ),
    ("Keys", {"by_enum": {"PINK": "x"}}, False),
    ("Keys", {"by_i32": {"one": "x"}}, False),
    ("Keys", {"by_list": {"1": "x"}}, False),
]


@pytest.mark.parametrize(("name", "value", "fits"), GOOD_AND_BAD)
def test_schemas_tell_good_from_bad(idl: Path, name: str, value: Any, fits: bool) -> None:
    from basculec.cli import checked
    from basculec.emit.json_schema import Schemas
    from basculec.model import Ref

    schemas = Schemas(checked(idl / "tests" / "every_type.thrift", []))
    root = schemas.of(Ref("every_type", name))
    document = {**root, "components": {"schemas": schemas.components()}}
    assert jsonschema.Draft202012Validator(document).is_valid(value) is fits
