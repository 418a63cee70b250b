"""A broker's queues, looked at and mended over HTTP on its admin port (docs/broker.md, Management over HTTP)."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ipaddress
import json
import os
import signal
import ssl
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bascule.errors import PlatformError
from bascule.management import ManagementError, Moving, Node, Operations, Peeked, node_of

POLL_SECONDS = 0.2


class HttpManagement(Operations):
    """The operations as requests to ``/api/v1``. ``url``: ``http://127.0.0.1:8161``, or with ``user:password@`` in front.

    Who asks: the URL's user, else ``token``. Blocks; one thread.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 30.0) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise PlatformError(f"`{strip(url)}` is no address of a broker's admin port: http://HOST:PORT")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise PlatformError(
                f"{strip(url)}: a secret would cross the network in the clear; use https, or ssh -L to the broker's machine"
            )
        self._where = parts.netloc.rpartition("@")[2]
        self._base = f"{parts.scheme}://{self._where}"
        self._headers = {"Accept": "application/json", **authorization(parts, token)}
        if parts.scheme == "https":
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._where, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            self._connection = http.client.HTTPConnection(self._where, timeout=timeout)

    def request(self, method: str, path: str, body: dict[str, Any] | None = None, what: str = "") -> Any:
        """The answer's JSON (None: it has none); raises ManagementError: ``what`` and the problem's own sentence."""
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ManagementError(0, f"the broker could not be reached at {self._base}: {error}") from error
        if answer.status >= 400:
            raise ManagementError(answer.status, f"{what}: {problem_of(answer.status, text)}".removeprefix(": "))
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise ManagementError(answer.status, f"{self._base} is not a broker's admin port") from error

    def nodes(self) -> list[Node]:
        found: list[Node] = []
        page: str | None = "/api/v1/queues"
        while page:
            answer = self.request("GET", page, what="list")
            found += [node_of(each) for each in answer["queues"]]
            page = answer.get("next")
        return found

    def declare(self, name: str, kind: str = "queue") -> None:
        self.request("PUT", path_of(name), {"kind": kind}, f"declare {name}")

    def delete(self, name: str) -> None:
        self.request("DELETE", path_of(name), what=f"delete {name}")

    def purge(self, name: str) -> int:
        return int(self.request("POST", path_of(name, "purge"), what=f"purge {name}")["purged"])

    def peek(self, name: str, count: int) -> list[Peeked]:
        path = path_of(name, "messages") + f"?count={count}&encoded=true"
        found = self.request("GET", path, what=f"peek {name}")["messages"]
        return [Peeked(each["position"], each["delivery_count"], base64.b64decode(each["encoded"])) for each in found]

    def move(self, name: str, to: str, limit: int | None = None, rate: float | None = None) -> Moving:
        return Job(self, f"move {name}", path_of(name, "move"), {"to": to, **bounds(limit, rate)})

    def redrive(self, name: str, limit: int | None = None, rate: float | None = None) -> Moving:
        return Job(self, f"redrive {name}", path_of(name, "redrive"), bounds(limit, rate))

    def close(self) -> None:
        self._connection.close()


class Job(Moving):
    """A job of the broker's: begun with the first step, asked how far it has come, cancelled when it is stopped."""

    def __init__(self, management: HttpManagement, what: str, path: str, wanted: dict[str, Any]) -> None:
        self._management, self._what, self._path, self._wanted = management, what, path, wanted
        self._href: str | None = None
        self._told: dict[str, Any] = {"state": "running", "moved": 0}
        self._over = False

    def __next__(self) -> int:
        if self._over:
            raise StopIteration
        if self._href is None:
            with uninterrupted():  # between the broker's beginning it and our knowing its name nothing could cancel it
                self._note(self._management.request("POST", self._path, self._wanted, self._what))
                self._href = str(self._told["href"])
        else:
            time.sleep(POLL_SECONDS)
            self._note(self._management.request("GET", self._href, what=self._what))
        if self._told["state"] == "failed":
            raise ManagementError(409, f"{self._what}: {self._told['detail']} ({self._told['moved']} had gone)")
        return int(self._told["moved"])

    def _note(self, told: dict[str, Any]) -> None:
        self._told = told
        self._over = told["state"] != "running"
        self.passed_over = int(told["passed_over"])

    def stop(self) -> int:
        if self._href is not None and not self._over:
            self._management.close()  # the answer to an interrupted request may still be on its way
            self._note(self._management.request("DELETE", self._href, what=self._what))
        self._over = True
        return int(self._told["moved"])


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals that end a command wait until the block is over. For a process of one thread."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def path_of(name: str, what: str = "") -> str:
    return "/api/v1/queues/" + urllib.parse.quote(name, safe="") + (f"/{what}" if what else "")


def bounds(limit: int | None, rate: float | None) -> dict[str, Any]:
    return {key: value for key, value in (("limit", limit), ("rate", rate)) if value is not None}


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def strip(url: str) -> str:
    """Without a password."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def authorization(parts: urllib.parse.SplitResult, token: str | None) -> dict[str, str]:
    if parts.username:
        given = parts.password if parts.password is not None else os.environ.get("BASCULE_BROKER_PASSWORD", "")
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(given) if parts.password else given}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {"Authorization": f"Bearer {token}"} if token else {}


def read_token(file: Path) -> str:
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise PlatformError(f"the admin token cannot be read from {file}: {error}") from error
    if not token or any(c.isspace() for c in token):
        raise PlatformError(f"{file} holds no admin token: one line, as broker.admin_token_file has it")
    return token


def problem_of(status: int, text: bytes) -> str:
    """The sentence of an RFC 9457 document."""
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}"
