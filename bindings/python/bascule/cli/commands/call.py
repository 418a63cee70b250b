"""``bascule call``: one call, straight over AMQP, with JSON in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bascule.cli.broker import broker_option, broker_url
from bascule.cli.options import data_option
from bascule.errors import PlatformError


@click.command("call")
@click.argument("method", metavar="SERVICE.METHOD")
@click.argument("arguments", metavar="[JSON]", default="{}")
@click.option("--timeout", type=float, default=5.0, show_default=True, help="Seconds.")
@click.option("--idempotency-key", metavar="KEY", help="A repeated call with the same key gets the first answer.")
@click.option("--principal", metavar="WHO", help="Who is calling.")
@broker_option
@data_option
def command(
    method: str, arguments: str, timeout: float, idempotency_key: str | None, principal: str | None,
    broker: str | None, data: Path | None,
) -> None:  # fmt: skip
    """Call a method of any service that runs, in whatever language: bascule call shop.Catalog.get_product '{"id": 1}'

    The service itself says what its contract is. The arguments are a JSON object by name. A declared exception is printed
    as {"exception": ..., ...} with exit code 4.
    """
    from bascule.connection import Connection
    from bascule.failures import DecodeError, EncodeError, Error
    from bascule.json_mapping import JsonError
    from bascule.types import Exception_

    service, _, name = method.rpartition(".")
    with Connection(broker_url(broker, data), name="cli") as connection:
        try:
            result = _call(connection, service, name, arguments, timeout, idempotency_key, principal)
        except Exception_ as raised:
            kind = type(raised).__dict__["__bascule_type__"]
            fields = {field: getattr(raised, field) for field in raised.__bascule_fields__}
            click.echo(json.dumps({"exception": kind, **fields}, ensure_ascii=False, indent=2, default=str))
            raise SystemExit(4) from None
        except (Error, JsonError, EncodeError, DecodeError) as error:
            raise PlatformError(f"{method}: {getattr(error, 'code', 'invalid_argument')}: {error}") from error
    click.echo(json.dumps(result, ensure_ascii=False, indent=2))


def _call(
    connection: Any, service: str, name: str, arguments: str, timeout: float, key: str | None, principal: str | None
) -> Any:
    from bascule.discovery import registry_of
    from bascule.failures import DeadlineExceeded
    from bascule.json_mapping import arguments_from_json, to_json

    try:
        registry = registry_of(connection, service, timeout)
    except DeadlineExceeded as error:
        raise PlatformError(
            f"{service}: nobody answered in {timeout:g} s; is the name right, and does it run? bascule routes and bascule status tell"
        ) from error
    described = registry.service(service).methods.get(name)
    if described is None:
        raise PlatformError(f"{service} has no method {name}; it has {', '.join(registry.service(service).methods)}")
    try:
        given = json.loads(arguments)
    except json.JSONDecodeError as error:
        raise PlatformError(f"the arguments are no JSON: {error}") from error
    values = arguments_from_json(registry, described.description["args"], given)
    plan = registry.method_plan(service, name)
    bound = connection.open().bind(plan, registry.service(service).address, timeout, described.idempotent)
    result = bound.wait(values, timeout, key, principal)
    returns = described.description["returns"]
    return None if returns is None else to_json(registry, returns, result)
