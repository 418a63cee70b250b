"""Private persistence: each service has its database, and none can read another's."""

from __future__ import annotations

import re
import subprocess

import pytest

from bascule.platform import application
from support.platforms import SHOP, RunningPlatform

SERVICES = [service.name for service in application.load(SHOP).services]


def psql(conninfo: str, statement: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["psql", "-X", "-A", "-t", "-w", "-c", statement, conninfo], capture_output=True, text=True)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reaches_its_own_database(platform: RunningPlatform, name: str) -> None:
    assert psql(platform.conninfo(name), "SELECT current_database(), current_user").stdout == f"{name}|{name}\n"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reaches_no_other_database(platform: RunningPlatform, name: str) -> None:
    for other in [*[service for service in SERVICES if service != name], "postgres", "template1"]:
        tried = psql(platform.conninfo(name).replace(f"dbname={name}", f"dbname={other}"), "SELECT 1")
        assert tried.returncode == 2
        assert "FATAL" in tried.stderr


def test_rights_alone_close_a_database_too(platform: RunningPlatform) -> None:
    """Were the access file's `sameuser` opened one day, CONNECT is still the owner's only."""
    rights = psql(
        platform.postgres,
        "SELECT datname, has_database_privilege('orders', datname, 'CONNECT') FROM pg_database WHERE datallowconn",
    ).stdout.split()
    assert sorted(line for line in rights if line.endswith("|t")) == ["orders|t"]


def test_a_name_without_its_password_is_refused(platform: RunningPlatform) -> None:
    for conninfo in (
        re.sub(r" password=\w+", "", platform.conninfo("orders")),
        re.sub(r"password=\w+", "password=wrong", platform.conninfo("orders")),
    ):
        assert psql(conninfo, "SELECT 1").returncode == 2


def test_nothing_listens_on_tcp_and_durability_follows_the_option(platform: RunningPlatform) -> None:
    shown = psql(platform.postgres, "SELECT current_setting('listen_addresses'), current_setting('fsync')").stdout
    assert shown == "|off\n"  # the tests run with fast_db; what a person gets is checked in tests/unit_py
