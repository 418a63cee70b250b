"""A port of the kernel's choice that stays one's own, also while nobody listens there."""

from __future__ import annotations

import socket


class Reserved:
    """127.0.0.1:port is bound, but not listened to, until close(): whoever connects is refused, the kernel gives it to nobody,
    also not as the near end of a connection, and a daemon may listen there all the same (SO_REUSEADDR, as daemons set it)."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        self._socket.close()
