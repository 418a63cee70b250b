"""The configuration file of each process (docs/architecture.md, Configuration): only what that process may know."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from bascule.platform.application import Application, Service
from bascule.platform.layout import Layout

LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Options:
    """What `up` was asked for. Port 0: the kernel chooses."""

    http_port: int = 8080
    amqp_port: int = 5672
    fast_db: bool = False
    log_level: str = "info"
    timeout: float = 60.0
    broker: str = "embedded"  # or a name of brokers.CHOICES, or an address


def broker(application: Application, options: Options, listen: str, admin: str, layout: Layout) -> dict[str, Any]:
    section = {
        "data": str(layout.broker),
        "socket": str(layout.broker_socket),
        "metrics": admin,
        "admin_token_file": str(layout.admin_token),
        **application.broker,
        "listen": listen,
    }
    return {"broker": section, "log": {"level": options.log_level}}


def gateway(application: Application, options: Options, listen: str, broker_url: str) -> dict[str, Any]:
    return {
        "broker": {"url": broker_url},
        "gateway": {**application.gateway, "listen": listen},
        "log": {"level": options.log_level},
    }


def service(declared: Service, options: Options, broker_url: str, database: str | None) -> dict[str, Any]:
    section: dict[str, Any] = {"metrics": f"{LOCAL}:0", **declared.config}
    if database is not None:
        section["database"] = database
    return {
        "broker": {"url": broker_url},
        "service": {declared.name: section},
        "log": {"level": options.log_level},
    }


def write(file: Path, document: dict[str, Any]) -> None:
    """Writes atomically, readable by the owner only: it may hold a password."""
    temporary = file.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        tomli_w.dump(document, out)
    temporary.replace(file)


def write_token(file: Path) -> None:
    """Writes a fresh secret, readable by the owner only from the first byte on."""
    temporary = file.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(secrets.token_urlsafe(32) + "\n")
    temporary.replace(file)


def authority(url: str) -> str:
    """``amqp://127.0.0.1:5672`` -> ``127.0.0.1:5672``."""
    return url.split("://", 1)[-1].split("/", 1)[0]
