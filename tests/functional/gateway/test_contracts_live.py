"""Routes come and go with the services that announce them; the gateway is never restarted."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from support import daemons
from support.waiting import eventually, once_within

Routed = Callable[[str, int], None]


def renamed(contract: Any, digest: str, path_from: str, path_to: str) -> str:
    changed = json.loads(contract.descriptor.replace(path_from, path_to))
    changed["digest"] = digest
    return json.dumps(changed, sort_keys=True, separators=(",", ":"))


def test_a_new_services_routes_work_within_a_second(
    start_shelf: Callable[..., Any], http: httpx.Client, contract: Any, routed: Routed
) -> None:
    number = itertools.count()

    def started() -> float:
        fresh = copy.copy(contract)
        name = f"fresh{next(number)}"
        fresh.digest = f"sha256:{name}"
        fresh.descriptor = renamed(contract, fresh.digest, '"/v1/', f'"/{name}/').replace("shelf.Shelf", f"{name}.Shelf")
        began = time.monotonic()
        shelf = start_shelf(instance=name, service=f"{name}.Shelf", contract=fresh)
        routed(f"/{name}/items", 204)
        took = time.monotonic() - began
        shelf.methods["rude"] = lambda message, a: "hello"
        assert http.get(f"/{name}/rude").json() == "hello"
        return took

    once_within(1.5, started, "its routes work: a second, and what the test itself takes")


def test_a_stopped_service_answers_503_and_says_so(
    start_shelf: Callable[..., Any], http: httpx.Client, routed: Routed, shelf: Any
) -> None:
    twin = start_shelf(instance="two")
    shelf.announce("down")
    twin.methods["rude"] = shelf.methods["rude"] = lambda message, a: "still here"
    assert http.get("/v1/rude").json() == "still here", "its twin serves on"
    twin.announce("down")

    def says_so() -> None:
        answer = http.get("/v1/rude")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "shelf.Shelf is stopped: no instance of it is running"
        assert answer.headers["retry-after"] == "1"

    eventually(lambda: says_so() or True, "the stopped service's routes answer 503")
    assert http.get("/v1/nothing").status_code == 404
    twin.announce("up")
    routed("/v1/items", 204)

    def serves() -> bool:
        return http.get("/v1/rude").status_code == 200

    eventually(serves, "it is back")


def test_silence_is_gone_after_three_intervals(
    start_shelf: Callable[..., Any], http: httpx.Client, routed: Routed
) -> None:
    shelf = start_shelf()
    shelf.methods["rude"] = lambda message, a: "x"
    routed("/v1/items", 204)
    shelf.announce("up", interval_ms=200)
    eventually(lambda: http.get("/v1/rude").status_code == 503, "its lease ran out")
    shelf.announce("up")
    eventually(lambda: http.get("/v1/rude").status_code == 200, "it spoke again")


def test_a_new_digest_swaps_the_routes(
    start_shelf: Callable[..., Any], http: httpx.Client, contract: Any, shelf: Any, routed: Routed
) -> None:
    assert http.options("/v2/items").status_code == 404
    shelf.descriptor, shelf.digest = renamed(contract, "sha256:two", "/v1/items", "/v2/items"), "sha256:two"
    shelf.announce()
    routed("/v2/items", 204)
    routed("/v1/items", 404)
    shelf.descriptor, shelf.digest = contract.descriptor, contract.digest
    shelf.announce()
    routed("/v1/items", 204)
    routed("/v2/items", 404)


def test_a_contract_whose_routes_collide_is_refused_whole(
    start_shelf: Callable[..., Any], http: httpx.Client, contract: Any, shelf: Any, gateway: daemons.Daemon
) -> None:
    shelf.methods["rude"] = lambda message, a: "the first"
    thief = start_shelf(instance="thief", service="thief.Shelf")
    thief.descriptor = renamed(contract, "sha256:thief", "shelf.Shelf", "thief.Shelf").replace("/v1/slow", "/v1/own")
    thief.digest = "sha256:thief"
    thief.announce()
    eventually(lambda: "contract of thief.Shelf" in gateway.log, "the refusal is logged")
    assert "is taken by shelf.Shelf" in gateway.log
    assert http.get("/v1/own/x").status_code == 404, "none of its routes is served"
    assert http.get("/v1/rude").json() == "the first"


def test_what_is_no_descriptor_is_refused_and_said(
    start_shelf: Callable[..., Any], gateway: daemons.Daemon, http: httpx.Client
) -> None:
    odd = start_shelf(instance="odd", service="odd.Service")
    odd.descriptor, odd.digest = '{"bascule": 1, "services": []}', "sha256:odd"
    odd.announce()
    eventually(lambda: '"service":"odd.Service"' in gateway.log and "contract refused" in gateway.log, "it is logged")
    assert http.get("/livez").status_code == 200
