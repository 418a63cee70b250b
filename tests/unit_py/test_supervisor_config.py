"""The supervisor configuration, read back by supervisor's own parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from bascule.errors import PlatformError
from bascule.platform.layout import Layout
from bascule.platform.supervisor import Program, environment_line, quoted, render


@pytest.fixture
def parsed(tmp_path: Path) -> Any:
    """Renders programs, lets supervisor parse the file, and returns its groups by name."""

    def parse(*programs: Program) -> dict[str, Any]:
        layout = Layout.of(tmp_path)
        layout.make()
        layout.supervisor_config.write_text(render(layout, list(programs)))
        options = ServerOptions()
        options.realize(["-c", str(layout.supervisor_config)])
        return {group.name: group for group in options.process_group_configs}

    return parse


def program(name: str, group: str, **more: Any) -> Program:
    return Program(name, group, ["/bin/sleep", "1"], Path("/"), **more)


def test_groups_stop_in_the_reverse_of_use(parsed: Any) -> None:
    groups = parsed(
        program("gateway", "edge"),
        program("orders", "services"),
        program("catalog", "services"),
        program("broker", "messaging"),
        program("postgres", "storage"),
    )
    # Supervisor stops the highest priority first and waits for the whole group.
    order = sorted(groups, key=lambda name: -groups[name].priority)
    assert order == ["edge", "services", "messaging", "storage", "watch"]
    assert {config.name for config in groups["services"].process_configs} == {"orders", "catalog"}


def test_a_process_is_restarted_but_not_started_by_itself(parsed: Any) -> None:
    config = parsed(program("orders", "services"))["services"].process_configs[0]
    assert not config.autostart
    assert config.autorestart
    assert config.startsecs == 2
    assert config.startretries == 10


def test_commands_and_environment_survive_quoting(parsed: Any) -> None:
    words = ["/bin/echo", "two words", "100%", 'a "quote"', "it's", "%(here)s"]
    environment = {"PYTHONPATH": "/a b:%d", "QUOTE": "it's"}
    config = parsed(Program("odd", "services", words, Path("/"), environment=environment, stop_signal="INT"))[
        "services"
    ].process_configs[0]
    process = config.make_process(None)
    process.config.options.stat = lambda path: __import__("os").stat("/bin/echo")
    assert process.get_execv_args()[1] == words
    assert config.environment["PYTHONPATH"] == "/a b:%d"
    assert config.environment["QUOTE"] == "it's"


def test_an_environment_that_supervisor_cannot_carry_is_refused() -> None:
    with pytest.raises(PlatformError, match="variable A: supervisor cannot carry"):
        environment_line({"A": 'say "x"'})


def test_quoting_is_stable() -> None:
    assert quoted(["a", "b c"]) == "a 'b c'"
    assert environment_line({"B": "2", "A": "1%"}) == 'A="1%%",B="2"'
