"""How things look on a terminal: tables and durations."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bascule.platform.status import ProcessStatus

COLOURS = {"running": "green", "starting": "yellow", "backoff": "yellow", "fatal": "red"}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, colours not counted; the last one unpadded."""
    everything = [list(head), *(list(row) for row in rows)]
    widths = [max(len(click.unstyle(row[column])) for row in everything) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(cells, widths, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join([click.style(line(head), bold=True), *(line(row) for row in rows)])


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def process_table(processes: Sequence[ProcessStatus]) -> str:
    rows = [
        [
            process.name,
            click.style(process.state, fg=COLOURS.get(process.state)),
            str(process.pid or "-"),
            str(process.restarts),
            duration(process.uptime_s),
            " ".join(process.endpoints.values()),
        ]
        for process in processes
    ]
    return table(["PROCESS", "STATE", "PID", "RESTARTS", "UP", "WHERE"], rows)
