"""Who may manage the broker over HTTP, and bytes that are meant badly, on its admin port."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from proton import ConnectionException
from proton.utils import BlockingConnection

from support import daemons
from support.adminapi import AdminApi
from support.waiting import eventually, once_within

TOKEN = "0123456789abcdef0123456789abcdef-token"
MAX_CONNECTIONS, READ_SECONDS = 64, 10  # core/bascule/daemon/admin_server.hpp

RULES = """
[[rule]]
users = ["alice"]
addresses = ["$management", "orders", "orders.#", "dlq.orders"]
operations = ["manage"]

[[rule]]
users = ["bob"]
addresses = ["#"]
operations = ["send", "receive", "create", "manage"]

[[rule]]
users = ["anonymous"]
addresses = ["#", "$management"]
operations = ["send", "receive", "create", "manage"]
"""


@pytest.fixture(scope="module")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("token") / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def broker(token_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    settings: dict[str, object] = {
        "broker": {"listen": "127.0.0.1:0", "metrics": "127.0.0.1:0", "admin_token_file": str(token_file),
                   "admin_hosts": ["broker.example"], "max_failed_logins": 1000},
        "log": {"level": "debug"},
    }  # fmt: skip
    with daemons.daemon("bascule-broker", settings, tmp_path_factory.mktemp("admin-broker")) as started:
        yield started
        assert TOKEN not in started.log


def url_of(broker: daemons.Daemon) -> str:
    return broker.endpoints["metrics"]


def get(broker: daemons.Daemon, path: str = "/api/v1/queues", **more: Any) -> httpx.Response:
    return httpx.get(url_of(broker) + path, timeout=60, **more)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# Who is let in.


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("wrong"), bearer(TOKEN[:-1]), bearer(TOKEN + "x"), bearer(TOKEN.upper()), bearer(TOKEN + " x"),
     {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"Token {TOKEN}"},
     {"Authorization": "Basic OjA="}, {"Cookie": f"token={TOKEN}"}, {"X-Auth-Token": TOKEN}],
    ids=str,
)  # fmt: skip
def test_nobody_without_the_token(broker: daemons.Daemon, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/api/v1/queues"), ("DELETE", "/api/v1/queues/x"), ("POST", "/api/v1/queues/x/purge"),
                         ("GET", "/api/v1/nothing"), ("PATCH", "/api/v1/queues"), ("GET", f"/api/v1/queues?access_token={TOKEN}")):  # fmt: skip
        answer = httpx.request(method, url_of(broker) + path, headers=headers, timeout=60)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_with_the_token(broker: daemons.Daemon) -> None:
    assert get(broker, headers=bearer(TOKEN)).status_code == 200
    assert get(broker, headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_what_stays_open(broker: daemons.Daemon) -> None:
    """Probes and Prometheus have no token; the document says nothing of this broker."""
    for path in ("/livez", "/readyz", "/metrics", "/api/openapi.json"):
        assert get(broker, path).status_code == 200, path
    assert get(broker, "/api/openapi.json", headers={"Origin": "http://evil.example"}).status_code == 403


def test_out_of_the_box_nobody_may(secured: Any) -> None:
    broker = secured(metrics="127.0.0.1:0")
    for headers in ({}, bearer("x"), {"Authorization": "Basic YTpi"}):
        answer = get(broker, headers=headers)
        assert answer.status_code == 403
        assert "broker.admin_token_file" in answer.json()["detail"]
        assert "broker.users" in answer.json()["detail"]
    assert get(broker, "/metrics").status_code == 200


def test_users_come_with_their_password(secured: Any, users_file: Path) -> None:
    broker = secured(metrics="127.0.0.1:0", users=str(users_file))
    for _ in range(2):  # the second time it is remembered
        assert get(broker, auth=("alice", "wonder land")).status_code == 200
    refusals = [
        get(broker, auth=auth)
        for auth in (("alice", "wonderland"), ("alice", ""), ("nobody", "wonder land"), ("dora", ""))
    ]
    assert [answer.status_code for answer in refusals] == [401] * 4
    assert len({answer.text for answer in refusals}) == 1, "nobody learns who there is"
    assert refusals[0].headers["WWW-Authenticate"] == 'Basic realm="bascule broker", charset="UTF-8"'
    assert get(broker, headers=bearer("wonder land")).status_code == 401
    assert get(broker).status_code == 401
    assert "wonder" not in broker.log


def test_names_and_passwords_are_prepared_as_at_amqp_logins(secured: Any, user_tool: Any, tmp_path: Path) -> None:
    file = tmp_path / "users"
    user_tool("add", "J\u00f6rg", "--users", str(file), password="wond\u00e9r")
    broker = secured(metrics="127.0.0.1:0", users=str(file))
    assert get(broker, auth=("J\u00f6rg", "wond\u00e9r")).status_code == 200
    assert get(broker, auth=("Jo\u0308rg", "wonde\u0301r")).status_code == 200, "decomposed, as some keyboards write it"
    assert get(broker, auth=("J\u00f6rg", "wonder")).status_code == 401
    assert get(broker, auth=("J\u00f6rg", "wond\u00e9r\u0007")).status_code == 401, "what cannot be prepared"


def test_access_rules_are_those_of_amqp(secured: Any, users_file: Path, tmp_path: Path, token_file: Path) -> None:
    rules = tmp_path / "access.toml"
    rules.write_text(RULES)
    broker = secured(metrics="127.0.0.1:0", users=str(users_file), access=str(rules), anonymous=True,
                     admin_token_file=str(token_file))  # fmt: skip
    alice = AdminApi(url_of(broker), user=("alice", "wonder land"))
    bob = AdminApi(url_of(broker), user=("bob", "builder"))
    owner = AdminApi(url_of(broker), TOKEN)
    owner("PUT", "/api/v1/queues/stock")
    assert alice("PUT", "/api/v1/queues/orders").status_code == 201
    assert alice("PUT", "/api/v1/queues/orders.late").status_code == 201
    assert bob("GET", "/api/v1/queues").status_code == 403, "`#` does not stand for $management"
    assert "'bob' may not manage '$management'" in bob("GET", "/api/v1/queues").json()["detail"]
    for method, path in (("GET", "stock"), ("PUT", "stock"), ("DELETE", "stock"), ("GET", "stock/messages"),
                         ("POST", "stock/purge"), ("POST", "stock/redrive")):  # fmt: skip
        answer = alice(method, "/api/v1/queues/" + path)
        assert answer.status_code == 403, path
        assert "'alice' may not manage 'stock'" in answer.json()["detail"]
    assert alice("POST", "/api/v1/queues/orders/move", json={"to": "stock"}).status_code == 403
    assert alice("POST", "/api/v1/queues/orders/move", json={"to": "orders.late"}).status_code == 202
    owner("PUT", "/api/v1/queues/stock.other")
    foreign = owner("POST", "/api/v1/queues/stock/move", json={"to": "stock.other"}).headers["Location"]
    assert alice("GET", foreign).status_code == 403
    assert alice("DELETE", foreign).status_code == 403
    assert {job["from"] for job in alice("GET", "/api/v1/jobs").json()["jobs"]} == {"orders"}
    assert {job["from"] for job in owner("GET", "/api/v1/jobs").json()["jobs"]} == {"orders", "stock"}


@pytest.mark.parametrize("way", ["http", "amqp"])
def test_a_forged_dead_letter_goes_nowhere_its_redriver_may_not_put_it(
    secured: Any, users_file: Path, tmp_path: Path, way: str
) -> None:
    """Who may send to dlq.orders may write any source into a letter; alice, who redrives it, may manage orders only."""
    from proton import Message, symbol

    rules = tmp_path / "access.toml"
    rules.write_text(
        RULES.replace('"dlq.orders"]\n', '"dlq.orders", "$dynamic"]\n').replace('["manage"]', '["manage", "create"]', 1)
    )
    broker = secured(metrics="127.0.0.1:0", users=str(users_file), access=str(rules), anonymous=True)
    connection = BlockingConnection(broker.amqp, timeout=30, allowed_mechs="ANONYMOUS")
    connection.create_receiver("stock", credit=0)
    connection.create_receiver("orders", credit=0)
    sender = connection.create_sender("dlq.orders")
    for source in ("stock", "orders"):
        sender.send(Message(body=source, annotations={symbol("x-opt-dead-letter-source"): source}))
    api = AdminApi(url_of(broker), user=("alice", "wonder land"))
    if way == "http":
        job = api.job_ends(api("POST", "/api/v1/queues/dlq.orders/redrive").headers["Location"])
        assert (job["moved"], job["passed_over"]) == (1, 1)
    else:
        alice = BlockingConnection(broker.amqp, timeout=30, user="alice", password="wonder land", allowed_mechs="PLAIN",
                                   allow_insecure_mechs=True)  # fmt: skip
        replies = alice.create_receiver(None, dynamic=True, credit=1)
        properties = {"operation": "redrive", "name": "dlq.orders"}
        alice.create_sender("$management").send(
            Message(reply_to=replies.link.remote_source.address, properties=properties)
        )
        assert replies.receive(timeout=30).body == {"count": 1}
        alice.close()
    assert api("GET", "/api/v1/queues/dlq.orders").json()["messages"] == 1
    assert api("GET", "/api/v1/queues/orders").json()["messages"] == 1
    connection.close()


def test_the_anonymous_relay_is_no_way_around(secured: Any, users_file: Path, tmp_path: Path) -> None:
    from proton import Message
    from proton.reactor import AtLeastOnce
    from proton.utils import SendException

    rules = tmp_path / "access.toml"
    rules.write_text(
        '[[rule]]\nusers = ["bob"]\naddresses = ["$management"]\noperations = ["send"]\n'
        '[[rule]]\nusers = ["bob"]\naddresses = ["#"]\noperations = ["send", "manage"]\n'
    )
    broker = secured(users=str(users_file), access=str(rules))
    bob = BlockingConnection(broker.amqp, timeout=30, user="bob", password="builder", allowed_mechs="PLAIN",
                             allow_insecure_mechs=True)  # fmt: skip
    request = Message(address="$management", reply_to="nowhere", properties={"operation": "declare", "name": "made"})
    with pytest.raises(SendException):
        bob.create_sender(None, options=AtLeastOnce()).send(request)
    bob.close()


def test_guessing_is_slowed_down(secured: Any, users_file: Path, token_file: Path) -> None:
    broker = secured(
        metrics="127.0.0.1:0", users=str(users_file), admin_token_file=str(token_file), max_failed_logins=3
    )

    def guessed(**how: Any) -> None:
        """Guesses until no more are looked at: three, and one more each three seconds."""
        began = time.monotonic()
        statuses: list[int] = []
        while 429 not in statuses:
            assert len(statuses) <= 3 + (time.monotonic() - began) / 3, "that many are not allowed"
            statuses.append(get(broker, **how).status_code)
        assert statuses[:3] == [401] * 3
        assert set(statuses[3:]) <= {401, 429}

    guessed(headers=bearer("guess"))

    def right_and_too_late() -> bool:
        late = get(broker, headers=bearer(TOKEN))
        return (late.status_code, late.headers.get("Retry-After")) == (429, "3")

    eventually(right_and_too_late, "a right one is not even looked at")  # unless an attempt was earned just then
    guessed(auth=("alice", "guess"))

    def refused() -> bool:
        """One allowance for both ways of logging in."""
        try:
            came = BlockingConnection(broker.amqp, timeout=30, user="alice", password="wonder land", allowed_mechs="PLAIN",
                                      allow_insecure_mechs=True)  # fmt: skip
        except ConnectionException:
            return True
        came.close()  # by an attempt that was earned meanwhile
        return False

    eventually(refused, "a right password is not even looked at")
    assert get(broker, "/metrics").status_code == 200
    eventually(lambda: get(broker, headers=bearer(TOKEN)).status_code == 200, "an attempt is forgiven")


def test_a_token_changes_without_a_restart(secured: Any, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    broker = secured(metrics="127.0.0.1:0", admin_token_file=str(file), reload_interval="50ms")
    other = "another-" + TOKEN
    file.write_text(other)
    eventually(lambda: get(broker, headers=bearer(other)).status_code == 200, "the new token counts")
    assert get(broker, headers=bearer(TOKEN)).status_code == 401
    file.chmod(0o644)
    eventually(lambda: "the old one stays in force" in broker.log, "an open file is told")
    assert get(broker, headers=bearer(other)).status_code == 200


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [(TOKEN, 0o644, "chmod g-w,o="), (TOKEN, 0o660, "chmod g-w,o="), ("short", 0o600, "32 to 512"), ("", 0o600, "32 to 512"),
     (TOKEN + "\n" + TOKEN, 0o600, "letters, digits"), (None, 0o600, "openssl rand")],
)  # fmt: skip
def test_a_bad_token_file_stops_the_start(secured: Any, tmp_path: Path, text: str | None, mode: int, why: str) -> None:
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    with pytest.raises(RuntimeError) as caught:
        secured(metrics="127.0.0.1:0", admin_token_file=str(file))
    assert why in str(caught.value)
    assert TOKEN not in str(caught.value)


# Browsers.


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Host": "localhost:1"}, 200), ({"Host": "broker.example"}, 200), ({"Host": "[::1]:80"}, 200),
     ({"Host": "evil.example"}, 421), ({"Host": "127.0.0.1.evil.example"}, 421), ({"Host": ""}, 421), ({"Host": "192.0.2.1"}, 421),
     ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": "http://127.0.0.1"}, 403),
     ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-origin"}, 403), ({"Sec-Fetch-Site": "none"}, 200)],
    ids=str,
)  # fmt: skip
def test_web_pages(broker: daemons.Daemon, headers: dict[str, str], status: int) -> None:
    answer = get(broker, headers={**bearer(TOKEN), **headers})
    assert answer.status_code == status
    assert not [name for name in answer.headers if name.startswith("access-control")], "no CORS"
    preflight = httpx.options(
        url_of(broker) + "/api/v1/queues", headers={**headers, "Access-Control-Request-Method": "POST"}, timeout=60
    )
    assert preflight.status_code >= 400


def test_not_over_a_network(token_file: Path, users_file: Path, tmp_path: Path) -> None:
    """In a network namespace of its own, with an address that is not loopback's."""
    settings = tmp_path / "broker.toml"
    settings.write_text(
        f'[broker]\nlisten = "127.0.0.1:0"\nmetrics = "0.0.0.0:0"\nusers = "{users_file}"\nadmin_token_file = "{token_file}"\n'
    )
    inside = Path(__file__).with_name("outside_loopback.py")
    command = ["unshare", "--net", *([] if os.getuid() == 0 else ["--user", "--map-root-user"])]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace here: it takes root, or a kernel that lets users have namespaces (a chroot does not)")
    done = subprocess.run([*command, sys.executable, str(inside), str(settings), str(tmp_path), TOKEN],
                          capture_output=True, text=True, timeout=240, check=False,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.split() == ["127.0.0.1", "200", "200", "200", "192.0.2.1", "403", "403", "200"], done.stdout


# Bytes that are meant badly.


def raw(broker: daemons.Daemon, request: bytes, seconds: float = 60) -> bytes:
    """Everything that comes back until the broker ends the connection."""
    host, port = url_of(broker).removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as peer:
        peer.sendall(request)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := peer.recv(65536):
                received += chunk
        return received


HEAD = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n".encode()
SMUGGLED = b"DELETE /api/v1/queues/victim HTTP/1.1\r\n" + HEAD + b"\r\n"
SMUGGLING = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "odd chunks": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks by tab": b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n",
    "equal lengths": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "list of lengths": b"Content-Length: 0, 9\r\n\r\n",
    "negative": b"Content-Length: -1\r\n\r\n",
    "hexadecimal": b"Content-Length: 0x0\r\n\r\n",
    "space before colon": b"Content-Length : 0\r\n\r\n",
    "two hosts": b"Host: evil.example\r\n\r\n",
    "bare line feeds": b"X: y\nContent-Length: 0\n\n",
    "nul": b"X: a\0b\r\n\r\n",
    "upgrade": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_nothing_is_smuggled(broker: daemons.Daemon, name: str) -> None:
    httpx.put(url_of(broker) + "/api/v1/queues/victim", headers=bearer(TOKEN), timeout=60)
    received = raw(broker, b"POST /api/v1/queues/victim/purge HTTP/1.1\r\n" + HEAD + SMUGGLING[name] + SMUGGLED)
    assert received.startswith(b"HTTP/1.1 4"), received
    assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", received)) == 1, "the connection ended"
    assert get(broker, "/api/v1/queues/victim", headers=bearer(TOKEN)).status_code == 200


def test_whole_requests_in_one_packet_are_answered_in_order(broker: daemons.Daemon) -> None:
    one = b"GET /api/v1/jobs HTTP/1.1\r\n" + HEAD + b"\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = raw(broker, one * 3 + last)
    assert received.count(b"HTTP/1.1 200") == 4
    assert received.endswith(b"ok\n")


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [(b"GET /api/v1/queues HTTP/1.1\r\n" + HEAD + b"X: " + b"x" * 9000 + b"\r\n\r\n", b"HTTP/1.1 431"),
     (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", b"HTTP/1.1 431"),
     (b"POST /api/v1/queues/a/purge HTTP/1.1\r\n" + HEAD + b"Content-Length: 9999999999\r\n\r\n", b"HTTP/1.1 413"),
     (b"POST /api/v1/queues/a/redrive HTTP/1.1\r\n" + HEAD + b"Content-Length: 65537\r\n\r\n", b"HTTP/1.1 413"),
     (b"POST /api/v1/queues/a/redrive HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n", b"HTTP/1.1 401"),
     (b"GET /api/v1/queues HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n", b"HTTP/1.1 400"),
     (b"GET http://evil.example/api/v1/queues HTTP/1.1\r\n" + HEAD + b"\r\n", b"HTTP/1.1 4"),
     (b"GET /api/v1/queues HTTP/2.0\r\n" + HEAD + b"\r\n", b"HTTP/1.1 4"),
     (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 4"),
     (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n", b"HTTP/1.1 4"),
     (b"\0" * 100 + b"\r\n\r\n", b"HTTP/1.1 4"), (b"AMQP\0\1\0\0\r\n\r\n", b"HTTP/1.1 4")],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_what_is_too_large_or_no_request(broker: daemons.Daemon, request_bytes: bytes, answer: bytes) -> None:
    received = raw(broker, request_bytes)
    assert received.startswith(answer), received[:200]
    assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", received)) == 1
    assert get(broker, "/livez").status_code == 200


def test_slow_requests_end_by_time(broker: daemons.Daemon) -> None:
    """A head that drips, a body that does not come, and silence, all at once: each has the same time."""
    host, port = url_of(broker).removeprefix("http://").split(":")
    head = b"POST /api/v1/queues/slow/redrive HTTP/1.1\r\n" + HEAD
    httpx.put(url_of(broker) + "/api/v1/queues/slow", headers=bearer(TOKEN), timeout=60)
    drips, body, silent = peers = [socket.create_connection((host, int(port)), timeout=120) for _ in range(3)]
    began = time.monotonic()
    body.sendall(head + b"Content-Length: 10\r\n\r\n{")
    drips.sendall(head)
    drips.settimeout(0.5)
    while True:
        assert time.monotonic() - began < 120, "as long as something drips it goes on"
        with contextlib.suppress(OSError):
            drips.sendall(b"X: y\r\n")
        try:
            if drips.recv(1000) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    for peer in (body, silent):
        with contextlib.suppress(ConnectionResetError):
            while peer.recv(1000):
                pass
    assert time.monotonic() - began > READ_SECONDS - 1, "every one of them was ended, and not before its time"
    for peer in peers:
        peer.close()


def test_a_crowd_of_slow_ones_locks_nobody_out(broker: daemons.Daemon) -> None:
    """Whoever is slow for longest makes room: a probe is answered at once, and the broker keeps few sockets."""
    host, port = url_of(broker).removeprefix("http://").split(":")
    sockets = len(os.listdir(f"/proc/{broker.pid}/fd"))

    def crowded() -> float:
        with contextlib.ExitStack() as crowd:
            began = time.monotonic()
            for _ in range(MAX_CONNECTIONS * 3):
                slow = crowd.enter_context(socket.create_connection((host, int(port)), timeout=60))
                slow.sendall(b"GET /api/v1/queues HTTP/1.1\r\nHost: localhost\r\n")
            assert get(broker, "/livez").status_code == 200
            assert get(broker, headers=bearer(TOKEN)).status_code == 200
            few = sockets + MAX_CONNECTIONS + 2
            eventually(lambda: len(os.listdir(f"/proc/{broker.pid}/fd")) <= few, "the broker keeps few sockets")
            return time.monotonic() - began

    once_within(READ_SECONDS, crowded, "nobody's time ran out meanwhile")


def test_who_goes_away_in_the_middle_harms_nobody(broker: daemons.Daemon) -> None:
    host, port = url_of(broker).removeprefix("http://").split(":")
    request = b"GET /api/v1/queues HTTP/1.1\r\n" + HEAD + b"\r\n"
    for end in range(0, len(request) + 1, 3):
        with socket.create_connection((host, int(port)), timeout=60) as peer:
            peer.sendall(request[:end])
    assert get(broker, headers=bearer(TOKEN)).status_code == 200
