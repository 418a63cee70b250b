"""Management over HTTP on the admin port: everything it can do, and everything that is wrong with a request."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate
from proton import Message, symbol
from proton.utils import BlockingConnection

from support.adminapi import AdminApi
from support.waiting import eventually

from .conftest import BrokerProcess

Connect = Callable[..., BlockingConnection]
TOKEN = "a-token-of-more-than-32-characters"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    folder = tmp_path_factory.mktemp("admin")
    token = folder / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    settings = {"metrics": "127.0.0.1:0", "data": str(folder / "data"), "admin_token_file": str(token),
                "memory_pages": "64KiB", "fsync": "never"}  # fmt: skip
    running = BrokerProcess(
        config="[broker]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    )
    yield running
    assert running.alive(), "the broker died: " + running.log_text()
    running.kill()
    running.log.close()


@pytest.fixture(scope="module")
def shared_broker(broker: BrokerProcess) -> BrokerProcess:
    return broker  # `connect` goes there


@pytest.fixture
def api(broker: BrokerProcess) -> AdminApi:
    return AdminApi(broker.endpoints["metrics"], TOKEN)


def send(connect: Connect, address: str, count: int, *, durable: bool = True, size: int = 0, **fields: Any) -> None:
    sender = connect().create_sender(address)
    sender.link.snd_settle_mode = 0
    for number in range(count):
        body = str(number).ljust(size, ".") if size else str(number)
        delivery = sender.link.send(Message(body=body, durable=durable, **fields))
        if number % 500 == 499 or number == count - 1:
            sender.connection.wait(lambda delivery=delivery: delivery.settled or delivery.remote_state, timeout=60)
    sender.close()


def take(connect: Connect, address: str, count: int) -> list[str]:
    receiver = connect().create_receiver(address, credit=500)
    bodies = []
    for _ in range(count):
        bodies.append(str(receiver.receive(timeout=60).body).rstrip("."))
        receiver.accept()
    receiver.close()
    return bodies


def reject_all(connect: Connect, address: str, count: int) -> None:
    receiver = connect().create_receiver(address, credit=500)
    for _ in range(count):
        receiver.receive(timeout=60)
        receiver.reject()
    receiver.close()


def metric(api: AdminApi, name: str) -> float:
    lines = api.http.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[-1])


def test_the_document_is_valid_and_whole(api: AdminApi) -> None:
    validate(api.document)
    for path, operations in api.document["paths"].items():
        concrete = path.replace("{address}", "nobody.made.this").replace("{id}", "none")
        for method in operations.keys() & {"get", "put", "post", "delete"}:
            answer = api(method.upper(), concrete)
            assert answer.status_code != 405, (method, path)
            assert "there is nothing here" not in answer.text, (method, path)
        refused = api("PATCH", concrete)
        assert refused.status_code == 405
        allowed = {each.strip().lower() for each in refused.headers["Allow"].split(",")} - {"head"}
        assert allowed == operations.keys() & {"get", "put", "post", "delete"}, path
    api("DELETE", "/api/v1/queues/nobody.made.this")


def test_the_life_of_a_queue(api: AdminApi) -> None:
    path = "/api/v1/queues/a%2Fb%20%C3%BC"
    made = api("PUT", path)
    assert (made.status_code, made.headers["Location"], made.json()["address"]) == (201, path, "a/b ü")
    assert api("PUT", path, json={"kind": "queue"}).status_code == 200
    assert api("PUT", path, json={"kind": "topic"}).status_code == 409
    assert api("GET", path).json()["messages"] == 0
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api("DELETE", path).status_code == 404
    assert api("PUT", "/api/v1/queues/a.topic", json={"kind": "topic"}).json()["kind"] == "topic"
    assert api("DELETE", "/api/v1/queues/$management").status_code == 409
    assert api("PUT", "/api/v1/queues/$management").status_code == 409
    assert api("PUT", "/api/v1/queues/a.*").status_code == 400


def test_the_list_comes_in_pages(api: AdminApi) -> None:
    names = [f"pages.{letter}&" for letter in "abcde"]
    for name in names:
        api("PUT", "/api/v1/queues/" + name.replace("&", "%26"))
    found: list[str] = []
    page: str | None = "/api/v1/queues?prefix=pages.&limit=2"
    sizes = []
    while page:
        answer = api("GET", page).json()
        sizes.append(len(answer["queues"]))
        found += [each["address"] for each in answer["queues"]]
        page = answer.get("next")
    assert (found, sizes) == (names, [2, 2, 1])
    whole = api.http.get("/api/v1/queues?prefix=pages.")
    for path in ("/api/v1/queues?prefix=pages.", "/livez", "/api/v1/queues?prefix=pages."):
        head = api.http.head(path)  # on one connection: bytes that nobody expects would spoil the next answer
        assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.content))


def test_peek_shows_messages_and_leaves_them(api: AdminApi, connect: Connect, address: str) -> None:
    sender = connect().create_sender(address)
    sender.send(Message(body="first", id="id-1", subject="greeting", content_type="text/plain", durable=True, priority=7,
                        properties={"colour": "red", "n": 7}, annotations={symbol("x-note"): "kept"}))  # fmt: skip
    sender.send(Message(body=b"\xff\x00", inferred=True))
    sender.send(Message(body={"list": [1, "two", None]}))
    found = api("GET", f"/api/v1/queues/{address}/messages?encoded=true").json()["messages"]
    first, second, third = found
    assert (first["body"], first["body_encoding"], first["body_bytes"]) == ("first", "utf-8", 5)
    assert (first["durable"], first["priority"], first["delivery_count"]) == (True, 7, 0)
    assert first["properties"] == {"message_id": "id-1", "subject": "greeting", "content_type": "text/plain"}
    assert (first["application_properties"], first["annotations"]) == ({"colour": "red", "n": 7}, {"x-note": "kept"})
    assert (second["body"], second["body_encoding"]) == ("/wA=", "base64")
    assert third["body"] == {"list": [1, "two", None]}
    decoded = Message()
    decoded.decode(base64.b64decode(first["encoded"]))
    assert (decoded.body, decoded.id) == ("first", "id-1")
    one = api("GET", f"/api/v1/queues/{address}/messages?count=1").json()["messages"]
    assert ([each["position"] for each in one], "encoded" in one[0]) == ([first["position"]], False)
    assert api("GET", f"/api/v1/queues/{address}").json()["messages"] == 3
    assert api("POST", f"/api/v1/queues/{address}/purge").json() == {"purged": 3}
    assert api("GET", f"/api/v1/queues/{address}/messages").json() == {"messages": []}


def test_scheduled_messages_are_seen_and_taken_back(api: AdminApi, connect: Connect, address: str) -> None:
    for number in range(3):
        send(connect, address, 1, id=f"id-{number}", annotations={symbol("x-opt-delivery-delay"): 3_600_000})
    path = f"/api/v1/queues/{address}"
    assert api("GET", path).json()["scheduled"] == 3
    assert api("GET", path + "/messages").json() == {"messages": []}
    found = api("GET", path + "/messages?scheduled=true").json()["messages"]
    assert [each["properties"]["message_id"] for each in found] == ["id-0", "id-1", "id-2"]
    assert api("POST", path + "/cancel", json={"message_id": "id-1"}).json() == {"cancelled": 1}
    assert api("POST", path + "/cancel", json={"message_id": "id-1"}).status_code == 404
    assert api("POST", path + "/cancel", json={"position": found[0]["position"]}).json() == {"cancelled": 1}
    assert api("GET", path).json()["scheduled"] == 1


def test_a_backlog_that_is_not_in_memory_is_looked_at_and_moved(api: AdminApi, connect: Connect, address: str) -> None:
    count = 5000
    send(connect, address, count, size=1000)
    eventually(lambda: metric(api, "bascule_broker_message_memory_bytes") < 3 << 20, "the backlog left memory", 60)
    found = api("GET", f"/api/v1/queues/{address}/messages?count=100").json()["messages"]
    assert [each["body"].rstrip(".") for each in found] == [str(number) for number in range(100)]
    api("PUT", f"/api/v1/queues/{address}.there")
    started = api("POST", f"/api/v1/queues/{address}/move", json={"to": f"{address}.there"})
    assert started.status_code == 202
    assert started.json()["waiting"] == count
    job = api.job_ends(started.headers["Location"])
    assert (job["state"], job["moved"], job["passed_over"]) == ("done", count, 0)
    assert api("GET", f"/api/v1/queues/{address}").json()["messages"] == 0
    assert take(connect, f"{address}.there", count) == [str(number) for number in range(count)]


def test_a_redrive_keeps_its_rate_can_be_followed_and_is_cancelled(
    api: AdminApi, connect: Connect, address: str
) -> None:
    send(connect, address, 400)
    reject_all(connect, address, 400)
    letters = f"/api/v1/queues/dlq.{address}"
    began = time.monotonic()
    # Twenty seconds' work, of which not one is waited for: a slow machine looks in time too.
    started = api("POST", letters + "/redrive", json={"rate": 20})
    href = started.headers["Location"]
    assert (started.status_code, started.json()["kind"], started.json()["rate"]) == (202, "redrive", 20)
    assert api("POST", letters + "/redrive").status_code == 409, "one at a time"
    eventually(lambda: api("GET", href).json()["moved"] >= 15, "it has come some way")
    job = api("GET", href).json()
    assert job["moved"] <= 20 * (time.monotonic() - began) + 5, "a rate and one burst"
    assert job["state"] == "running"
    ended = api("DELETE", href).json()
    assert ended["state"] == "cancelled"
    assert api("DELETE", href).json() == ended, "once is enough"
    assert api("GET", f"/api/v1/queues/{address}").json()["messages"] == ended["moved"]
    assert api("GET", letters).json()["messages"] == 400 - ended["moved"]
    assert take(connect, address, ended["moved"]) == [str(number) for number in range(ended["moved"])], "oldest first"
    rest = api("POST", letters + "/redrive")
    assert api.job_ends(rest.headers["Location"])["moved"] == 400 - ended["moved"]
    assert [each["id"] for each in api("GET", "/api/v1/jobs").json()["jobs"]][:2] == [rest.json()["id"], ended["id"]]
    assert api("GET", href).json() == ended, "it is remembered"


def test_a_limit(api: AdminApi, connect: Connect, address: str) -> None:
    send(connect, address, 10)
    api("PUT", f"/api/v1/queues/{address}.other")
    started = api("POST", f"/api/v1/queues/{address}/move", json={"to": f"{address}.other", "limit": 4})
    assert api.job_ends(started.headers["Location"])["moved"] == 4
    assert take(connect, f"{address}.other", 4) == ["0", "1", "2", "3"]


def test_a_job_ends_with_its_queue(api: AdminApi, connect: Connect, address: str) -> None:
    send(connect, address, 10)
    api("PUT", f"/api/v1/queues/{address}.other")
    href = api("POST", f"/api/v1/queues/{address}/move", json={"to": f"{address}.other", "rate": 1}).headers["Location"]
    assert api("DELETE", f"/api/v1/queues/{address}").status_code == 204
    job = api.job_ends(href)
    assert (job["state"], job["detail"]) == ("failed", f"queue '{address}' was deleted")


def test_killed_in_the_middle_of_a_redrive_nothing_is_lost(tmp_path: Path, address: str) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    config = f'[broker]\nmetrics = "127.0.0.1:0"\nadmin_token_file = "{token}"\ndata = "{tmp_path}/data"\n'
    first = BrokerProcess(config=config)
    here = BlockingConnection(first.url, timeout=60)
    send(lambda: here, address, 3000)
    reject_all(lambda: here, address, 3000)
    api = AdminApi(first.endpoints["metrics"], TOKEN)
    href = api("POST", f"/api/v1/queues/dlq.{address}/redrive", json={"rate": 250}).headers["Location"]
    eventually(lambda: api("GET", href).json()["moved"] > 100, "it has come some way")  # of 12 s
    first.kill()
    second = BrokerProcess(config=config)
    try:
        api = AdminApi(second.endpoints["metrics"], TOKEN)
        assert api("GET", "/api/v1/jobs").json() == {"jobs": []}, "jobs end with the broker"
        counts = [api("GET", f"/api/v1/queues/{name}").json()["messages"] for name in (address, f"dlq.{address}")]
        assert min(counts) > 0
        again = BlockingConnection(second.url, timeout=60)
        found = [take(lambda: again, name, count) for name, count in zip((address, f"dlq.{address}"), counts)]
        assert set(found[0]) | set(found[1]) == {str(number) for number in range(3000)}
        again.close()
    finally:
        second.kill()
        for broker in (first, second):
            broker.log.close()


WRONG: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/api", {}, 404, ""),
    ("GET", "/api/v2/queues", {}, 404, ""),
    ("GET", "/api/v1/queues/none", {}, 404, ""),
    ("GET", "/api/v1/queues/none/messages", {}, 404, ""),
    ("POST", "/api/v1/queues/none/purge", {}, 404, ""),
    ("POST", "/api/v1/queues/none/redrive", {}, 404, ""),
    ("POST", "/api/v1/queues/none/cancel", {"json": {"position": 0}}, 404, ""),
    ("GET", "/api/v1/jobs/none", {}, 404, ""),
    ("DELETE", "/api/v1/jobs/none", {}, 404, ""),
    ("POST", "/api/v1/queues", {}, 405, ""),
    ("OPTIONS", "/api/v1/queues", {}, 405, ""),
    ("GET", "/api/v1/queues/%ff", {}, 400, ""),
    ("GET", "/api/v1/queues?color=red", {}, 400, "color"),
    ("GET", "/api/v1/queues?limit=0", {}, 400, "limit"),
    ("GET", "/api/v1/queues/wrong/messages?count=101", {}, 400, "count"),
    ("GET", "/api/v1/queues/wrong/messages?scheduled=1", {}, 400, "scheduled"),
    ("POST", "/api/v1/queues/wrong/move", {}, 400, "#/to"),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": 5}}, 400, "#/to"),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": "wrong.to", "limit": "5"}}, 400, "#/limit"),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": "wrong.to", "rate": 0}}, 400, "#/rate"),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": "wrong.to", "speed/x": 1}}, 400, "#/speed~1x"),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": "none"}}, 404, ""),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": "wrong"}}, 409, ""),
    ("POST", "/api/v1/queues/wrong/move", {"json": {"to": "$management"}}, 409, ""),
    ("POST", "/api/v1/queues/wrong/cancel", {"json": {}}, 400, "#"),
    ("POST", "/api/v1/queues/wrong/cancel", {"json": {"position": 1, "message_id": "x"}}, 400, "#"),
    ("POST", "/api/v1/queues/wrong/purge", {"json": {}}, 400, ""),
    ("PUT", "/api/v1/queues/wrong", {"json": {"kind": "exchange"}}, 400, "#/kind"),
    ("PUT", "/api/v1/queues/wrong", {"json": []}, 400, "#"),
    ("POST", "/api/v1/queues/wrong/redrive", {"content": "limit=5"}, 415, ""),
    ("POST", "/api/v1/queues/wrong/redrive", {"data": {"limit": "5"}}, 415, ""),
    ("POST", "/api/v1/queues/wrong/redrive", {"json": {"limit": 1, "pad": "x" * 70_000}}, 413, ""),
    ("POST", "/api/v1/queues/wrong/redrive", {"content": iter([b"{}"])}, 411, ""),
    ("POST", "/api/v1/queues/wrong/redrive", {"json": {}, "headers": {"Expect": "cake"}}, 417, ""),
]


@pytest.mark.parametrize(("method", "path", "more", "status", "where"), WRONG, ids=lambda value: str(value)[:60])
def test_what_is_wrong_is_named(
    api: AdminApi, method: str, path: str, more: dict[str, Any], status: int, where: str
) -> None:
    api("PUT", "/api/v1/queues/wrong")
    api("PUT", "/api/v1/queues/wrong.to")
    answer = api(method, path, **more)
    assert answer.status_code == status, answer.text
    if where:
        (error,) = answer.json()["errors"]
        assert (error.get("pointer") or error.get("parameter")) == where
    assert api("GET", "/api/v1/queues/wrong").status_code == 200, "and nothing happened"


def test_a_body_may_be_waited_for(api: AdminApi, address: str) -> None:
    api("PUT", f"/api/v1/queues/{address}")
    answer = api("POST", f"/api/v1/queues/{address}/redrive", json={"limit": 1}, headers={"Expect": "100-continue"})
    assert answer.status_code == 202


def test_what_was_done_is_in_the_log_and_the_metrics(broker: BrokerProcess, api: AdminApi, address: str) -> None:
    api("PUT", f"/api/v1/queues/{address}")
    lines = [json.loads(line) for line in broker.log_text().splitlines()]
    (line,) = [line for line in lines if line["msg"] == "management" and line["name"] == address]
    assert (line["operation"], line["user"], line["status"]) == ("declare", "(admin token)", 201)
    assert 'bascule_broker_admin_requests_total{status="201"}' in api.http.get("/metrics").text
    assert TOKEN not in broker.log_text()


# The command line, over HTTP instead of AMQP.


@pytest.fixture
def run(broker: BrokerProcess, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def bascule(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bascule", *arguments], capture_output=True, text=True, timeout=180, check=False,
            env={**os.environ, "BASCULE_ADMIN_TOKEN": TOKEN, **environment},
        )  # fmt: skip

    return bascule


def test_both_ways_say_the_same(run: Any, broker: BrokerProcess, connect: Connect, address: str) -> None:
    send(connect, address, 2, subject="greeting", properties={"colour": "red"})
    http, amqp = ("--http", broker.endpoints["metrics"]), ("--broker", broker.url)
    for command in (
        ("peek", address),
        ("peek", address, "--json"),
        ("peek", "no.such.queue"),
        ("list", "--json"),
        ("list",),
    ):
        one, other = (run("queues", *command, *way) for way in (http, amqp))
        if command[0] == "list":  # the command's own reply node, over AMQP
            one.stdout, other.stdout = (
                [line for line in run.stdout.splitlines() if address in line] for run in (one, other)
            )
        assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr), command
    assert run("queues", "purge", address, "--yes", *http).stdout == "2 removed\n"
    assert run("queues", "declare", address + ".made", *http).stdout == f"{address}.made is there\n"
    assert run("queues", "delete", address + ".made", "--yes", *http).stdout == f"{address}.made is gone\n"


def test_a_redrive_from_the_command_line(run: Any, broker: BrokerProcess, connect: Connect, address: str) -> None:
    send(connect, address, 3)
    reject_all(connect, address, 3)
    http = ("--http", broker.endpoints["metrics"])
    assert run("dlq", "redrive", address, "--limit", "1", *http).stdout == "1 sent back\n"
    assert run("dlq", "redrive", address, *http).stdout == "2 sent back\n"
    assert run("queues", "move", address, "nowhere", *http).stderr == (
        f"bascule: move {address}: there is no queue or topic 'nowhere' to move to\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_interrupting_the_command_line_cancels_the_job(
    broker: BrokerProcess, api: AdminApi, connect: Connect, address: str, number: signal.Signals
) -> None:
    send(connect, address, 300)
    reject_all(connect, address, 300)
    command = [sys.executable, "-m", "bascule", "dlq", "redrive", address, "--rate", "10",
               "--http", broker.endpoints["metrics"]]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "BASCULE_ADMIN_TOKEN": TOKEN})  # fmt: skip

    def job() -> dict[str, Any]:
        jobs: list[dict[str, Any]] = api("GET", "/api/v1/jobs").json()["jobs"]
        return next(each for each in jobs if each["from"] == f"dlq.{address}")

    with contextlib.closing(process.stdout), contextlib.closing(process.stderr):  # type: ignore[type-var]
        eventually(lambda: [each for each in api("GET", "/api/v1/jobs").json()["jobs"] if each["from"] == f"dlq.{address}"], "it began")  # fmt: skip
        eventually(lambda: job()["moved"] > 4, "it has come some way")  # of half a minute
        process.send_signal(number)
        _, said = process.communicate(timeout=180)
    ended = job()
    assert (process.returncode, ended["state"]) == (130, "cancelled"), said
    assert said.splitlines()[-1] == f"stopped: {ended['moved']} sent back"
    assert api("GET", f"/api/v1/queues/{address}").json()["messages"] == ended["moved"]


def test_interrupting_the_command_line_while_the_job_begins(
    broker: BrokerProcess, api: AdminApi, connect: Connect, address: str
) -> None:
    """Nobody could cancel a job whose name the command never heard: it hears it first, and is interrupted then."""
    send(connect, address, 30)
    reject_all(connect, address, 30)
    with slow_answers(broker.endpoints["metrics"]) as (url, begun, go_on):
        command = [sys.executable, "-m", "bascule", "dlq", "redrive", address, "--rate", "1", "--http", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "BASCULE_ADMIN_TOKEN": TOKEN}) as process:  # fmt: skip
            assert begun.wait(120), "the broker has begun it"
            process.send_signal(signal.SIGINT)
            go_on.set()
            _, said = process.communicate(timeout=180)
    (ended,) = (each for each in api("GET", "/api/v1/jobs").json()["jobs"] if each["from"] == f"dlq.{address}")
    assert (process.returncode, ended["state"]) == (130, "cancelled"), said


@contextlib.contextmanager
def slow_answers(url: str) -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """Before the broker's admin port: holds the first answer to a POST, once it is there, until it is told to go on."""
    begun, go_on = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name not in ("Host", "Content-Length")}
            answer = httpx.request(self.command, url + self.path, content=body, headers=headers, timeout=60)
            if self.command == "POST":
                begun.set()
                go_on.wait(120)
            self.send_response(answer.status_code)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(answer.content)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_DELETE = forward

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", begun, go_on
        server.shutdown()
        thread.join()


def test_who_asks_and_where(run: Any, broker: BrokerProcess, tmp_path: Path) -> None:
    http = ("--http", broker.endpoints["metrics"])
    wrong = run("queues", "list", *http, BASCULE_ADMIN_TOKEN="wrong")
    assert (wrong.returncode, wrong.stderr) == (1, "bascule: list: this is not the broker's admin token\n")
    file = tmp_path / "token"
    file.write_text(TOKEN)
    assert run("queues", "list", *http, "--token-file", str(file), BASCULE_ADMIN_TOKEN="").returncode == 0
    assert "cannot be read" in run("queues", "list", *http, "--token-file", str(tmp_path / "none")).stderr
    assert run("queues", "list", *http, "--broker", broker.url).returncode == 2
    assert "is no address" in run("queues", "list", "--http", "ftp://x").stderr
    assert "in the clear" in run("queues", "list", "--http", "http://192.0.2.1:8161").stderr
    assert "could not be reached" in run("queues", "list", "--http", "http://127.0.0.1:1").stderr
    assert "no platform of ours runs" in run("queues", "list", "--http", "up", BASCULE_DATA=str(tmp_path)).stderr
