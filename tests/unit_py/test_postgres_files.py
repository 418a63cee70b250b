"""What is written for PostgreSQL: settings, access rules, SQL, passwords; and which installation is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.errors import PlatformError
from bascule.platform.databases import password_of, script
from bascule.platform.postgres import HBA, find_binaries, ident, settings
from bascule.platform.settings import Options, authority, service, write


def installation(root: Path, *versions: str) -> Path:
    for version in versions:
        (root / version / "bin").mkdir(parents=True)
        (root / version / "bin" / "initdb").touch()
    return root


def test_durability_is_on_unless_asked_off() -> None:
    assert "fsync" not in settings(Path("/s"), fast=False)
    assert "fsync = 'off'" in settings(Path("/s"), fast=True)


def test_even_fast_a_killed_postgresql_loses_no_commit() -> None:
    assert "synchronous_commit" not in settings(Path("/s"), fast=True)


def test_it_listens_on_a_socket_only() -> None:
    text = settings(Path("/run/x"), fast=False)
    assert "listen_addresses = ''" in text
    assert "unix_socket_directories = '/run/x'" in text


def test_no_rule_trusts_and_none_opens_a_foreign_database() -> None:
    rules = [line.split() for line in HBA.splitlines() if line and not line.startswith("#")]
    assert [rule[1] for rule in rules] == ["all", "sameuser"]
    assert {rule[3] for rule in rules} == {"peer", "scram-sha-256"}


def test_the_administrator_is_one_of_the_named_accounts() -> None:
    assert ident({"root", "postgres"}).splitlines()[1:] == [
        'bascule "postgres" bascule_admin',
        'bascule "root" bascule_admin',
    ]


def test_a_new_cluster_takes_the_newest_by_number(tmp_path: Path) -> None:
    root = installation(tmp_path, "9", "15", "17")
    assert find_binaries(None, root) == root / "17" / "bin"


def test_a_cluster_keeps_its_version(tmp_path: Path) -> None:
    root = installation(tmp_path, "15", "17")
    assert find_binaries("15", root) == root / "15" / "bin"
    with pytest.raises(PlatformError, match="made by PostgreSQL 16, and only 15, 17 is installed"):
        find_binaries("16", root)


def test_no_postgresql_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="install Debian's package postgresql"):
        find_binaries(None, tmp_path)


def test_a_password_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    first = password_of(tmp_path, "orders")
    assert password_of(tmp_path, "orders") == first
    assert password_of(tmp_path, "catalog") != first
    assert (tmp_path / "orders").stat().st_mode & 0o777 == 0o600
    (tmp_path / "orders").write_text("'; DROP ROLE x; --")
    assert len(password_of(tmp_path, "orders")) == 48


def test_each_database_is_closed_to_the_public() -> None:
    text = script({"orders": "aa", "catalog": "bb"})
    assert "REVOKE ALL ON DATABASE orders FROM PUBLIC" in text
    assert "REVOKE ALL ON DATABASE catalog FROM PUBLIC" in text
    assert "OWNER orders" in text


def test_a_service_is_told_its_own_database_only(tmp_path: Path) -> None:
    from bascule.platform.application import Service

    declared = Service("orders", ["orders"], config={"workers": 2})
    document = service(declared, Options(), "amqp://127.0.0.1:1", "dbname=orders")
    assert document["service"] == {"orders": {"metrics": "127.0.0.1:0", "workers": 2, "database": "dbname=orders"}}
    write(tmp_path / "orders.toml", document)
    assert (tmp_path / "orders.toml").stat().st_mode & 0o777 == 0o600


def test_authority_of_a_url() -> None:
    assert authority("amqp://127.0.0.1:5672") == "127.0.0.1:5672"
    assert authority("http://127.0.0.1:80/x") == "127.0.0.1:80"
