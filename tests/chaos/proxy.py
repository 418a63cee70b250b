"""A TCP proxy between clients and a broker that delays, slices, cuts, swallows and corrupts what goes through it.

Its settings may be changed at any time from the test's thread; connections made before obey too. What it leaves to chance is
seeded. It runs an asyncio loop on a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import socket
import threading
from collections.abc import Iterator


@dataclasses.dataclass
class Weather:
    """What happens to bytes. All off: a plain proxy."""

    delay: float = 0.0  # seconds that each piece waits
    slices: int = 0  # pieces of at most so many bytes; 0: as they come
    swallow: bool = False  # both sides stay connected, and nothing arrives any more: half-open
    corrupt: float = 0.0  # the probability that a bit of a piece is flipped
    corrupt_after: int = 0  # ... once so many bytes went through: past the handshake
    corrupt_way: str = "both"  # ... "up": of what clients say; "down": of what the broker says


class Proxy:
    def __init__(self, target: int, seed: int = 1) -> None:
        self.target = target
        self.weather = Weather()
        self.flipped = 0
        self.carried = 0
        self._chance = random.Random(seed)
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"amqp://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        return len(self._writers) // 2

    def cut(self) -> None:
        """Resets every connection."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accepted, sock=self._socket))
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _end(self) -> None:
        self._server.close()
        self._cut()
        self._loop.stop()

    def _cut(self) -> None:
        for writer in list(self._writers):
            transport = writer.transport
            with contextlib.suppress(OSError, AttributeError):
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
                )
            transport.abort()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        ways = [
            asyncio.create_task(self._carry(reader, far_writer, "up")),
            asyncio.create_task(self._carry(far_reader, writer, "down")),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        while self.weather.swallow:  # noqa: ASYNC110  (one side has hung up, and the other never hears of it)
            await asyncio.sleep(0.02)
        for way in ways:
            way.cancel()
        for one in (writer, far_writer):
            one.transport.abort()
        self._writers -= {writer, far_writer}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        seen = 0
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                seen += len(piece)
                for part in self._parts(piece):
                    if self.weather.delay:
                        await asyncio.sleep(self.weather.delay)
                    if self.weather.swallow:
                        continue
                    spoils = seen > self.weather.corrupt_after and self.weather.corrupt_way in ("both", way)
                    writer.write(self._spoil(part) if spoils else part)
                    await writer.drain()
                    self.carried += len(part)
                    if self.weather.slices:
                        await asyncio.sleep(0)

    def _parts(self, piece: bytes) -> Iterator[bytes]:
        size = self.weather.slices or len(piece)
        for start in range(0, len(piece), size):
            yield piece[start : start + size]

    def _spoil(self, part: bytes) -> bytes:
        if not self.weather.corrupt or self._chance.random() >= self.weather.corrupt:
            return part
        self.flipped += 1
        spoilt = bytearray(part)
        spoilt[self._chance.randrange(len(spoilt))] ^= 1 << self._chance.randrange(8)
        return bytes(spoilt)
