"""What runs, what happens when it dies, and what `status` says about it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid

import httpx
import pytest
from proton import Link, Message, symbol
from proton.reactor import LinkOption
from proton.utils import BlockingConnection

from bascule.platform import application
from support.platforms import SHOP, RunningPlatform

PROCESSES = ["postgres", "broker", "gateway", *(service.name for service in application.load(SHOP).services)]


def cli(platform: RunningPlatform, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bascule", *arguments, "--data", str(platform.data)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180,
    )  # fmt: skip


def test_status_lists_every_process_as_running(platform: RunningPlatform) -> None:
    done = cli(platform, "status", "--json")
    assert done.returncode == 0
    listed = {process["name"]: process for process in json.loads(done.stdout)["processes"]}
    assert sorted(listed) == sorted(PROCESSES)
    assert {process["state"] for process in listed.values()} == {"running"}
    assert all(process["pid"] > 0 for process in listed.values())


def test_the_endpoints_file_is_where_things_are(platform: RunningPlatform) -> None:
    written = json.loads(platform.layout.endpoints.read_text())
    assert httpx.get(written["gateway"] + "/livez", timeout=60).status_code == 200
    assert written["broker"] == platform.processes()["broker"].endpoints["amqp"]


def test_our_own_broker_is_managed_over_http_out_of_the_box(platform: RunningPlatform) -> None:
    token = platform.layout.admin_token
    assert token.stat().st_mode & 0o777 == 0o600
    admin = json.loads(platform.layout.endpoints.read_text())["admin"]
    assert httpx.get(admin + "/api/v1/queues", timeout=60).status_code == 401, "not without the token"
    listed = cli(platform, "queues", "list", "--http", "up", "--json")
    assert "rpc.shop.Catalog" in {node["address"] for node in json.loads(listed.stdout)}, listed.stderr
    assert cli(platform, "queues", "list", "--http", admin).returncode == 0, "its own address is known too"
    assert token.read_text().strip() not in platform.layout.log_file("broker").read_text()


@pytest.mark.parametrize("name", ["catalog", "broker", "gateway", "postgres"])
def test_a_killed_process_is_replaced_in_its_old_place(platform: RunningPlatform, name: str) -> None:
    before = platform.processes()[name]
    after = platform.kill_and_wait(name)
    if name == "postgres":  # it refuses to start while the last of the dead one's processes end, and is started again
        assert after.restarts > before.restarts
    else:
        assert after.restarts == before.restarts + 1
    if name in ("broker", "gateway", "postgres"):  # who uses them must find them again
        assert after.endpoints == before.endpoints


def test_a_second_up_on_the_same_data_is_refused(platform: RunningPlatform) -> None:
    done = cli(platform, "up", "--http-port", "0", "--amqp-port", "0")
    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert platform.processes()["broker"].state == "running"


def test_a_taken_port_is_named_with_its_owner_and_the_flag(platform: RunningPlatform, tmp_path) -> None:  # type: ignore[no-untyped-def]
    port = platform.gateway.rsplit(":", 1)[1]
    done = subprocess.run(
        [sys.executable, "-m", "bascule", "up", "--data", str(tmp_path), "--http-port", port],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"port {port} is in use by bascule-gateway" in done.stderr
    assert "--http-port" in done.stderr


def test_logs_are_shown_by_name(platform: RunningPlatform) -> None:
    done = cli(platform, "logs", "broker", "-n", "1000")
    assert done.returncode == 0
    assert "127.0.0.1" in done.stdout


def test_restart_drains_a_process_and_waits_until_it_serves(platform: RunningPlatform) -> None:
    before = platform.pid("catalog")
    done = cli(platform, "restart", "catalog")
    assert done.returncode == 0, done.stderr
    after = platform.processes()["catalog"]
    assert after.state == "running"
    assert after.pid != before
    assert cli(platform, "restart", "ctalog").returncode == 1


def test_what_the_broker_accepted_outlives_it(platform: RunningPlatform) -> None:
    address = f"kept.{uuid.uuid4()}"
    queue = Capability()
    connection = BlockingConnection(platform.broker, timeout=30)
    connection.create_sender(address, options=queue).send(Message(body="kept", durable=True))
    platform.kill_and_wait("broker")
    connection = BlockingConnection(platform.broker, timeout=30)
    receiver = connection.create_receiver(address, credit=1, options=queue)
    assert receiver.receive(timeout=30).body == "kept"
    receiver.accept()
    connection.close()


class Capability(LinkOption):
    """Attaches to the address as to a queue."""

    def apply(self, link: Link) -> None:
        terminus = link.target if link.is_sender else link.source
        terminus.capabilities.put_object(symbol("queue"))
