"""Whether a TCP port is free, and who has it."""

from __future__ import annotations

import socket

import psutil

from bascule.errors import PlatformError


def check_free(port: int, flag: str) -> None:
    """Raises PlatformError that names the port's owner and the flag that chooses another. Port 0 is always free."""
    if port == 0:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise PlatformError(f"port {port} needs root's rights: choose one above 1023 with {flag} PORT") from error
        except OSError as error:
            raise PlatformError(
                f"port {port} is in use by {owner(port)}: stop that, or choose another with {flag} PORT ({flag} 0: any free)"
            ) from error


def free_port() -> int:
    """A port that is free now, for a program that cannot be told to choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def owner(port: int) -> str:
    """The process that listens on a port, as well as we are allowed to know."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return "another process"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if connection.pid is None:
                return "another account's process"
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return f"process {connection.pid}"
    return "another process"
