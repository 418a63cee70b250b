"""What is new about a running platform, as sentences: exits, restarts, and that a process serves again."""

from __future__ import annotations

from collections.abc import Iterator

from bascule.platform import history, status
from bascule.platform.layout import Layout
from bascule.platform.supervisor import Supervisor


class Follower:
    """Remembers what was told. Single-threaded."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._supervisor = Supervisor(layout)
        self._told = len(history.read(layout.events))
        self._awaited: set[str] = set()

    def news(self) -> Iterator[str]:
        """What happened since the last call. Raises NotRunning when the platform is gone."""
        events = history.read(self._layout.events)
        for event in events[self._told :]:
            line = history.sentence(event)
            if line:
                yield line
            if event.event in ("exited", "backoff"):
                self._awaited.add(event.process)
        self._told = len(events)
        if not self._awaited:
            self._supervisor.pid()
            return
        for process in status.collect(self._layout):
            if process.name in self._awaited and process.state == "running":
                self._awaited.discard(process.name)
                yield f"{process.name} is ready again (process {process.pid}, restart {process.restarts})"
