"""The platform's private PostgreSQL cluster: made once, never a system cluster's, reached by a Unix socket only."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from bascule.errors import PlatformError
from bascule.platform.account import Account
from bascule.platform.layout import Layout

ADMIN = "bascule_admin"

# Nothing is flushed to the disk: a crash of the machine may destroy the cluster. For tests and trials only. A commit
# still reaches the operating system before it is answered (synchronous_commit stays on): a killed PostgreSQL loses none.
FAST = {"fsync": "off", "full_page_writes": "off"}


class Cluster:
    """One private cluster."""

    def __init__(self, layout: Layout, account: Account, fast: bool) -> None:
        self._layout = layout
        self._account = account
        self._fast = fast
        self.folder = self._place()
        self.binaries = find_binaries(self._version())

    @property
    def account_name(self) -> str | None:
        """The account that supervisor must run it as; None: our own."""
        return self._account.name if self._account.switch else None

    @property
    def conninfo(self) -> str:
        """How the administrator connects: as an operating-system account that pg_ident.conf names, without a password."""
        return f"host={self._layout.postgres_sockets} port=5432 dbname=postgres user={ADMIN}"

    def conninfo_of(self, name: str, password: str) -> str:
        """How a service connects to its own database."""
        return f"host={self._layout.postgres_sockets} port=5432 dbname={name} user={name} password={password}"

    def command(self) -> list[str]:
        return [str(self.binaries / "postgres"), "-D", str(self.folder)]

    def prepare(self) -> bool:
        """Makes the cluster when there is none, and writes its settings. True when it was made."""
        sockets = self._layout.postgres_sockets
        sockets.mkdir(exist_ok=True)
        self._account.give(sockets)
        sockets.chmod(0o700)
        if not self._layout.cluster.exists() and self.folder != self._layout.cluster:
            self.folder.parent.mkdir(mode=0o755, exist_ok=True)
            self._layout.cluster.unlink(missing_ok=True)
            self._layout.cluster.symlink_to(self.folder)
        made = self._version() is None
        if made:
            self._initdb()
        self._write("bascule.conf", settings(sockets, self._fast))
        self._write("pg_hba.conf", HBA)
        self._write("pg_ident.conf", ident({self._account.name, pwd.getpwuid(os.getuid()).pw_name}))
        return made

    def sql(self, script: str, database: str = "postgres") -> str:
        """Runs a script as the administrator; all of it or an error."""
        done = subprocess.run(
            [str(self.binaries / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
             self.conninfo.replace("dbname=postgres", f"dbname={database}")],
            input=script, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise PlatformError(f"PostgreSQL ({self.folder}) refused a statement: {done.stderr.strip()}")
        return done.stdout

    def _place(self) -> Path:
        """The data folder's pg, or a folder of /var/lib when PostgreSQL's account cannot reach the data folder."""
        folder = self._layout.cluster
        if folder.is_symlink():
            return folder.resolve()
        if folder.exists() or self._account.reaches(self._layout.data):
            return folder
        return Path("/var/lib/bascule") / hashlib.sha256(os.fsencode(self._layout.data)).hexdigest()[:10]

    def _version(self) -> str | None:
        try:
            return (self.folder / "PG_VERSION").read_text().strip()
        except OSError:
            return None

    def _initdb(self) -> None:
        if self.folder.exists():  # what an interrupted initdb left
            shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        self._account.give(self.folder)
        command = [str(self.binaries / "initdb"), "-D", str(self.folder), "-U", ADMIN, "-A", "reject",
                   "-E", "UTF8", "--locale=C.UTF-8", *(["--no-sync"] if self._fast else [])]  # fmt: skip
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, **self._account.process_options()
        )
        if done.returncode != 0:
            shutil.rmtree(self.folder)
            raise PlatformError(f"initdb of {self.folder} failed: {(done.stderr or done.stdout).strip()}")
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'bascule.conf'\n")

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        self._account.give(path)
        path.chmod(0o600)


# Two walls between services: a role may connect to the database of its own name only, and only with its password.
HBA = f"""# Written at every start.
local all {ADMIN} peer map=bascule
local sameuser all scram-sha-256
"""


def ident(accounts: set[str]) -> str:
    return "# Written at every start.\n" + "".join(f'bascule "{name}" {ADMIN}\n' for name in sorted(accounts))


def settings(sockets: Path, fast: bool) -> str:
    """The cluster's settings; durability is on unless `fast`."""
    values = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        "log_checkpoints": "off",
        **(FAST if fast else {}),
    }
    lines = [f"{name} = '{value}'" for name, value in values.items()]
    return "# Written at every start.\n" + "\n".join(lines) + "\n"


def find_binaries(version: str | None, root: Path = Path("/usr/lib/postgresql")) -> Path:
    """The folder of PostgreSQL's programs: of the cluster's major version, or the newest for a new cluster."""
    found = {
        folder.parent.name: folder
        for folder in root.glob("*/bin")
        if re.fullmatch(r"\d+", folder.parent.name) and (folder / "initdb").exists()
    }
    if not found:
        raise PlatformError(f"no PostgreSQL in {root}/*/bin: install Debian's package postgresql")
    if version is None:
        return found[max(found, key=int)]
    if version not in found:
        raise PlatformError(
            f"the cluster was made by PostgreSQL {version}, and only {', '.join(sorted(found))} is installed: install "
            f"postgresql-{version}, or dump it there and start with a new --data folder"
        )
    return found[version]
