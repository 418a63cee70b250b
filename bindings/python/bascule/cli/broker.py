"""Which broker a command talks to: --broker, else that of the platform that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bascule.cli.options import layout_of
from bascule.errors import NotRunning

F = TypeVar("F", bound=Callable[..., Any])


def broker_option(function: F) -> F:
    decorate = click.option(
        "--broker", envvar="BASCULE_BROKER__URL", metavar="URL", help="The broker.  [default: the running platform's]"
    )
    return decorate(function)


def broker_url(given: str | None, data: Path | None) -> str:
    """The URL. Raises NotRunning when none was given and no platform runs."""
    if given:
        return given
    file = layout_of(data).endpoints
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["broker"])
    except (OSError, ValueError, KeyError):
        raise NotRunning(
            "the platform is not running: start it with ./bascule up, or name a broker with --broker"
        ) from None
