"""The README's service, taken from the README and run as it says."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx

from bascule.platform import application
from bascule.platform.settings import Options
from support.platforms import TREE, running
from support.waiting import eventually


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", (TREE / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"the README has one {language} block"
    return str(found[0])


def test_the_readmes_service_serves(tmp_path: Path) -> None:
    for name, language in (("clock.thrift", "thrift"), ("clock.py", "python"), ("clock.toml", "toml")):
        (tmp_path / name).write_text(block(language))
    generate = [sys.executable, "-m", "bascule", "gen", "clock.thrift", "--python", "gen"]
    subprocess.run(generate, cwd=tmp_path, check=True, timeout=240)
    options = Options(http_port=0, amqp_port=0, fast_db=True)
    with running(application.load(tmp_path / "clock.toml"), options) as platform:

        def answer() -> httpx.Response:
            got = platform.http.get("/v1/now")
            assert got.status_code == 200, got.text
            return got

        now = eventually(answer, "the gateway has learnt the route").json()["unix_ms"]
        assert abs(now / 1000 - time.time()) < 60
