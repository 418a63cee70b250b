"""broker-peer processes: what the platform's parts, one a process, say of what happens to them."""

from __future__ import annotations

import signal
import subprocess
import threading

from support.platforms import TREE
from support.waiting import eventually

PROGRAM = TREE / "build" / "dev" / "bin" / "broker-peer"


class Peer:
    """One process of broker-peer; its lines are read as they come."""

    def __init__(self, url: str, *words: object) -> None:
        self._command = " ".join(str(word) for word in words)
        self._process = subprocess.Popen(
            [str(PROGRAM), url, *(str(word) for word in words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())

    def said(self, word: str) -> list[str]:
        """What followed `word` on the lines that begin with it."""
        return [line.partition(" ")[2] for line in list(self.lines) if line.partition(" ")[0] == word]

    def wait_for(self, word: str, count: int = 1, seconds: float = 60) -> list[str]:
        def enough() -> bool:
            if self._process.poll() is not None:
                self._reader.join()
            return len(self.said(word)) >= count

        try:
            eventually(enough, f"`{self._command}` says `{word}` {count} times", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said {self.lines[-10:]}") from None
        return self.said(word)

    def end(self, seconds: float = 60) -> list[str]:
        """Waits until it has done its work; returns its lines."""
        self._process.wait(seconds)
        self._reader.join()
        return self.lines

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()
