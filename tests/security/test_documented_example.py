"""The example of docs/broker.md's chapter Security, run as it stands there (but for the ports)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bascule.platform import ready
from bascule.platform.programs import Programs
from support.platforms import TREE
from support.waiting import eventually

CHAPTER = (TREE / "docs" / "broker.md").read_text().split("### An example to copy")[1].split("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", CHAPTER, re.DOTALL)


def test_the_example(tmp_path: Path) -> None:
    (script,) = blocks("sh")
    assert "0.0.0.0:5671" in script
    assert "127.0.0.1:5672" in script
    script = script.replace("0.0.0.0:5671", "127.0.0.1:0").replace("127.0.0.1:5672", "127.0.0.1:0")
    script = script.replace("\nbascule-broker --config", "\nexec bascule-broker --config")
    folder = Path(Programs.of_tree(TREE).need("bascule-broker", ["bascule-broker"], TREE)[0]).parent
    path = f"{folder}:{os.environ['PATH']}"
    with (tmp_path / "log").open("wb") as log:
        broker = subprocess.Popen(["sh", "-euc", script], cwd=tmp_path, env={**os.environ, "PATH": path},
                                  stdout=log, stderr=log)  # fmt: skip
    try:

        def serving() -> ready.Ready | None:
            assert broker.poll() is None, (tmp_path / "log").read_text()
            return ready.read(tmp_path / "ready.json")

        said = eventually(serving, "the broker is ready", 120)
        assert said is not None
        port = said.endpoints["amqps"].rsplit(":", 1)[1]
        snippets = blocks("python")
        assert len(snippets) == 1
        for snippet in snippets:
            assert "localhost:5671" in snippet
            done = subprocess.run(
                [sys.executable, "-c", snippet.replace("localhost:5671", f"localhost:{port}")], cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": f"{TREE / 'bindings' / 'python'}"},
                capture_output=True, text=True, timeout=180, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
        refused = snippets[0].replace("localhost:5671", f"localhost:{port}").replace("orders.new", "other")
        done = subprocess.run([sys.executable, "-c", refused], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)  # fmt: skip
        assert "'alice' may not send to 'other'" in done.stderr
    finally:
        broker.kill()
        broker.wait()
