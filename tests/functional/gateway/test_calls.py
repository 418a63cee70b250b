"""HTTP/JSON in, Thrift over AMQP to the service, and back."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

import httpx
import pytest
from thrift.Thrift import TApplicationException

from support import daemons
from support.waiting import eventually


def item(contract: Any, number: int = 7, name: str = "lamp") -> Any:
    return contract.types.Item(id=number, name=name, colour=contract.types.Colour.RED, tags=["a", "b"])


def test_a_post_is_a_call_and_its_result_the_answer(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["create"] = lambda message, a: item(contract, 9, a.item.name)
    answer = http.post("/v1/items", json={"name": "lamp", "colour": "BLUE", "sizes": [1, 2]})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"id": 9, "name": "lamp", "colour": "RED", "tags": ["a", "b"]}
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_what_goes_over_amqp(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["create"] = lambda message, a: item(contract)
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = http.post("/v1/items", json={"name": "x"}, headers={
        "idempotency-key": "k-1", "traceparent": traceparent, "tracestate": "v=1", "x-request-id": "req-1",
        "bascule-principal": "root", "reply-to": "elsewhere"})  # fmt: skip
    assert answer.headers["x-request-id"] == "req-1"
    message = shelf.seen[-1]
    assert message.subject == "create"
    assert message.content_type == "application/vnd.apache.thrift.compact"
    assert 0 < message.ttl <= 5
    assert message.properties["bascule-idempotency-key"] == "k-1"
    assert message.properties["traceparent"][:36] == traceparent[:36]
    assert message.properties["traceparent"][36:52] != traceparent[36:52], "a span of its own"
    assert message.properties["tracestate"] == "v=1"
    assert "bascule-principal" not in message.properties, "who calls is found out, not believed"
    assert "elsewhere" not in message.reply_to
    assert "bascule-idempotent" not in message.properties


def test_an_idempotent_method_may_be_redelivered(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["get"] = lambda message, a: item(contract, a.id)
    assert http.get("/v1/items/12").json()["id"] == 12
    assert shelf.seen[-1].properties["bascule-idempotent"] is True


def test_parameters_come_from_query_header_and_cookie(shelf: Any, http: httpx.Client) -> None:
    shelf.methods["find"] = lambda message, a: [a.prefix, str(a.limit), *(a.tag or []), str(a.agent), str(a.sid)]
    answer = http.get("/v1/items?prefix=a%20b&tag=x&tag=y", headers={"x-agent": "me", "cookie": "a=b; sid=s1"})
    assert answer.json() == ["a b", "5", "x", "y", "me", "s1"]
    assert http.get("/v1/items?limit=7").json()[1] == "7"


def test_head_is_get_without_a_body(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["get"] = lambda message, a: item(contract)
    answer = http.head("/v1/items/7")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 10
    assert answer.content == b""


def test_void_and_oneway(shelf: Any, http: httpx.Client, void: Any) -> None:
    shelf.methods["remove"] = lambda message, a: void
    shelf.methods["touch"] = lambda message, a: None
    answer = http.delete("/v1/items/7")
    assert (answer.status_code, answer.content) == (204, b"")
    assert http.post("/v1/items/8/touch").status_code == 202
    eventually(lambda: shelf.seen[-1].subject == "touch", "the oneway call arrived")


def test_a_declared_exception_is_a_problem_with_its_fields(shelf: Any, http: httpx.Client, contract: Any) -> None:
    def missing(message: Any, a: Any) -> Any:
        raise contract.types.NotFound(id=a.id, message="no such item")

    shelf.methods["get"] = missing
    answer = http.get("/v1/items/41")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.pop("trace_id") == answer.headers["x-request-id"]
    assert problem == {"type": "urn:thrift:shelf.NotFound", "title": "NotFound", "status": 404, "id": 41,
                       "message": "no such item"}  # fmt: skip


def test_an_exception_whose_fields_are_taken_is_nested(shelf: Any, http: httpx.Client, contract: Any) -> None:
    def clash(message: Any, a: Any) -> Any:
        raise contract.types.Clash(title="t", status=1)

    shelf.methods["create"] = clash
    problem = http.post("/v1/items", json={"name": "x"}).json()
    assert problem["status"] == 409
    assert problem["exception"] == {"title": "t", "status": 1}


@pytest.mark.parametrize(("code", "status"), [
    ("deadline_exceeded", 504), ("unavailable", 503), ("resource_exhausted", 429), ("unauthenticated", 401),
    ("permission_denied", 403), ("invalid_argument", 400), ("unimplemented", 501), ("internal", 500), ("new_code", 500)])  # fmt: skip
def test_a_platform_failure_has_its_status(shelf: Any, http: httpx.Client, code: str, status: int) -> None:
    shelf.methods["rude"] = lambda message, a: shelf.fail(message, code, "because")
    answer = http.get("/v1/rude")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if code not in ("internal", "new_code"):
        assert answer.json()["detail"] == "shelf.Shelf: because"
    else:
        assert "because" not in answer.text, "the inside of a service is not for strangers"


@pytest.mark.parametrize("bytes_of_reply", [b"", b"\x82", b"not thrift at all", b"\x82\x41\x00\x04rude" + b"\x08" * 20])
def test_a_broken_reply_is_502(shelf: Any, http: httpx.Client, bytes_of_reply: bytes) -> None:
    shelf.methods["rude"] = lambda message, a: bytes_of_reply
    answer = http.get("/v1/rude")
    assert (answer.status_code, answer.json()["type"]) == (502, "urn:bascule:problem:broken_reply")


def test_a_thrift_application_exception_is_mapped(shelf: Any, http: httpx.Client) -> None:
    shelf.methods["rude"] = lambda message, a: TApplicationException(TApplicationException.UNKNOWN_METHOD, "no rude")
    assert http.get("/v1/rude").status_code == 501


def test_the_deadline_is_the_contracts_and_late_replies_are_dropped(shelf: Any, http: httpx.Client) -> None:
    shelf.methods["slow"] = lambda message, a: None

    def unanswered() -> bool:
        answer = http.get("/v1/slow/one")
        assert answer.status_code == 504
        assert 0.95 < answer.elapsed.total_seconds() < 4.5, "its own deadline, of 1 s, not the usual one of 5"
        return bool(shelf.seen)

    eventually(unanswered, "the service got the call before its deadline")
    late = shelf.seen[-1]
    assert late.ttl <= 1
    shelf.methods["slow"] = lambda message, a: "in time"
    shelf.answer(late, "too late")
    eventually(lambda: http.get("/v1/slow/two").json() == "in time", "the next call has its own answer")


def test_no_token_no_entry(shelf: Any, http: httpx.Client) -> None:
    answer = http.get("/v1/secret")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    answer = http.get("/v1/secret", headers={"authorization": "Bearer x"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert http.head("/v1/secret").status_code == 401
    assert not shelf.seen


def test_a_client_that_goes_is_logged_as_499(shelf: Any, http: httpx.Client, gateway: daemons.Daemon) -> None:
    shelf.methods["get"] = lambda message, a: None
    url = httpx.URL(gateway.endpoints["http"])
    with socket.create_connection((url.host, url.port or 80), timeout=30) as client:
        client.sendall(b"GET /v1/items/499 HTTP/1.1\r\nHost: h\r\n\r\n")
        eventually(lambda: shelf.seen, "the call is open")

    def logged() -> dict[str, Any] | None:
        lines = [json.loads(line) for line in gateway.log.splitlines() if '"/v1/items/499"' in line]
        return lines[0] if lines else None

    line = eventually(logged, "the access log has the request")
    assert (line["status"], line["flags"]) == (499, "DC")


def test_the_access_log_says_what_happened(
    shelf: Any, http: httpx.Client, contract: Any, gateway: daemons.Daemon
) -> None:
    shelf.methods["get"] = lambda message, a: item(contract)
    answer = http.get("/v1/items/77?", headers={"user-agent": 'evil"\tagent'})
    wanted = answer.headers["x-request-id"]
    lines = eventually(lambda: [x for x in gateway.log.splitlines() if wanted in x], "the line was written")
    line = json.loads(lines[0])
    assert line["route"] == "/v1/items/{id}"
    assert line["path"] == "/v1/items/77"
    assert (line["method"], line["status"], line["service"]) == ("GET", 200, "shelf.Shelf")
    assert line["user_agent"] == 'evil"\tagent'
    assert line["trace_id"] == wanted
    assert line["duration_ms"] >= line["service_ms"] > 0
    assert "flags" not in line


def test_metrics_are_per_route_template(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["get"] = lambda message, a: item(contract)
    for number in range(20):
        http.get(f"/v1/items/{number}")
        http.get(f"/nowhere/{number}")
    text = http.get("/metrics").text
    line = 'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/v1/items/{id}",http_response_status_code="200"}'
    assert line in text
    assert "/nowhere" not in text, "what clients make up is no label"
    assert 'http_route="",http_response_status_code="404"' in text
