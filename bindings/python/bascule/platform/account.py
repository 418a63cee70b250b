"""Who PostgreSQL runs as. It refuses root, so root's platform gives it the account `postgres` (or `nobody`)."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bascule.errors import PlatformError


@dataclass(frozen=True)
class Account:
    """An operating-system account. `switch` says that we are root and must become it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def process_options(self) -> dict[str, Any]:
        """What subprocess.run needs to run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def give(self, path: Path) -> None:
        """Makes a path this account's own."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether this account may pass through every folder down to this one."""
        if not self.switch:
            return True
        test = subprocess.run(["/usr/bin/test", "-x", str(folder)], check=False, **self.process_options())
        return test.returncode == 0


def postgres_account() -> Account:
    """The account for PostgreSQL: ourselves, unless we are root."""
    if os.getuid() != 0:
        me = pwd.getpwuid(os.getuid())
        return Account(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise PlatformError(
        "PostgreSQL must not run as root, and there is neither an account `postgres` nor `nobody`: "
        "install Debian's package postgresql, or run this as another user"
    )
