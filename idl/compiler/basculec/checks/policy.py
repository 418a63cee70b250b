"""How calls of a method are made and who may make them: auth, scopes, timeout, idempotent, retry, rate_limit, cache."""

from __future__ import annotations

import re

from basculec.errors import Problems
from basculec.model import Contract, Method, Policy, Program, Ref, Struct

_DURATION = re.compile(r"(\d+)\s*(ms|s|m)")
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000}
_LONGEST_MS = 3_600_000

# What a declared exception means over HTTP when it has no api.http_code: its name as a google.rpc.Code.
_CODES = {
    "invalidargument": 400, "failedprecondition": 400, "outofrange": 400, "unauthenticated": 401, "permissiondenied": 403,
    "notfound": 404, "alreadyexists": 409, "aborted": 409, "resourceexhausted": 429, "unimplemented": 501,
    "unavailable": 503, "deadlineexceeded": 504,
}  # fmt: skip


def check(contract: Contract, program: Program, problems: Problems) -> None:
    for service in program.services.values():
        for method in service.own_methods:
            method.policy = _policy(method, problems)
            for thrown in method.throws:
                declared = contract.lookup(thrown.type) if isinstance(thrown.type, Ref) else None
                if isinstance(declared, Struct):
                    thrown.http_code = _http_code(declared, thrown.annotations, problems)


def _policy(method: Method, problems: Problems) -> Policy:
    merged = {**method.service.annotations, **method.annotations}
    owner, where = f"{method.service.name}.{method.name}", method.where
    policy = Policy(scopes=re.split(r"[ ,]+", merged["scopes"].strip()) if merged.get("scopes", "").strip() else [])
    policy.auth = merged.get("auth", "token")
    if policy.auth not in ("public", "token"):
        problems.add(
            where, f'{owner}: auth = "{policy.auth}" is not known; write auth = "public", or nothing: a token is needed'
        )
    if policy.auth == "public" and "scopes" in method.annotations:
        problems.add(where, f"{owner} is public and asks for scopes; drop one of the two")
    if "idempotent" in merged and merged["idempotent"] not in ("true", "false", "1"):
        problems.add(where, f'{owner}: idempotent = "{merged["idempotent"]}" is not a truth; write idempotent = "true"')
    policy.idempotent = merged.get("idempotent") in ("true", "1")
    if "timeout" in merged:
        policy.timeout_ms = duration_ms(merged["timeout"]) or 0
        if not 0 < policy.timeout_ms <= _LONGEST_MS:
            problems.add(
                where, f'{owner}: timeout = "{merged["timeout"]}" is no duration up to 60m; write "500ms", "5s" or "2m"'
            )
    if "cache" in merged and not duration_ms(merged["cache"]):
        problems.add(where, f'{owner}: cache = "{merged["cache"]}" is no duration; write "30s" or "5m"')
    if "cache" in merged and "api.get" not in merged:
        problems.add(where, f"{owner}: cache stands on a method without api.get; only answers to GET are kept, drop it")
    if not re.fullmatch(r"\d{1,2}", merged.get("retry", "0")):
        problems.add(
            where, f'{owner}: retry = "{merged["retry"]}" is no count; write how often to try again, from "0" to "99"'
        )
    if "rate_limit" in merged and not re.fullmatch(r"[1-9]\d*/(\d+)?(s|m|h)", merged["rate_limit"]):
        problems.add(
            where, f'{owner}: rate_limit = "{merged["rate_limit"]}" is no rate; write "100/s", "1000/m" or "10/5s"'
        )
    return policy


def duration_ms(text: str) -> int | None:
    match = _DURATION.fullmatch(text.strip())
    return int(match[1]) * _MILLISECONDS[match[2]] if match else None


def _http_code(exception: Struct, on_throws: dict[str, str], problems: Problems) -> int:
    text = on_throws.get("api.http_code") or exception.annotations.get("api.http_code")
    if text is None:
        return _CODES.get(re.sub(r"(exception|error)$", "", exception.name.lower()), 500)
    if not re.fullmatch(r"[45]\d\d", text):
        problems.add(
            exception.where, f'{exception.name}: api.http_code = "{text}" is no error status; write one from 400 to 599'
        )
        return 500
    return int(text)
