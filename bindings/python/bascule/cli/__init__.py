"""The command line. One file in commands/ is one command; it is imported only when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from bascule import __version__
from bascule.cli.group import CommandFolder
from bascule.errors import PlatformError

EPILOG = """\b
Examples:
  ./bascule up                          everything, in the foreground; Ctrl-C stops it
  ./bascule up --detach --http-port 0   in the background, the gateway on a free port
  ./bascule status --json               what runs
  ./bascule logs orders -f              follow one process
  ./bascule test unit                   a part of the tests

\b
Completion (bash; zsh and fish alike):
  eval "$(_BASCULE_COMPLETE=bash_source .venv/bin/bascule)"

\b
Exit codes: 0 done; 1 it failed, standard error says why and what to do;
  2 wrong usage; 3 the platform is not running; 130 interrupted.
"""


@click.group(cls=CommandFolder, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bascule")
def cli() -> None:
    """Run, look at and test a Bascule platform on this machine."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with its code."""
    try:
        cli.main(args=arguments, prog_name="bascule")
    except PlatformError as error:
        click.echo(f"bascule: {error}", err=True)
        sys.exit(error.exit_code)
