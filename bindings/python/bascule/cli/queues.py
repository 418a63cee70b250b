"""What ``bascule queues`` and ``bascule dlq`` share: which broker and how, the table, a message on a line, progress."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from bascule.cli.broker import broker_option, broker_url
from bascule.cli.options import data_option, layout_of
from bascule.cli.view import table
from bascule.errors import NotRunning, PlatformError

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 200  # bytes of a body that is shown

if TYPE_CHECKING:
    from bascule.management import Moving, Node, Operations, Peeked


json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")
count_option = click.option("--count", "-n", type=click.IntRange(1, 100), default=10, show_default=True)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


def paced(function: F) -> F:
    """--limit and --rate: how many messages are moved, and how fast."""
    rate = click.option("--rate", type=click.FloatRange(0.1), help="Messages a second.  [default: as fast as it goes]")
    limit = click.option("--limit", type=click.IntRange(1), help="So many at most.  [default: all]")
    return limit(rate(function))


@dataclass(frozen=True)
class Target:
    """Which broker, and how it is asked: over AMQP, or over HTTP when ``http`` is given (a URL, or "up": the running platform's)."""

    broker: str | None
    http: str | None
    token_file: Path | None
    data: Path | None


def target_options(function: F) -> F:
    """--broker, --http, --token-file and --data, as one argument ``target``."""

    @functools.wraps(function)
    def command(
        *arguments: Any, broker: str | None, http: str | None, token_file: Path | None, data: Path | None, **more: Any
    ) -> Any:
        if http is not None and source_of("broker") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--broker is over AMQP and --http over HTTP: give one of them")
        return function(*arguments, target=Target(broker, http, token_file, data), **more)

    token = click.option(
        "--token-file", envvar="BASCULE_ADMIN_TOKEN_FILE", metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The broker's admin token, for --http.  [default: $BASCULE_ADMIN_TOKEN, or the running platform's]",
    )  # fmt: skip
    over_http = click.option(
        "--http", metavar="URL",
        help="Ask over HTTP, on the broker's admin port: http://[USER[:PASSWORD]@]HOST:PORT, or `up`: the running platform's.",
    )  # fmt: skip
    return cast(F, broker_option(over_http(token(data_option(command)))))


def source_of(parameter: str) -> ParameterSource | None:
    return click.get_current_context().get_parameter_source(parameter)


@contextlib.contextmanager
def management(target: Target) -> Iterator[Operations]:
    if target.http is not None:
        from bascule.management_http import HttpManagement

        url, token = admin_of(target)
        yield HttpManagement(url, token)
        return
    from bascule.connection import Connection
    from bascule.management import Management

    with Connection(broker_url(target.broker, target.data), name="cli") as connection:
        yield Management(connection)


def admin_of(target: Target) -> tuple[str, str | None]:
    """The admin port's URL, and the token: of --token-file, else $BASCULE_ADMIN_TOKEN, else of the platform that is asked."""
    from bascule.management_http import read_token

    own = running_admin(target.data)
    url = own if target.http == "up" else target.http
    if url is None:
        raise NotRunning(
            "no platform of ours runs with a broker of its own: start it with ./bascule up, or say --http URL"
        )
    if target.token_file is not None:
        return url, read_token(target.token_file)
    if os.environ.get("BASCULE_ADMIN_TOKEN"):
        return url, os.environ["BASCULE_ADMIN_TOKEN"]
    return url, read_token(layout_of(target.data).admin_token) if url == own else None


def running_admin(data: Path | None) -> str | None:
    try:
        return str(json.loads(layout_of(data).endpoints.read_text(encoding="utf-8"))["admin"])
    except (OSError, ValueError, KeyError, PlatformError):
        return None


def show_nodes(nodes: list[Node], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(node) for node in nodes], indent=2))
        return
    if not nodes:
        click.echo("none")
        return
    head = ["ADDRESS", "KIND", "MESSAGES", "UNSETTLED", "SCHEDULED", "BYTES", "CONSUMERS"]
    click.echo(table(head, [row(node) for node in nodes]))


def row(node: Node) -> list[str]:
    messages = click.style(str(node.messages), fg="red" if node.is_dead_letters and node.messages else None)
    counts = [messages, *map(str, (node.unsettled, node.scheduled, node.bytes, node.consumers))]
    return [node.address, node.kind, *(counts if node.kind == "queue" else ["-"] * 5)]


def show_messages(messages: list[Peeked], as_json: bool) -> None:
    for each in messages:
        shown: dict[str, Any] = {"position": each.position, "delivery_count": each.delivery_count}
        shown |= describe(each.message)
        click.echo(json.dumps(shown, ensure_ascii=False) if as_json else line(shown))
    if not messages and not as_json:
        click.echo("no messages")


def line(shown: dict[str, Any]) -> str:
    head = f"{shown['position']}  attempts={shown['delivery_count']}"
    rest = (f"{key}={value}" for key, value in shown.items() if key not in ("position", "delivery_count"))
    return "  ".join([head, *rest])


def describe(message: bytes) -> dict[str, Any]:
    """A message's properties and annotations by name, and its body when that is a short text."""
    from bascule import _native

    found = _native.describe_message(message)
    body = found.pop("body")
    text = body.decode("utf-8", "replace")
    readable = len(body) <= LONGEST and text.isprintable()
    return {**found, "body": text if readable else f"({len(body)} bytes)"}


def follow(moving: Moving, what: str) -> None:
    """Shows progress on a terminal, and at the end how many; Ctrl-C stops it, and so does the end of the terminal."""
    moved, interactive = 0, sys.stderr.isatty()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        for moved in moving:
            if interactive:
                click.echo(f"\r{moved} {what}", nl=False, err=True)
    except KeyboardInterrupt:
        moved = moving.stop()
        with contextlib.suppress(OSError):  # there may be no terminal any more
            click.echo(f"\nstopped: {moved} {what}", err=True)
        raise SystemExit(130) from None
    click.echo(f"\r{moved} {what}" if interactive else f"{moved} {what}")
    if moving.passed_over:
        click.echo(f"{moving.passed_over} stay: held by a consumer, or without a way back", err=True)
