"""The benchmark driver: what it finds, what it refuses, how it shows figures."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from bascule.cli.benchmarks import discover, figures, parse, render
from bascule.errors import PlatformError

FIGURE = """[{"name": "rpc/16", "unit": "calls/s", "value": 41234.5, "p50_us": 90.25, "p99_us": 250,
              "peers": {"grpc": 20000}, "ratio": {"grpc": 2.06}}]"""


def benchmark(tree: Path, name: str, text: str, mode: int = 0o755) -> None:
    (tree / "bench" / name).mkdir(parents=True)
    run = tree / "bench" / name / "run"
    run.write_text(f"#!/bin/sh\n{text}\n")
    run.chmod(mode)


def test_only_what_can_run_is_a_benchmark(tmp_path: Path) -> None:
    benchmark(tmp_path, "rpc", "")
    benchmark(tmp_path, "http", "", mode=0o644)
    assert discover(tmp_path) == ["rpc"]


def test_figures_come_from_standard_output(tmp_path: Path) -> None:
    benchmark(tmp_path, "rpc", f"echo noise >&2; cat <<'END'\n{FIGURE}\nEND")
    assert figures(tmp_path, "rpc")[0]["value"] == 41234.5


def test_a_failing_benchmark_is_named(tmp_path: Path) -> None:
    benchmark(tmp_path, "rpc", f"echo '{FIGURE}'; exit 7")
    with pytest.raises(PlatformError, match="bench/rpc/run failed with exit code 7"):
        figures(tmp_path, "rpc")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no JSON"),
        ("[]", "at least one"),
        ("{}", "JSON array"),
        ("[1]", "no `name`"),
        ('[{"name": "x", "unit": "s"}]', "no `value`"),
        ('[{"name": "x", "unit": "s", "value": "fast"}]', "`value` of 'x' is 'fast'"),
        ('[{"name": "x", "unit": "s", "value": true}]', "`value` of 'x' is True"),
        ('[{"name": "x", "unit": "s", "value": 1, "cpu_us": "2"}]', "`cpu_us` of 'x' is '2'"),
        ('[{"name": "x", "unit": "s", "value": 1, "peers": []}]', "`peers` of 'x' is"),
    ],
)
def test_what_is_no_figure_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(PlatformError, match=complaint):
        parse(text, "x")


def test_a_figure_has_every_member_whatever_was_left_out() -> None:
    assert parse('[{"name": "x", "unit": "MiB", "value": 1}]', "x") == [
        {"name": "x", "unit": "MiB", "value": 1, "p50_us": None, "p99_us": None, "cpu_us": None, "peers": {}, "ratio": {}}
    ]


def test_a_table_shows_peers_and_ratios() -> None:
    shown = click.unstyle(render(parse(FIGURE, "rpc")))
    assert "41,234 calls/s" in shown
    assert "grpc 20,000 (x2.06)" in shown
    assert "90.2" in shown
