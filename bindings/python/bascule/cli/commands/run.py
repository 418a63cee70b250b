"""``bascule run``: a Python application as a process of the platform."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("run", short_help="Run a Python application: bascule run module:app")
@click.argument("app", metavar="MODULE:APP")
@click.option("--config", type=click.Path(path_type=Path), help="The TOML configuration file.")
@click.option("--ready-file", type=click.Path(path_type=Path), help="Written once it serves.")
def command(app: str, config: Path | None, ready_file: Path | None) -> None:
    """Serves the bascule.App called APP in MODULE until SIGTERM or Ctrl-C, then drains."""
    from bascule.running import run

    run(app, config, ready_file)
