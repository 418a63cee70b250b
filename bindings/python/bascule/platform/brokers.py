"""Which broker a platform runs on: ours, a private instance of another, or one that is there already.

The scripts of tools/brokers start others as private instances (own folder, own ports; never the system's), supervised like
everything else. What they need is fetched once into $BASCULE_CACHE (~/.cache/bascule); Debian packages are asked for as
`./bascule up` asks for its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bascule.errors import PlatformError
from bascule.platform.layout import Layout
from bascule.platform.ports import free_port

EMBEDDED = "embedded"
CHOICES = (EMBEDDED, "rabbitmq", "rabbitmq-3", "rabbitmq-4", "artemis")


@dataclass(frozen=True)
class External:
    """A broker of somebody else's: the script that fetches it, the one that runs it, and the packages both need."""

    name: str
    fetch: str
    launcher: str
    home_flag: str
    packages: str = ""
    arguments: tuple[str, ...] = ()
    root: bool = False

    @property
    def home(self) -> Path:
        return cache() / {"rabbitmq-4": "rabbitmq-4-root"}.get(self.name, self.name)


EXTERNAL = {
    external.name: external
    for external in (
        External("rabbitmq-3", "rabbitmq-3-root", "rabbitmq", "--root", arguments=("--plugins", "rabbitmq_management")),
        External("rabbitmq-4", "rabbitmq-4-root", "rabbitmq", "--root", packages="broker-rabbitmq-4", root=True),
        External("artemis", "artemis-dist", "artemis", "--home", packages="broker-artemis"),
    )
}


def cache() -> Path:
    return Path(os.environ.get("BASCULE_CACHE") or Path.home() / ".cache" / "bascule")


def is_url(choice: str) -> bool:
    return "://" in choice


def check(choice: str) -> None:
    """Raises PlatformError for what is neither a broker's name nor an address."""
    if choice not in CHOICES and not re.fullmatch(r"amqps?://.+", choice):
        raise PlatformError(f"no broker `{choice}`: one of {', '.join(CHOICES)}, or an address, amqp://HOST:PORT")


def external(choice: str) -> External | None:
    """The broker to be run; None for ours and for one that is there already. `rabbitmq` is the oldest that we support."""
    return EXTERNAL.get("rabbitmq-3" if choice == "rabbitmq" else choice)


def fetch(broker: External, tree: Path, assume_yes: bool = False) -> None:
    """Gets what the broker needs, once. Raises PlatformError that says what is missing."""
    if broker.root and os.geteuid() != 0:
        raise PlatformError(f"{broker.name} runs in a chroot of Debian 13, and making one needs root: run this as root")
    if broker.packages:
        ensure_packages(tree, broker.packages, assume_yes)
    script = tree / "tools" / "brokers" / broker.fetch
    cache().mkdir(parents=True, exist_ok=True)
    done = subprocess.run([str(script), str(broker.home)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PlatformError(f"{broker.name} could not be fetched: {(done.stderr or done.stdout).strip()[-1000:]}")


def ensure_packages(tree: Path, names: str, assume_yes: bool) -> None:
    """Debian packages, by the same shell functions as the set-up: prints the line, asks, installs."""
    setup = tree / "tools" / "setup"
    script = f". {setup}/say.sh; . {setup}/packages.sh; ensure_packages {names}"
    yes = "true" if assume_yes or os.environ.get("CI") else ""
    environment = {**os.environ, "BASCULE_ROOT": str(tree), "assume_yes": yes}
    if subprocess.run(["sh", "-eu", "-c", script], env=environment, check=False).returncode != 0:
        raise PlatformError("what this broker needs is not installed: see above")


def command(broker: External, tree: Path, layout: Layout, amqp_port: int) -> list[str]:
    """Runs it in the foreground, on a port that stays the same over restarts."""
    ports = ["--listen", f"127.0.0.1:{amqp_port or free_port()}"]
    if "rabbitmq_management" in broker.arguments:
        ports += ["--management-port", str(free_port())]
    return [
        sys.executable, str(tree / "tools" / "brokers" / broker.launcher), broker.home_flag, str(broker.home),
        "--data", str(layout.data / f"broker-{broker.name}"), *ports, *broker.arguments,
        "--ready-file", str(layout.ready_file("broker")),
    ]  # fmt: skip
