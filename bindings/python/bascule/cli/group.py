"""A click group whose commands are the modules of bascule.cli.commands.

Module ``x_y.py`` is the command ``x-y`` and defines it as ``command``. A module that cannot be imported (the native
module is not built yet, say) takes only its own command away: help marks it, and calling it says why.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

from bascule.cli import commands


class CommandFolder(click.Group):
    """Lists and loads the commands lazily."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = [module.name for module in pkgutil.iter_modules(commands.__path__)]
        return sorted(name.replace("_", "-") for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        try:
            module = importlib.import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        except ImportError as error:
            return unavailable(cmd_name, error)
        command: click.Command = module.command
        return command


def unavailable(name: str, error: ImportError) -> click.Command:
    """A command that stands for one that cannot be loaded."""

    @click.command(
        name,
        short_help=f"(unavailable: {error})",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    def command() -> None:
        raise click.ClickException(f"`{name}` cannot be loaded: {error}. Build the tree: ./bascule setup")

    return command
