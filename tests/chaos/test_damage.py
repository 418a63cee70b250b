"""Flipped bits and truncations in every file of the data folder: noticed by file and offset, or harmless, and then proven so."""

from __future__ import annotations

import dataclasses
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.brokers import Broker
from chaos.history import Event, check
from chaos.scripted import Script, connected
from chaos.settings import FULL, SEED
from support.waiting import eventually

MakeBroker = Callable[..., Broker]


@dataclasses.dataclass(frozen=True)
class Damage:
    file: Path  # relative to the data folder
    offset: int
    bit: int | None  # None: the file ends at the offset

    def do(self, data: Path) -> None:
        path = data / self.file
        content = bytearray(path.read_bytes())
        if self.bit is None:
            del content[self.offset :]
        else:
            content[self.offset] ^= 1 << self.bit
        path.write_bytes(content)

    def __str__(self) -> str:
        what = "truncated" if self.bit is None else f"bit {self.bit} flipped"
        return f"{self.file} {what} at offset {self.offset}"


def files(data: Path) -> list[Path]:
    return sorted(path.relative_to(data) for path in data.rglob("*") if path.is_file())


def damages(data: Path, of_each: int, chance: random.Random) -> Iterator[Damage]:
    """For every file: its first and last bytes, and others by chance, most of them where it holds something."""
    for file in files(data):
        content = (data / file).read_bytes()
        if not content:
            continue
        used = len(content.rstrip(b"\0")) or 1
        offsets = [0, min(8, len(content) - 1), used - 1, *(chance.randrange(used) for _ in range(of_each))]
        for offset in dict.fromkeys([*offsets, chance.randrange(len(content))]):
            yield Damage(file, offset, chance.randrange(8))
        for size in (0, chance.randrange(used), len(content) - 1):
            yield Damage(file, size, None)


class Written:
    """A data folder whose content is known: durable messages, some of them settled, small and large ones, a few segments."""

    def __init__(self, broker: Broker, orderly: bool) -> None:
        self.broker = broker
        broker.start()
        self.script = Script()
        for size in (40, 3000, 9000):
            self.script.run(broker.url, messages=16, size=size, read=5)
        with connected(
            broker.url
        ) as connection:  # larger than the journal keeps inline, if it keeps large ones elsewhere
            self.script.send(connection.create_sender(self.script.queue), 150_000)
        broker.stop() if orderly else broker.kill()
        self.script.dead()
        self.pristine = broker.folder / "pristine"
        shutil.copytree(broker.data, self.pristine)

    def damaged(self, damage: Damage) -> None:
        shutil.rmtree(self.broker.data)
        shutil.copytree(self.pristine, self.broker.data)
        damage.do(self.broker.data)

    def read_back(self) -> tuple[dict[str, list[str]], list[str]]:
        """What is wrong with what a broker on this folder gives, and what it gives."""
        events = list(self.script.events)
        script = Script()
        self.broker.start()
        got = script.drain(self.broker.url)
        self.broker.kill()
        return check([*events, *script.events, Event("life")]).wrong, got


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("orderly", [True, False], ids=["after an orderly end", "after kill -9"])
def test_damage_is_noticed_or_harmless(orderly: bool, make_broker: MakeBroker) -> None:
    written = Written(make_broker(journal_segment="64KiB"), orderly)
    broker = written.broker
    assert broker.tool("verify").returncode == 0
    assert not written.read_back()[0], "undamaged, it is whole"
    noticed = torn = harmless = 0
    for damage in damages(written.pristine, 60 if FULL else 3, random.Random(SEED)):
        written.damaged(damage)
        said = broker.tool("verify")
        if said.returncode != 0:
            assert said.returncode == 1, f"{damage}: verify ended with {said.returncode}: {said.stderr}"
            assert damage.file.name in said.stdout + said.stderr, f"{damage}: another file is blamed: {said.stdout}"
            assert re.search(r"offset \d+", said.stdout + said.stderr), f"{damage}: no offset: {said.stdout}"
            noticed += 1
            continue
        wrong, _ = written.read_back()
        if "torn end" in said.stdout:
            # The last flush of a broker that was killed cannot be told from one that never ended: it is told, and cut off.
            assert not orderly or not wrong, f"{damage}: {wrong} is gone, and verify only speaks of a torn end"
            assert set(wrong) <= {"lost", "resurrected"}, f"{damage}: {wrong}"
            torn += 1
        else:
            assert not wrong, f"{damage}: not noticed, and {wrong}"
            harmless += 1
    print(f"\n{noticed} noticed, {torn} taken for a torn end, {harmless} harmless")
    assert noticed > 10


def test_a_damaged_folder_is_not_served_as_if_nothing_were(make_broker: MakeBroker) -> None:
    """A broker started on damage says where it is, and does not lose what lies elsewhere in the folder."""
    written = Written(make_broker(journal_segment="64KiB"), orderly=True)
    broker = written.broker
    first = next(file for file in files(written.pristine) if file.suffix != ".body")  # a body is read when it is wanted
    content = (written.pristine / first).read_bytes()
    used = len(content.rstrip(b"\0"))
    damage = Damage(first, used // 2, 3)
    written.damaged(damage)
    process = broker.spawn()
    if broker.wait_ready(process):
        broker.kill()
    assert damage.file.name in broker.log() and re.search(r"offset \d+", broker.log()), broker.log()[-2000:]
    kept = (broker.data / first).read_bytes()
    damage.do(written.pristine)
    assert kept[:used] == (written.pristine / first).read_bytes()[:used], "what is damaged is not written over"


def test_the_last_flush_is_marked_when_it_stays_the_last(make_broker: MakeBroker, tmp_path: Path) -> None:
    """Nothing but time follows it: from then on damage to it is told from a flush that never ended."""
    broker = make_broker().start()
    script = Script()
    with connected(broker.url) as connection:
        script.send(connection.create_sender(script.queue), 100)

        def last_record() -> bool:
            copy = tmp_path / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(broker.data, copy)
            lines = broker.tool("dump", copy).stdout.splitlines()
            return any('"type":"mark"' in line for line in lines[-2:])

        eventually(last_record, "a mark behind the message, in a copy of the folder")
    broker.kill()
    written = next(path for path in (broker.data / "journal").iterdir() if path.name.endswith(".journal"))
    content = bytearray(written.read_bytes())
    where = content.rindex(b"s-0")  # its id
    content[where] ^= 1
    written.write_bytes(content)
    said = broker.tool("verify")
    assert said.returncode == 1, said.stdout
    assert "damaged at offset" in said.stdout
