"""A database and a role for each service, closed to all others."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

PASSWORD = re.compile(r"[0-9a-f]{48}")


def password_of(folder: Path, name: str) -> str:
    """The service's password: made at random once, kept in a file that only its owner reads."""
    file = folder / name
    try:
        known = file.read_text().strip()
        if PASSWORD.fullmatch(known):
            return known
    except OSError:
        pass
    password = secrets.token_hex(24)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(password + "\n")
    return password


def script(passwords: dict[str, str]) -> str:
    """SQL that makes what is missing; running it again changes nothing. Names and passwords are checked by their makers."""
    parts = ["REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;"]
    for name, password in passwords.items():
        parts += [
            f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS "
            f"(SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec",
            f"ALTER ROLE {name} LOGIN INHERIT PASSWORD '{password}';",
            f"SELECT 'CREATE DATABASE {name} OWNER {name}' WHERE NOT EXISTS "
            f"(SELECT FROM pg_database WHERE datname = '{name}') \\gexec",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
        ]
    return "\n".join(parts) + "\n"
