"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bascule.platform import application
from bascule.platform.layout import Layout
from bascule.tree import find_tree

F = TypeVar("F", bound=Callable[..., Any])


def layout_of(data: Path | None) -> Layout:
    """The platform's files: --data, BASCULE_DATA, or the tree's .bascule."""
    return Layout.of(data if data is not None else find_tree() / ".bascule")


def data_option(function: F) -> F:
    decorate = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="BASCULE_DATA",
        metavar="DIR",
        help="The platform's data folder: databases, logs, configuration.  [default: .bascule in the tree]",
    )
    return decorate(function)


def application_of(app: Path | None) -> application.Application:
    """The application: --app, or the reference shop."""
    return application.load(app or find_tree() / "deploy" / "local" / "shop.toml")


def app_option(function: F) -> F:
    decorate = click.option(
        "--app",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="The application's processes.  [default: deploy/local/shop.toml, the reference shop]",
    )
    return decorate(function)
