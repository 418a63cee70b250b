"""A power cut: of what disk_shim.so wrote down, everything that was not flushed is undone, or part of it, by a seeded chance.

What a disk may do with writes that no flush covers: keep any of them, drop any, tear any at a sector. Names (created, renamed,
removed) of a folder that was not flushed survive up to some point of their order, as a journaling file system keeps them.
"""

from __future__ import annotations

import dataclasses
import os
import random
from pathlib import Path
from typing import Literal

SECTOR = 512
Policy = Literal["drop", "keep", "some", "tear"]
POLICIES: tuple[Policy, ...] = ("drop", "some", "tear", "keep")


@dataclasses.dataclass
class Write:
    offset: int
    size: int
    old_size: int
    old: bytes
    new: bytes = b""


@dataclasses.dataclass
class Naming:
    kind: str
    path: str
    other: str = ""
    backup: str = "-"


class Disk:
    """What is pending, by file, from a log of the shim."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.points = 0
        self.writes: dict[str, list[Write]] = {}
        self.names: list[Naming] = []
        # What was done once a call had been made to fail, by its thread or to its file; another thread may be at a file of its own.
        self.after_failure: list[str] = []
        self._failed: set[str] = set()  # threads and files
        data = Path(f"{log}.data")
        self._kept = data.read_bytes() if data.exists() else b""
        for line in log.read_text().splitlines() if log.exists() else []:
            thread, kind, *words = line.split("\t")
            self._take(thread, kind, words)

    def _take(self, thread: str, kind: str, words: list[str]) -> None:
        if kind != "C":
            self.points += 1
        if self._failed & {thread, *words[:2]}:
            self.after_failure.append(f"{kind} {words[0]}")
        if kind == "E":
            self._failed |= {thread, words[0]}
        if kind == "W":
            offset, size, old_size, at = map(int, words[1:])
            there = max(0, min(size, old_size - offset))
            self.writes.setdefault(words[0], []).append(Write(offset, size, old_size, self._kept[at : at + there]))
        elif kind == "T":
            old_size, new_size, at = map(int, words[1:])
            gone = max(0, old_size - new_size)
            self.writes.setdefault(words[0], []).append(Write(new_size, gone, old_size, self._kept[at : at + gone]))
        elif kind == "S":
            self.writes.pop(words[0], None)
        elif kind == "D":
            self.names = [one for one in self.names if os.path.dirname(one.path) != words[0].rstrip("/")]
        elif kind == "C":
            self.names.append(Naming("C", words[0]))
        elif kind == "R":
            self.names.append(Naming("R", words[0], words[1], words[2]))
            if words[0] in self.writes:
                self.writes[words[1]] = self.writes.pop(words[0])
        elif kind == "U":
            self.names.append(Naming("U", words[0], backup=words[1]))
            self.writes.pop(words[0], None)

    @property
    def pending(self) -> int:
        return sum(map(len, self.writes.values())) + len(self.names)

    def cut(self, policy: Policy, chance: random.Random) -> None:
        """Does to the files what the power cut would have done, and forgets the log."""
        for path, writes in self.writes.items():
            if os.path.exists(path):
                self._cut_file(path, writes, policy, chance)
        survive = len(self.names) if policy == "keep" else 0 if policy == "drop" else chance.randint(0, len(self.names))
        for one in reversed(self.names[survive:]):
            self._undo(one)
        for leftover in self.log.parent.glob(self.log.name + "*"):
            leftover.unlink()

    def _cut_file(self, path: str, writes: list[Write], policy: Policy, chance: random.Random) -> None:
        with open(path, "r+b") as file:
            for one in reversed(writes):  # back to what was flushed; what each wrote is seen on the way
                file.seek(one.offset)
                one.new = file.read(one.size)
                file.seek(one.offset)
                file.write(one.old)
                file.truncate(one.old_size)
            for one in writes:
                for start in range(0, len(one.new), SECTOR if policy == "tear" else max(1, len(one.new))):
                    if policy == "keep" or (policy in ("some", "tear") and chance.random() < 0.5):
                        file.seek(one.offset + start)
                        file.write(one.new[start : start + SECTOR] if policy == "tear" else one.new)
                if policy == "keep" and one.size == 0:
                    file.truncate(max(one.offset, os.fstat(file.fileno()).st_size))

    @staticmethod
    def _undo(one: Naming) -> None:
        if one.kind == "C" and os.path.exists(one.path):
            os.unlink(one.path)
        elif one.kind == "R" and os.path.exists(one.other):
            os.rename(one.other, one.path)
            if one.backup != "-":
                os.link(one.backup, one.other)
        elif one.kind == "U" and one.backup != "-" and not os.path.exists(one.path):
            os.link(one.backup, one.path)
