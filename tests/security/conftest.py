"""Fixtures of the security tests: brokers with users, certificates and access rules.

authority     a certificate authority, with a server's certificate for 127.0.0.1 and localhost
secured       starts a broker with the settings given; alive(broker) asks whether it still serves somebody ordinary
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bascule.platform.programs import Programs
from support import daemons
from support.certificates import Authority
from support.platforms import TREE

Start = Callable[..., daemons.Daemon]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.issue("/CN=broker", names="IP:127.0.0.1,DNS:localhost", as_file="server")
    return made


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "a stranger")


@pytest.fixture(scope="session")
def user_tool() -> Callable[..., subprocess.CompletedProcess[str]]:
    """bascule-broker user ..."""

    def run(*arguments: str, password: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        program = Programs.of_tree(TREE).need("bascule-broker", ["bascule-broker"], TREE)
        done = subprocess.run([*program, "user", *arguments], input=password + "\n" if password else "",
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def users_file(tmp_path_factory: pytest.TempPathFactory, user_tool: Any) -> Path:
    """alice (role shop, password "wonder land"), bob ("builder"); dora comes with a certificate (role ops)."""
    path: Path = tmp_path_factory.mktemp("users") / "users"
    user_tool("add", "alice", "--users", str(path), "--role", "shop", password="wonder land")
    user_tool("add", "bob", "--users", str(path), password="builder")
    user_tool("add", "dora", "--users", str(path), "--role", "ops", "--external")
    return path


def tls_settings(authority: Authority, **more: object) -> dict[str, object]:
    return {"cert": str(authority.folder / "server.pem"), "key": str(authority.folder / "server.key"), **more}


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def start(**settings: object) -> daemons.Daemon:
            folder = tmp_path / f"broker{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            if "listener" not in settings:
                settings["listen"] = "127.0.0.1:0"
            config = {"broker": settings, "log": {"level": "debug"}}
            return stack.enter_context(daemons.daemon("bascule-broker", config, folder))

        yield start


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])
