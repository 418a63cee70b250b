"""``bascule up``: the whole platform."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click

from bascule.cli.follow import Follower
from bascule.cli.options import app_option, application_of, data_option, layout_of
from bascule.cli.view import process_table
from bascule.errors import NotRunning, PlatformError
from bascule.platform.platform import Platform
from bascule.platform.programs import Programs
from bascule.platform.settings import Options
from bascule.tree import find_tree


@click.command()
@click.option("-d", "--detach", is_flag=True, help="Return once everything is ready; stop it with `bascule down`.")
@click.option("--http-port", default=8080, show_default=True, metavar="PORT", help="The gateway's; 0: any free one.")
@click.option("--amqp-port", default=5672, show_default=True, metavar="PORT", help="The broker's; 0: any free one.")
@data_option
@app_option
@click.option(
    "--broker",
    default="embedded",
    show_default=True,
    metavar="BROKER",
    help="embedded, rabbitmq (3.10), rabbitmq-4, artemis: a private instance; or the address of one: amqp://...",
)
@click.option("--without", multiple=True, metavar="SERVICE", help="Leave a service out. Can be repeated.")
@click.option(
    "--fast-db",
    is_flag=True,
    help="PostgreSQL without fsync: faster, but a crash of the machine loses the data. For trials and tests only.",
)
@click.option("--log-level", default="info", show_default=True, help="Of every process: debug, info, warning, error.")
@click.option("--timeout", default=60.0, show_default=True, metavar="SECONDS", help="For each process to get ready.")
def command(
    detach: bool,
    http_port: int,
    amqp_port: int,
    data: Path | None,
    app: Path | None,
    broker: str,
    without: tuple[str, ...],
    fast_db: bool,
    log_level: str,
    timeout: float,
) -> None:
    """Run PostgreSQL, the broker, the gateway and every service; Ctrl-C drains and stops them.

    \b
    A process that dies is started again, with growing pauses when it dies at once. Where everything listens is
    written to DATA/run/endpoints.json. Two platforms run side by side with different --data and ports:
      bascule up --data /tmp/other --http-port 0 --amqp-port 0
    """
    started = time.monotonic()
    for port, flag in ((http_port, "--http-port"), (amqp_port, "--amqp-port")):
        if not 0 <= port <= 65535:
            raise click.BadParameter(f"{port} is not a port (0 to 65535)", param_hint=flag)
    tree = find_tree()
    declared = application_of(app).without(set(without))
    layout = layout_of(data)
    options = Options(http_port, amqp_port, fast_db, log_level, timeout, broker)
    platform = Platform(declared, layout, options, Programs.of_tree(tree))

    stopping = Stopping()
    with stopping.interruptible():
        platform.start(lambda line: click.echo(f"  {line}"), tie_to_parent=not detach)
    click.echo()
    click.echo(process_table(platform.processes()))
    click.echo(f"\nReady in {time.monotonic() - started:.1f} s. The gateway: {platform.endpoints['gateway']}")
    click.echo(try_lines(platform.endpoints["gateway"], declared.name))
    if detach:
        click.echo("\nRunning in the background: bascule status, bascule logs -f, bascule down")
        return
    click.echo("\nCtrl-C stops everything.")
    watch(platform, Follower(layout), stopping)


def try_lines(gateway: str, name: str) -> str:
    if name != "shop":
        return f"  curl {gateway}/openapi.json\n  curl {gateway}/readyz"
    body = '{"name": "Anvil", "price_minor": 1999, "stock": 10}'
    return (
        f"  curl -X POST {gateway}/v1/products -H 'content-type: application/json' -d '{body}'\n"
        f"  curl '{gateway}/v1/products?limit=10'"
    )


class Stopping:
    """SIGINT and SIGTERM: the first asks for an orderly stop, the second gives up waiting for it."""

    def __init__(self) -> None:
        self.asked = False

    def interruptible(self) -> Stopping:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)
        return self

    def __enter__(self) -> None:
        """While starting, a signal interrupts whatever goes on."""

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def watch(platform: Platform, follower: Follower, stopping: Stopping) -> None:
    """Says what happens to processes until a signal asks to stop, then stops them."""
    try:
        while not stopping.asked:
            for line in follower.news():
                click.secho(f"  {time.strftime('%H:%M:%S')} {line}", fg="yellow")
            time.sleep(0.2)
        click.echo("\nDraining; Ctrl-C again to leave it to itself.")
        platform.stop(lambda line: click.echo(f"  {line}"))
    except NotRunning as error:
        raise PlatformError("the platform was stopped from elsewhere, or its supervisor died") from error
    except KeyboardInterrupt:
        click.echo("Left: it goes on stopping in the background.")
        sys.exit(130)
