"""Finding, running and showing the benchmarks: bench/NAME/run prints a JSON array of figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bascule.cli.view import table
from bascule.errors import PlatformError

REQUIRED = {"name": str, "unit": str, "value": int | float}
# What a figure may leave out, and what it then is: every figure that is printed has them all.
OPTIONAL: dict[str, tuple[Any, Any]] = {
    "p50_us": (int | float | None, None), "p99_us": (int | float | None, None), "cpu_us": (int | float | None, None),
    "peers": (dict, {}), "ratio": (dict, {}),
}  # fmt: skip


def discover(tree: Path) -> list[str]:
    return sorted(run.parent.name for run in (tree / "bench").glob("*/run") if os.access(run, os.X_OK))


def figures(tree: Path, name: str) -> list[dict[str, Any]]:
    """Runs one benchmark in the tree, with the bench build's programs in BASCULE_BIN."""
    environment = {
        **os.environ,
        "BASCULE_ROOT": str(tree),
        "BASCULE_BIN": os.environ.get("BASCULE_BIN", str(tree / "build" / "bench" / "bin")),
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
    }
    done = subprocess.run(
        [str(tree / "bench" / name / "run")], cwd=tree, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise PlatformError(f"bench/{name}/run failed with exit code {done.returncode}: see above")
    return parse(done.stdout, name)


def parse(text: str, name: str) -> list[dict[str, Any]]:
    """The figures of what a benchmark printed. Raises PlatformError that says what is wrong with it."""
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise PlatformError(f"bench/{name}/run printed no JSON: {error}") from error
    if not isinstance(listed, list) or not listed:
        raise PlatformError(f"bench/{name}/run must print a JSON array of figures, and at least one")
    return [_figure(each, name) for each in listed]


def _figure(given: Any, name: str) -> dict[str, Any]:
    figure = dict(given) if isinstance(given, dict) else {}
    for key, kind in REQUIRED.items():
        if key not in figure:
            raise PlatformError(f"bench/{name}/run: a figure has no `{key}`: {given}")
        _check(figure, key, kind, name)
    for key, (kind, otherwise) in OPTIONAL.items():
        figure.setdefault(key, otherwise)
        _check(figure, key, kind, name)
    return figure


def _check(figure: dict[str, Any], key: str, kind: Any, name: str) -> None:
    if not isinstance(figure[key], kind) or isinstance(figure[key], bool):
        raise PlatformError(f"bench/{name}/run: `{key}` of {figure['name']!r} is {figure[key]!r}")


def render(listed: list[dict[str, Any]]) -> str:
    rows = [
        [
            str(figure["name"]),
            f"{number(figure['value'])} {figure['unit']}",
            *(number(figure.get(key)) for key in ("p50_us", "p99_us", "cpu_us")),
            ", ".join(peer(figure, name) for name in figure.get("peers") or {}),
        ]
        for figure in listed
    ]
    return table(["FIGURE", "VALUE", "P50 us", "P99 us", "CPU us", "PEERS (ours is so many times theirs)"], rows)


def peer(figure: dict[str, Any], name: str) -> str:
    value = figure["peers"][name]
    shown = number(value.get("value") if isinstance(value, dict) else value)
    ratio = (figure.get("ratio") or {}).get(name)
    return f"{name} {shown}" + (f" (x{ratio:.2f})" if isinstance(ratio, int | float) else "")


def number(value: object) -> str:
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
