"""The application that a platform runs, as its TOML file declares it (deploy/local/shop.toml is the example).

name = "shop"
directory = "../.."              # relative to this file: the working folder of every process, and what
                                 # relative paths in this file mean
[broker]                         # optional: more settings for bascule-broker's configuration
[gateway]                        # optional: more settings for bascule-gateway's
aggregates = "idl/shop/aggregates.toml"

[[service]]
name = "orders"                  # also the name of its section [service.orders]
command = ["orders"]             # a program of the build, of PATH, or a path; --config and --ready-file are
                                 # appended; "{python}" stands for the tree's Python
database = true                  # a database and a role of its own, named like the service
instances = 1                    # how many processes compete for its work
environment = {}                 # more environment
config = {}                      # more settings for [service.orders]
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bascule.errors import PlatformError

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = {"postgres", "broker", "gateway", "watch", "supervisord", "template0", "template1"}


@dataclass(frozen=True)
class Service:
    """One service of the application."""

    name: str
    command: list[str]
    database: bool = False
    instances: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def processes(self) -> list[str]:
        """The names of its processes: ``orders``, ``orders-2``, ..."""
        return [self.name, *(f"{self.name}-{number}" for number in range(2, self.instances + 1))]


@dataclass(frozen=True)
class Application:
    """What an application file says."""

    name: str
    directory: Path
    services: list[Service]
    broker: dict[str, Any] = field(default_factory=dict)
    gateway: dict[str, Any] = field(default_factory=dict)

    def without(self, names: set[str]) -> Application:
        unknown = names - {service.name for service in self.services}
        if unknown:
            raise PlatformError(f"no service {', '.join(sorted(unknown))} in {self.name}")
        kept = [service for service in self.services if service.name not in names]
        return Application(self.name, self.directory, kept, self.broker, self.gateway)


def load(file: Path) -> Application:
    """Reads an application file. Raises PlatformError with the file, the place and what would be right."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlatformError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlatformError(f"{file}: {error}") from error
    return parse(document, file)


def parse(document: dict[str, Any], file: Path) -> Application:
    reader = Reader(document, str(file))
    directory = (file.parent / reader.text("directory", ".")).resolve()
    application = Application(
        name=reader.text("name"),
        directory=directory,
        broker=reader.table("broker"),
        gateway=reader.table("gateway"),
        services=[
            parse_service(item, f"{file}: [[service]] number {number}")
            for number, item in enumerate(reader.tables("service"), start=1)
        ],
    )
    reader.finish()
    names = [service.name for service in application.services]
    for name in names:
        if names.count(name) > 1:
            raise PlatformError(f"{file}: service {name} is declared twice")
    return application


def parse_service(item: dict[str, Any], where: str) -> Service:
    reader = Reader(item, where)
    name = reader.text("name")
    if not NAME.fullmatch(name) or name in RESERVED:
        raise PlatformError(
            f"{where}: name {name!r} must be lower-case letters, digits and _ (at most 40, a letter first), "
            f"and none of {', '.join(sorted(RESERVED))}"
        )
    service = Service(
        name=name,
        command=reader.texts("command"),
        database=reader.flag("database"),
        instances=reader.count("instances"),
        environment={key: str(value) for key, value in reader.table("environment").items()},
        config=reader.table("config"),
    )
    reader.finish()
    return service


class Reader:
    """Typed reading of one TOML table; what nobody read is an error, so that a misspelt key is found."""

    def __init__(self, table: dict[str, Any], where: str) -> None:
        self._left = dict(table)
        self._where = where

    def _take(self, key: str, kind: type, default: Any) -> Any:
        value = self._left.pop(key, default)
        if value is None:
            raise PlatformError(f"{self._where}: `{key}` is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise PlatformError(f"{self._where}: `{key}` must be a {kind.__name__}, not {value!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, str, default))

    def flag(self, key: str) -> bool:
        return bool(self._take(key, bool, False))

    def count(self, key: str) -> int:
        value = int(self._take(key, int, 1))
        if not 1 <= value <= 64:
            raise PlatformError(f"{self._where}: `{key}` must be 1 to 64, not {value}")
        return value

    def texts(self, key: str) -> list[str]:
        values: list[Any] = self._take(key, list, None)
        if not values or not all(isinstance(value, str) for value in values):
            raise PlatformError(f"{self._where}: `{key}` must be a list of strings, not {values!r}")
        return values

    def table(self, key: str) -> dict[str, Any]:
        return dict(self._take(key, dict, {}))

    def tables(self, key: str) -> list[dict[str, Any]]:
        values: list[Any] = self._take(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise PlatformError(f"{self._where}: `{key}` must be tables, [[{key}]]")
        return values

    def finish(self) -> None:
        if self._left:
            raise PlatformError(f"{self._where}: unknown key `{sorted(self._left)[0]}`")
