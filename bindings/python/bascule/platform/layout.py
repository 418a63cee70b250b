"""Where one platform keeps its files: everything lies in its data folder, except sockets, whose paths must be short."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from bascule.errors import PlatformError

# sockaddr_un.sun_path holds 108 bytes with its NUL; PostgreSQL appends "/.s.PGSQL.5432".
MAX_SOCKET_PATH = 107


@dataclass(frozen=True)
class Layout:
    """The paths of one platform. Two data folders never share a path, so two platforms never meet."""

    data: Path

    @classmethod
    def of(cls, data: Path) -> Layout:
        return cls(data.resolve())

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def configs(self) -> Path:
        return self.run / "config"

    @property
    def ready(self) -> Path:
        return self.run / "ready"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def cluster(self) -> Path:
        return self.data / "pg"

    @property
    def broker(self) -> Path:
        """The broker's journal."""
        return self.data / "broker"

    @property
    def admin_token(self) -> Path:
        """The secret of our broker's management over HTTP; the owner's alone."""
        return self.run / "admin.token"

    @property
    def supervisor_config(self) -> Path:
        return self.run / "supervisor.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.run / "supervisord.pid"

    @property
    def supervisor_log(self) -> Path:
        return self.logs / "supervisord.log"

    @property
    def events(self) -> Path:
        return self.run / "events.jsonl"

    @property
    def endpoints(self) -> Path:
        return self.run / "endpoints.json"

    @property
    def sockets(self) -> Path:
        """The folder of sockets that the last `up` chose (another login may have another XDG_RUNTIME_DIR)."""
        link = self.run / "sockets"
        return link.readlink() if link.is_symlink() else socket_folder(self.data)

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "pg"

    @property
    def broker_socket(self) -> Path:
        return self.sockets / "broker.sock"

    def config_file(self, name: str) -> Path:
        return self.configs / f"{name}.toml"

    def ready_file(self, name: str) -> Path:
        return self.ready / f"{name}.json"

    def log_file(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make(self) -> None:
        """Creates the folders; what holds passwords is the owner's alone."""
        for folder in (self.data, self.run, self.logs, self.ready):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.configs, self.secrets, self.broker):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        sockets = socket_folder(self.data)
        own_folder(sockets.parent)
        own_folder(sockets)
        link = self.run / "sockets"
        link.unlink(missing_ok=True)
        link.symlink_to(sockets)


def socket_folder(data: Path) -> Path:
    """A short folder for this data folder's sockets: under XDG_RUNTIME_DIR when that is ours, else under /tmp."""
    key = hashlib.sha256(os.fsencode(data)).hexdigest()[:10]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(runtime) / "bascule" if runtime and owned(Path(runtime)) else Path(f"/tmp/bascule-{os.getuid()}")
    folder = base / key
    if len(os.fsencode(folder / "pg" / ".s.PGSQL.5432")) > MAX_SOCKET_PATH:
        folder = Path(f"/tmp/bascule-{os.getuid()}") / key
    return folder


def owned(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def own_folder(folder: Path) -> None:
    """Makes a folder that only we can write; others may pass through to a socket that is theirs (PostgreSQL's user)."""
    folder.mkdir(parents=True, exist_ok=True)
    if not owned(folder):
        raise PlatformError(
            f"{folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR to a folder of yours"
        )
    folder.chmod(0o711 if os.getuid() == 0 else 0o700)
