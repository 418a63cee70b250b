"""The descriptor is what docs/architecture.md says, and is the same text for the same contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHOP = """
/** A shop. */
namespace * shop
/** Where it is. */
enum Status {
  PENDING = 1
  DONE
}
typedef string Name (vt.min_size = "1")
exception NotFound {
  1: string message
} (api.http_code = "404")
/** What is sold. */
struct Product {
  /** Its number. */
  1: required i64 id (vt.gt = "0")
  2: optional Name name = "x"
  3: Status status = Status.DONE
  4: binary raw = "abc"
  5: map<string, list<i32>> table = {"b": [1], "a": []}
  6: map<list<i32>, string> odd
}
struct Sold {
  1: required i64 id
} (event.key = "id")
const i32 MAX_LINES = 100
service Catalog {
  /** Finds one. */
  Product get_product(1: i64 id) throws (1: NotFound not_found)
    (api.get = "/v1/products/:id", idempotent = "true", auth = "public", timeout = "2s")
  oneway void forget(1: i64 id)
}
"""


def test_holds_what_the_architecture_says(describe: Callable[[str], Any]) -> None:
    made = describe(SHOP)
    assert made["bascule"] == 1
    assert (made["name"], made["namespace"]) == ("contract", "shop")
    assert made["types"]["shop.Product"] == {
        "kind": "struct",
        "doc": "What is sold.",
        "annotations": {},
        "fields": [
            {"id": 1, "name": "id", "type": "i64", "requiredness": "required", "default": None, "annotations": {"vt.gt": "0"}, "doc": "Its number."},
            {"id": 2, "name": "name", "type": "string", "requiredness": "optional", "default": "x", "annotations": {"vt.min_size": "1"}, "doc": ""},
            {"id": 3, "name": "status", "type": {"ref": "shop.Status"}, "requiredness": "default", "default": "DONE", "annotations": {}, "doc": ""},
            {"id": 4, "name": "raw", "type": "binary", "requiredness": "default", "default": "YWJj", "annotations": {}, "doc": ""},
            {"id": 5, "name": "table", "type": {"map": ["string", {"list": "i32"}]}, "requiredness": "default", "default": {"a": [], "b": [1]}, "annotations": {}, "doc": ""},
            {"id": 6, "name": "odd", "type": {"map": [{"list": "i32"}, "string"]}, "requiredness": "default", "default": None, "annotations": {}, "doc": ""},
        ],
    }  # fmt: skip
    assert made["types"]["shop.Status"] == {
        "kind": "enum",
        "doc": "Where it is.",
        "annotations": {},
        "values": {"PENDING": 1, "DONE": 2},
    }
    assert made["types"]["shop.NotFound"]["kind"] == "exception"
    assert made["constants"] == {"shop.MAX_LINES": {"type": "i32", "value": 100}}
    assert made["events"] == {"shop.Sold": {"topic": "events.shop.Sold", "key": "id"}}
    catalog = made["services"]["shop.Catalog"]
    assert (catalog["address"], catalog["extends"]) == ("rpc.shop.Catalog", None)
    get, forget = catalog["methods"]
    assert get == {
        "name": "get_product",
        "doc": "Finds one.",
        "oneway": False,
        "idempotent": True,
        "timeout_ms": 2000,
        "annotations": {"api.get": "/v1/products/:id", "auth": "public", "idempotent": "true", "timeout": "2s"},
        "args": [
            {
                "id": 1,
                "name": "id",
                "type": "i64",
                "requiredness": "default",
                "default": None,
                "annotations": {},
                "doc": "",
            }
        ],
        "returns": {"ref": "shop.Product"},
        "throws": [{"id": 1, "name": "not_found", "type": {"ref": "shop.NotFound"}, "http_code": 404}],
        "auth": "public",
        "scopes": [],
        "http": [
            {
                "verb": "GET",
                "path": "/v1/products/{id}",
                "status": 200,
                "body": None,
                "bindings": [{"arg": "id", "field": None, "in": "path", "name": "id"}],
            }
        ],
    }
    assert (forget["oneway"], forget["returns"], forget["auth"], forget["timeout_ms"]) == (True, None, "token", 5000)


def test_digest_is_of_the_canonical_text_without_it(describe: Callable[[str], Any]) -> None:
    from basculec.descriptor import canonical

    made = describe(SHOP)
    digest = made.pop("digest")
    text = json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert canonical(made) == text


def test_digest_ignores_layout_and_sees_every_change(describe: Callable[[str], Any]) -> None:
    first = describe(SHOP)["digest"]
    assert describe("# a comment\n" + SHOP.replace("1: i64 id)", "1:   i64   id )"))["digest"] == first
    assert describe(SHOP.replace('timeout = "2s"', 'timeout = "3s"'))["digest"] != first
    assert describe(SHOP.replace("What is sold", "What was sold"))["digest"] != first


def test_is_closed_over_includes(contract_file: Callable[..., Path]) -> None:
    from basculec import descriptor
    from basculec.cli import checked

    contract_file("namespace * deep\nstruct Deep {\n  1: i32 x\n}", "deep.thrift")
    contract_file(
        'namespace * mid\ninclude "deep.thrift"\nstruct Mid {\n  1: deep.Deep d\n}\nconst i32 K = 1\nservice Elsewhere {\n}',
        "mid.thrift",
    )
    made = descriptor.build(
        checked(
            contract_file('namespace * top\ninclude "mid.thrift"\nstruct Top {\n  1: mid.Mid m\n  2: i32 k = mid.K\n}'),
            [],
        )
    )
    assert set(made["types"]) == {"deep.Deep", "mid.Mid", "top.Top"}
    assert made["types"]["top.Top"]["fields"][1]["default"] == 1
    assert made["constants"] == {"mid.K": {"type": "i32", "value": 1}}
    assert made["services"] == {}


def test_inherited_methods_are_repeated_without_their_routes(describe: Callable[[str], Any]) -> None:
    made = describe('namespace * n\nservice A {\n  void f() (api.get = "/f")\n}\nservice B extends A {\n  void g()\n}')
    assert made["services"]["n.B"]["extends"] == "n.A"
    assert [m["name"] for m in made["services"]["n.B"]["methods"]] == ["f", "g"]
    assert made["services"]["n.B"]["methods"][0]["http"] == []
    assert len(made["services"]["n.A"]["methods"][0]["http"]) == 1


def test_service_annotations_are_defaults_of_its_methods(describe: Callable[[str], Any]) -> None:
    made = describe(
        'namespace * n\nservice A {\n  void f()\n  void g() (timeout = "1s", auth = "public")\n} (timeout = "9s", scopes = "a b")'
    )
    f, g = made["services"]["n.A"]["methods"]
    assert (f["timeout_ms"], f["scopes"], f["auth"]) == (9000, ["a", "b"], "token")
    assert (g["timeout_ms"], g["auth"]) == (1000, "public")


def test_declared_exceptions_map_by_code_then_by_name(describe: Callable[[str], Any]) -> None:
    made = describe(
        "namespace * n\nexception AlreadyExists {\n  1: string m\n}\nexception PermissionDeniedError {\n  1: string m\n}\n"
        "exception Odd {\n  1: string m\n}\nservice A {\n  void f() throws (1: AlreadyExists a, 2: PermissionDeniedError b, 3: Odd c)\n}"
    )
    assert [t["http_code"] for t in made["services"]["n.A"]["methods"][0]["throws"]] == [409, 403, 500]


def test_namespaces_fall_back(describe: Callable[[str], Any]) -> None:
    struct = "struct A {\n  1: i32 x\n}"
    assert describe(struct)["namespace"] == "contract"
    assert describe("namespace py only.py\n" + struct)["namespace"] == "only.py"
    assert describe("namespace py p\nnamespace cpp c\n" + struct)["namespace"] == "c"
    assert describe("namespace py p\nnamespace * all\n" + struct)["namespace"] == "all"


def test_constants_of_every_kind_in_json(idl: Path) -> None:
    from basculec import descriptor
    from basculec.cli import checked

    constants = descriptor.build(checked(idl / "tests" / "every_type.thrift", []))["constants"]
    values = {name.rpartition(".")[2]: constant["value"] for name, constant in constants.items()}
    assert values["LARGE"] == 9223372036854775807
    assert values["PI"] == 3.141592653589793  # all 17 digits, not Thrift's 15
    assert values["YES"] is True
    assert values["GREETING"] == 'grüß "Gott"\n'
    assert values["BYTES"] == "YWJj"
    assert values["FAVOURITE"] == "BLUE"
    assert values["ORIGIN"] == {"x": 0, "y": 0}
    assert values["NAMES"] == {"RED": "red", "BLUE": "blue"}
