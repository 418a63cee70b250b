"""Where each argument comes from: google.api.http's rules with Kitex's keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TYPES = """namespace * n
enum E {
  A
}
struct Inner {
  1: i32 deep
}
struct Body {
  1: i64 id
  2: string name
}
struct Filter {
  1: optional string text
  2: list<i32> ids
  3: optional string trace (api.header = "X-Trace")
  4: string shop (api.path = "shop")
}
struct Wide {
  1: i64 id (api.path = "id")
  2: string session (api.cookie = "sid")
  3: Inner inner
}
"""


def route(describe: Callable[[str], Any], method: str) -> Any:
    return describe(TYPES + "service S {\n" + method + "\n}")["services"]["n.S"]["methods"][0]["http"][0]


def bound(made: Any) -> list[tuple[Any, ...]]:
    return [(b["arg"], b["field"], b["in"], b["name"]) for b in made["bindings"]]


def test_kitex_and_google_templates_are_one(describe: Callable[[str], Any]) -> None:
    assert route(describe, 'void f(1: i32 a, 2: i32 b) (api.get = "/x/:a/y/{b}")')["path"] == "/x/{a}/y/{b}"


def test_get_binds_the_rest_to_the_query(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: i32 id, 2: E e, 3: list<string> tags) (api.get = "/x/:id")')
    assert bound(made) == [("id", None, "path", "id"), ("e", None, "query", "e"), ("tags", None, "query", "tags")]
    assert made["body"] is None


def test_delete_does_as_get(describe: Callable[[str], Any]) -> None:
    assert bound(route(describe, 'void f(1: i32 a) (api.delete = "/x")')) == [("a", None, "query", "a")]


def test_get_spreads_a_struct(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: Filter filter) (api.get = "/shops/:shop/x")')
    assert bound(made) == [
        ("filter", "shop", "path", "shop"),
        ("filter", "trace", "header", "X-Trace"),
        ("filter", "text", "query", "text"),
        ("filter", "ids", "query", "ids"),
    ]


def test_post_takes_one_struct_as_the_body(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: Body body) (api.post = "/x")')
    assert (made["body"], bound(made)) == ("body", [])


def test_post_takes_all_that_is_left_as_one_object(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: i64 id, 2: i64 amount) (api.post = "/x/:id")')
    assert (made["body"], bound(made)) == ("*", [("id", None, "path", "id")])
    assert route(describe, 'void f(1: Body a, 2: Body b) (api.put = "/x")')["body"] == "*"


def test_post_without_arguments_has_no_body(describe: Callable[[str], Any]) -> None:
    assert route(describe, 'void f() (api.post = "/x")')["body"] is None
    assert route(describe, 'void f(1: i32 id) (api.post = "/x/:id")')["body"] is None


def test_fields_of_the_body_come_from_elsewhere(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: Wide w) (api.patch = "/x/:id")')
    assert made["body"] == "w"
    assert bound(made) == [("w", "id", "path", "id"), ("w", "session", "cookie", "sid")]


def test_annotations_decide(describe: Callable[[str], Any]) -> None:
    made = route(
        describe,
        'void f(1: i64 owner (api.path = "id"), 2: string q (api.query = "search"), 3: string t (api.header = "X-T"), '
        '4: string c (api.cookie = "c"), 5: Body b) (api.post = "/x/:id")',
    )
    assert made["body"] == "b"
    assert bound(made) == [
        ("owner", None, "path", "id"),
        ("q", None, "query", "search"),
        ("t", None, "header", "X-T"),
        ("c", None, "cookie", "c"),
    ]


def test_whole_body_by_annotation(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: list<i32> ids (api.body = "*")) (api.post = "/x")')
    assert made["body"] == "ids"
    made = route(describe, 'void f(1: Body b (api.body = "*"), 2: i32 page) (api.delete = "/x")')
    assert (made["body"], bound(made)) == ("b", [("page", None, "query", "page")])


def test_a_scalar_may_be_kept_in_the_body(describe: Callable[[str], Any]) -> None:
    made = route(describe, 'void f(1: i32 a (api.body = "a"), 2: i32 b) (api.get = "/x")')
    assert (made["body"], bound(made)) == ("*", [("b", None, "query", "b")])


def test_statuses(describe: Callable[[str], Any]) -> None:
    assert route(describe, 'Body f() (api.get = "/x")')["status"] == 200
    assert route(describe, 'void f() (api.post = "/x")')["status"] == 204
    assert route(describe, 'oneway void f() (api.post = "/x")')["status"] == 202
    assert route(describe, 'Body f() (api.post = "/x", api.http_code = "201")')["status"] == 201


def test_a_method_may_have_several_routes(describe: Callable[[str], Any]) -> None:
    methods = describe(TYPES + 'service S {\n  Body f(1: i64 id) (api.get = "/a/:id", api.put = "/b/:id")\n}')[
        "services"
    ]["n.S"]["methods"]
    assert [(r["verb"], r["path"]) for r in methods[0]["http"]] == [("GET", "/a/{id}"), ("PUT", "/b/{id}")]


def test_the_shops_routes_are_those_of_its_table(idl: Any) -> None:
    from basculec import descriptor
    from basculec.cli import checked

    found = set()
    for name in ("accounts", "catalog", "orders", "recommendations", "notifications"):
        for service in descriptor.build(checked(idl / "shop" / f"{name}.thrift", []))["services"].values():
            found |= {(r["verb"], r["path"], r["status"]) for m in service["methods"] for r in m["http"]}
    assert found == {
        ("POST", "/v1/products", 201),
        ("GET", "/v1/products/{id}", 200),
        ("GET", "/v1/products", 200),
        ("POST", "/v1/customers", 201),
        ("GET", "/v1/customers/{id}", 200),
        ("POST", "/v1/customers/{id}/deposits", 200),
        ("POST", "/v1/orders", 202),
        ("GET", "/v1/orders/{id}", 200),
        ("GET", "/v1/customers/{id}/orders", 200),
        ("GET", "/v1/customers/{id}/recommendations", 200),
        ("GET", "/v1/customers/{id}/notifications", 200),
    }
