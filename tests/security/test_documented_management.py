"""The curl lines of docs/broker.md's chapter Management over HTTP, run as they stand there (but for the port)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from proton import Message
from proton.utils import BlockingConnection

from support import daemons
from support.platforms import TREE

CHAPTER = (TREE / "docs" / "broker.md").read_text().split("\n## Management over HTTP\n")[1].split("\n## ")[0]


def run(script: str, folder: Path) -> str:
    done = subprocess.run(["sh", "-euc", script], cwd=folder, capture_output=True, text=True, timeout=240, check=False,
                          env={**os.environ, "HOME": str(folder)})  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_curl_lines(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", CHAPTER, re.DOTALL)
    before, _, after = script.partition("api=http://127.0.0.1:8161/api/v1")
    assert "admin_token_file" in before
    run(before, tmp_path)
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0
    settings: dict[str, object] = {
        "broker": {"listen": "127.0.0.1:0", "metrics": "127.0.0.1:0", "admin_token_file": str(tmp_path / "token")}
    }
    folder = tmp_path / "broker"
    folder.mkdir()
    with daemons.daemon("bascule-broker", settings, folder) as broker:
        connection = BlockingConnection(broker.amqp, timeout=30)
        for address in ("orders", "orders.later", "dlq.orders"):
            connection.create_receiver(address, credit=0)
            connection.create_sender(address).send(Message(body=f"in {address}"))
        lines = [line for line in after.splitlines() if line.startswith("curl ")]
        assert len(lines) == 7
        said = [run(f"api={broker.endpoints['metrics']}/api/v1\n{line}", tmp_path) for line in lines]
        listed, declared, peeked, moved, redriven, jobs, purged = (json.loads(text) for text in said)
        connection.close()
    assert {"orders", "dlq.orders"} <= {each["address"] for each in listed["queues"]}
    assert declared["address"] == "orders"
    assert [each["body"] for each in peeked["messages"]] == ["in orders"]
    assert (moved["kind"], moved["to"], redriven["kind"], redriven["rate"]) == ("move", "orders.later", "redrive", 50)
    assert {each["id"] for each in jobs["jobs"]} == {moved["id"], redriven["id"]}
    assert purged.keys() == {"purged"}
