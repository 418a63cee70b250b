"""Events of supervisor: what is written, what counts as a restart, what a person is told."""

from __future__ import annotations

import json

from bascule.platform.history import Event, parse, restarts, sentence
from bascule.platform.watch import reason, record

LOG = """2026-01-01 10:00:00,000 INFO exited: catalog (exit status 0; expected)
2026-01-01 10:00:00,000 WARN exited: orders (exit status 3; not expected)
2026-01-01 10:00:01,000 WARN exited: orders (terminated by SIGKILL (core dumped); not expected)
2026-01-01 10:00:02,000 INFO spawned: 'orders' with pid 4
"""


def test_the_last_end_of_the_process_is_its_reason() -> None:
    assert reason(LOG, "orders") == "terminated by SIGKILL (core dumped)"
    assert reason(LOG, "catalog") == "exit status 0"
    assert reason(LOG, "order") == ""


def test_an_event_becomes_a_line() -> None:
    headers = {"eventname": "PROCESS_STATE_EXITED"}
    payload = {"processname": "orders", "groupname": "services", "from_state": "RUNNING", "pid": "7"}
    assert record(headers, payload, LOG, 12.34567) == {
        "time": 12.346,
        "process": "orders",
        "event": "exited",
        "from": "running",
        "pid": 7,
        "reason": "terminated by SIGKILL (core dumped)",
    }


def event(kind: str, previous: str, process: str = "orders") -> Event:
    return Event(process, kind, previous, 0, "")


def test_only_a_start_after_a_death_is_a_restart() -> None:
    happened = [
        event("starting", "stopped"),
        event("running", "starting"),
        event("exited", "running"),
        event("starting", "exited"),
        event("backoff", "starting"),
        event("starting", "backoff"),
        event("starting", "fatal"),
        event("starting", "unknown", "catalog"),
    ]
    assert restarts(happened) == {"orders": 3}


def test_lines_that_are_cut_off_or_foreign_are_passed_over() -> None:
    whole = json.dumps({"time": 1, "process": "orders", "event": "exited", "from": "running", "reason": "x"})
    assert [e.process for e in parse([whole, whole[:20], "", "[]", "null", '{"process": "x"}'])] == ["orders"]


def test_a_person_hears_of_deaths_and_not_of_routine() -> None:
    assert sentence(Event("orders", "exited", "running", 7, "terminated by SIGKILL")) == (
        "orders exited (terminated by SIGKILL); starting it again"
    )
    assert sentence(event("starting", "stopped")) is None
    assert sentence(event("running", "starting")) is None
    assert "growing pauses" in (sentence(event("backoff", "starting")) or "")
    assert "logs orders" in (sentence(event("fatal", "backoff")) or "")
