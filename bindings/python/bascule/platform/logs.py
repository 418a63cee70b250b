"""Reading log files that are written, and rotated, meanwhile."""

from __future__ import annotations

from pathlib import Path

CHUNK = 1 << 16


def last_lines(file: Path, count: int) -> list[str]:
    """The last lines of a file, read from its end."""
    try:
        with file.open("rb") as log:
            position = log.seek(0, 2)
            data = b""
            while position > 0 and data.count(b"\n") <= count:
                step = min(CHUNK, position)
                position -= step
                log.seek(position)
                data = log.read(step) + data
    except OSError:
        return []
    return data.decode(errors="replace").splitlines()[-count:] if count > 0 else []


class LogFile:
    """Whole lines that are appended from now on; a rotated or truncated file is read from its start."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._identity, self._position = self._look()
        self._rest = b""

    def _look(self) -> tuple[int, int]:
        try:
            status = self._file.stat()
        except OSError:
            return 0, 0
        return status.st_ino, status.st_size

    def new_lines(self) -> list[str]:
        identity, size = self._look()
        if identity != self._identity or size < self._position:
            self._identity, self._position, self._rest = identity, 0, b""
        if size <= self._position:
            return []
        with self._file.open("rb") as log:
            log.seek(self._position)
            data = self._rest + log.read(size - self._position)
        self._position = size
        *whole, self._rest = data.split(b"\n")
        return [line.decode(errors="replace") for line in whole]
