"""The broker's management API over HTTP: a client that holds every answer to the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from support.waiting import eventually


class AdminApi:
    """Requests with a token or a user; every answer's status, fields and JSON must be as the document says."""

    def __init__(self, url: str, token: str | None = None, user: tuple[str, str] | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=url, headers=headers, auth=user, timeout=30)
        self.document = self.http.get("/api/openapi.json").json()
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations)
            for path, operations in self.document["paths"].items()
        ]

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = self.http.request(method, path, **more)
        self._check(method, path, answer)
        return answer

    def _check(self, method: str, path: str, answer: httpx.Response) -> None:
        told = next((o for p, o in self._paths if p.fullmatch(path.split("?")[0])), {}).get(method.lower())
        assert told is not None or answer.status_code >= 400, f"{method} {path} is not in the document"
        responses = (told or {}).get("responses", {})
        wanted = responses.get(str(answer.status_code)) or {"$ref": "#/components/responses/Problem"}
        if "$ref" in wanted:
            wanted = self.document["components"]["responses"][wanted["$ref"].rsplit("/", 1)[1]]
        for name in wanted.get("headers", {}):
            assert name in answer.headers, f"{method} {path}: no {name}"
        if "content" not in wanted:
            assert answer.content == b""
            return
        ((media, content),) = wanted["content"].items()
        assert answer.headers["Content-Type"] == media
        schema = {"components": self.document["components"], **content["schema"]}
        Draft202012Validator(schema).validate(answer.json())
        if answer.status_code >= 400:
            assert answer.json()["status"] == answer.status_code

    def job_ends(self, href: str, seconds: float = 60) -> dict[str, Any]:
        """The job, once it runs no more."""

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = self("GET", href).json()
            return job if job["state"] != "running" else None

        found = eventually(ended, f"{href} ends", seconds)
        assert found is not None
        return found
