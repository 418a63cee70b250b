"""Which broker a platform runs on: names, addresses, commands."""

from __future__ import annotations

import importlib
import json
import os
import socket
from pathlib import Path

import pytest

from bascule.errors import PlatformError
from bascule.platform import brokers, ready
from bascule.platform.layout import Layout

TREE = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("choice", ["embedded", "rabbitmq", "rabbitmq-4", "artemis", "amqp://h", "amqps://u:p@h:1/v?profile=x"])
def test_known_choices(choice: str) -> None:
    brokers.check(choice)


@pytest.mark.parametrize("choice", ["rabbit", "", "http://h", "amqp://"])
def test_anything_else_is_refused_with_what_there_is(choice: str) -> None:
    with pytest.raises(PlatformError, match="rabbitmq-4"):
        brokers.check(choice)


def test_what_is_run_for_each() -> None:
    assert brokers.external("embedded") is None
    assert brokers.external("amqp://h") is None
    rabbit = brokers.external("rabbitmq")
    assert rabbit is not None and rabbit.name == "rabbitmq-3"


def test_every_broker_has_its_scripts_and_package_lists() -> None:
    for external in brokers.EXTERNAL.values():
        for script in (external.fetch, external.launcher):
            assert os.access(TREE / "tools" / "brokers" / script, os.X_OK), script
        if external.packages:
            assert (TREE / "tools" / "packages" / f"{external.packages}.txt").is_file()


def test_the_ports_of_a_command_are_fixed(tmp_path: Path) -> None:
    """A restart by the supervisor must find the broker where everybody looks for it."""
    rabbit = brokers.EXTERNAL["rabbitmq-3"]
    command = brokers.command(rabbit, TREE, Layout.of(tmp_path), amqp_port=0)
    listen = command[command.index("--listen") + 1]
    assert int(listen.rpartition(":")[2]) > 0
    assert int(command[command.index("--management-port") + 1]) > 0
    assert command[command.index("--data") + 1] == str(tmp_path.resolve() / "broker-rabbitmq-3")
    assert "127.0.0.1:5999" in brokers.command(rabbit, TREE, Layout.of(tmp_path), 5999)


def test_a_chroot_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PlatformError, match="root"):
        brokers.fetch(brokers.EXTERNAL["rabbitmq-4"], TREE)


def test_a_broker_that_cannot_be_fetched_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "tools" / "brokers" / "rabbitmq-3-root"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\necho no mirror >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("BASCULE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(PlatformError, match="no mirror"):
        brokers.fetch(brokers.EXTERNAL["rabbitmq-3"], tmp_path)


def test_the_supervised_process_is_the_launcher(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text(json.dumps({"name": "rabbitmq", "pid": 7, "launcher": 5, "endpoints": {"amqp": "amqp://h"}}))
    said = ready.read(file)
    assert said is not None and said.pid == 5


def test_a_launchers_port_is_its_brokers_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TREE / "tools" / "brokers"))
    foreground = importlib.import_module("foreground")
    port = foreground.reserved_port()
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port))
    for _ in range(2):  # again after a restart
        with socket.socket() as broker, socket.socket() as client:
            broker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            broker.bind(("127.0.0.1", port))
            broker.listen()
            client.connect(("127.0.0.1", port))
