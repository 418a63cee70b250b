"""A service's configuration: one TOML file, environment overrides (docs/architecture.md, "Configuration")."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bascule.connection import DEFAULT_URL
from bascule.errors import PlatformError


@dataclass
class ServiceConfiguration:
    """What a service's process may be told. ``settings`` is the whole of its section, the service's own keys included."""

    name: str
    broker_url: str = DEFAULT_URL
    broker_require: list[str] = field(default_factory=list)
    database: str = ""
    database_connections: int = 8
    concurrency: int = 256
    threads: int | None = None
    metrics: str = ""
    log_level: str = "info"
    spin_us: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def load(name: str, file: Path | None, environment: Mapping[str, str] = os.environ) -> ServiceConfiguration:
    """Reads the file and the environment. Raises PlatformError that says what is wrong, and where."""
    document = _read(file) if file is not None else {}
    _override(document, environment)
    where = f"{file}: " if file is not None else ""
    section = _table(document, where, "service", name)
    made = ServiceConfiguration(name, settings=section)
    made.broker_url = _take(_table(document, where, "broker"), "url", str, made.broker_url, f"{where}[broker]")
    made.broker_require = _words(_table(document, where, "broker"), "require", f"{where}[broker]")
    made.log_level = _take(_table(document, where, "log"), "level", str, made.log_level, f"{where}[log]")
    loop = _table(document, where, "loop")
    if "spin_us" in loop:
        made.spin_us = _bounded(loop, "spin_us", 0, 10_000, 50, f"{where}[loop]")
    at = f"{where}[service.{name}]"
    made.database = _take(section, "database", str, "", at)
    made.database_connections = _bounded(section, "database_connections", 2, 512, 8, at)
    made.concurrency = _bounded(section, "concurrency", 1, 65535, 256, at)
    made.metrics = _take(section, "metrics", str, "127.0.0.1:0", at)
    if "threads" in section:
        made.threads = _bounded(section, "threads", 1, 1024, 8, at)
    return made


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlatformError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlatformError(f"{file}: {error}") from error


def _override(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    """``BASCULE_SERVICE__ORDERS__DATABASE=...`` stands for ``[service.orders] database``."""
    for variable, value in environment.items():
        if not variable.startswith("BASCULE_") or "__" not in variable:
            continue
        *sections, key = variable.removeprefix("BASCULE_").lower().split("__")
        table = document
        for section in sections:
            table = table.setdefault(section, {})
        table[key] = value


def _table(document: dict[str, Any], where: str, *path: str) -> dict[str, Any]:
    table: Any = document
    for section in path:
        table = table.get(section, {})
        if not isinstance(table, dict):
            raise PlatformError(f"{where}[{'.'.join(path)}] must be a table")
    return dict(table)


def _take(section: dict[str, Any], key: str, kind: type, default: Any, at: str) -> Any:
    value = section.get(key, default)
    if not isinstance(value, kind):
        raise PlatformError(f"{at} `{key}` must be a {kind.__name__}, not {value!r}")
    return value


def _words(section: dict[str, Any], key: str, at: str) -> list[str]:
    value = section.get(key, [])
    if isinstance(value, str):
        value = [word for word in value.split(",") if word]  # from the environment
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise PlatformError(f"{at} `{key}` must be a list of strings, not {value!r}")
    return value


def _bounded(section: dict[str, Any], key: str, least: int, most: int, default: int, at: str) -> int:
    value = section.get(key, default)
    if isinstance(value, str) and value.lstrip("-").isdigit():
        value = int(value)  # from the environment
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PlatformError(f"{at} `{key}` must be a number from {least} to {most}, not {value!r}")
    return value
