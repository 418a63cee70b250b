"""``bascule gen``: what basculec makes of contracts. Everything behind ``gen`` is basculec's own command line."""

from __future__ import annotations

import os

import click

from bascule.tree import find_tree


@click.command(
    short_help="Compile contracts: C++, Python, descriptor, OpenAPI, AsyncAPI.",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    compiler = find_tree() / "idl" / "compiler" / "bin" / "basculec"
    os.execv(compiler, [str(compiler), *arguments])
