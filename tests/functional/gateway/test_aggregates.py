"""GET /v1/pages/{id}: `item` is required, `slow` is not, `others` waits for the item's name."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.waiting import eventually, once_within


@pytest.fixture
def whole(shelf: Any, contract: Any) -> Any:
    shelf.methods["get"] = lambda message, a: contract.types.Item(id=a.id, name="a b/ü", tags=[])
    shelf.methods["slow"] = lambda message, a: f"slow {a.key}"
    shelf.methods["find"] = lambda message, a: [a.prefix, str(a.limit)]
    return shelf


def test_all_parts_in_one_answer(whole: Any, http: httpx.Client) -> None:
    def completed() -> httpx.Response | None:
        whole.seen.clear()
        answer = http.get("/v1/pages/7")
        assert answer.status_code == 200
        return answer if answer.headers["x-gateway-completed"] == "true" else None

    answer = eventually(completed, "all parts are answered before their deadlines")
    assert answer.json() == {
        "item": {"id": 7, "name": "a b/ü", "tags": []},
        "slow": "slow 7",
        "others": ["a b/ü", "3"],
    }
    deadlines = {message.subject: message.ttl for message in whole.seen}
    assert deadlines["get"] <= 4, "all parts share the aggregate's deadline"
    assert deadlines["slow"] <= 1, "and each keeps its own when it is shorter"
    assert len({message.properties["traceparent"][3:35] for message in whole.seen}) == 1, "one trace"


def test_an_optional_part_that_fails_is_told_and_nothing_stores_it(whole: Any, http: httpx.Client) -> None:
    whole.methods["slow"] = lambda message, a: None  # its deadline passes
    answer = http.get("/v1/pages/7")
    assert answer.status_code == 200
    assert answer.headers["x-gateway-completed"] == "false"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"item", "others", "errors"}
    [error] = body["errors"]
    assert (error["part"], error["status"]) == ("slow", 504)
    assert error["problem"]["type"] == "urn:bascule:problem:deadline_exceeded"


def test_a_required_part_that_fails_is_the_answer_at_once(whole: Any, http: httpx.Client, contract: Any) -> None:
    def missing(message: Any, a: Any) -> Any:
        raise contract.types.NotFound(id=a.id, message="none")

    whole.methods["get"] = missing
    whole.methods["slow"] = lambda message, a: None

    def asked() -> float:
        answer = http.get("/v1/pages/7")
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:thrift:shelf.NotFound"
        assert answer.headers["x-gateway-failed-part"] == "item"
        return answer.elapsed.total_seconds()

    once_within(0.9, asked, "it does not wait for the slow part, which takes a second")


def test_what_waits_for_a_failed_part_is_not_called(whole: Any, http: httpx.Client) -> None:
    whole.methods["get"] = lambda message, a: whole.fail(message, "unavailable", "no")
    assert http.get("/v1/pages/7").status_code == 503
    assert "find" not in [message.subject for message in whole.seen]


def test_input_is_checked_as_everywhere(whole: Any, http: httpx.Client) -> None:
    answer = http.get("/v1/pages/seven")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "id"
    assert http.get("/v1/pages/7?x=1").status_code == 400
    assert http.post("/v1/pages/7").status_code == 405


def test_a_variable_stays_one_segment(whole: Any, http: httpx.Client) -> None:
    assert http.get("/v1/pages/7%3Fx=1").status_code == 400
    assert http.get("/v1/pages/1%20or%201").status_code == 400
    assert not whole.seen
