"""What `status` says: a process runs once the very process that supervisor started says that it serves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bascule.platform import ready
from bascule.platform.status import ProcessStatus, as_json, combine, postmaster
from bascule.platform.supervisor import ProcessState

SAID = ready.Ready(7, {"amqp": "amqp://127.0.0.1:1"})


@pytest.mark.parametrize(
    ("state", "pid", "said", "shown"),
    [
        ("running", 7, SAID, "running"),
        ("starting", 7, SAID, "running"),  # supervisor waits two seconds before it believes
        ("running", 7, None, "starting"),
        ("running", 8, SAID, "starting"),  # the file is of the process before it
        ("backoff", 0, SAID, "backoff"),
        ("fatal", 0, None, "fatal"),
        ("stopped", 0, SAID, "stopped"),
    ],
)
def test_states(state: str, pid: int, said: ready.Ready | None, shown: str) -> None:
    combined = combine(ProcessState("broker", "messaging", state, pid, 0), said, 2, 1.5)
    assert combined.state == shown
    assert combined.restarts == 2
    assert combined.endpoints == (SAID.endpoints if shown == "running" else {})


def test_json_is_the_documented_shape() -> None:
    listed = as_json([ProcessStatus("broker", 7, "running", 0, 1.5, {"amqp": "amqp://127.0.0.1:1"})])
    assert json.loads(json.dumps(listed)) == {
        "processes": [
            {
                "name": "broker",
                "pid": 7,
                "state": "running",
                "restarts": 0,
                "uptime_s": 1.5,
                "endpoints": {"amqp": "amqp://127.0.0.1:1"},
            }
        ]
    }


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"pid": "x"}', '{"endpoints": {}}', '{"pid": 1, "endpoints": 3}']
)
def test_a_broken_ready_file_is_not_ready(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    assert ready.read(file) is None


def test_a_ready_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"name": "b", "pid": 7, "endpoints": {"amqp": "amqp://127.0.0.1:1"}}')
    assert ready.read(file) == SAID


def test_postmaster_is_ready_only_when_its_file_says_so(tmp_path: Path) -> None:
    lines = ["42", "/data", "1700000000", "5432", "/sockets", "", "  5432001 65536"]
    file = tmp_path / "postmaster.pid"
    assert postmaster(tmp_path) is None
    file.write_text("\n".join([*lines, "starting"]))
    assert postmaster(tmp_path) is None
    file.write_text("\n".join([*lines, "ready   "]))
    assert postmaster(tmp_path) == 42
