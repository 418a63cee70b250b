"""Disks that fail: the power goes at any point, the page cache is lost, writes and flushes fail, the disk is full."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos import shims
from chaos.brokers import STATUS_IO_ERROR, Broker, Load
from chaos.history import check
from chaos.powercut import POLICIES, Disk
from chaos.scripted import FAILURES, Script, connected
from chaos.settings import FULL, SEED
from support.waiting import eventually

MakeBroker = Callable[..., Broker]
SEGMENT = "64KiB"  # small: segments are made, filled and removed within a few messages


def run_until_it_dies(
    broker: Broker, environment: dict[str, str], script: Script, work: Callable[[Script, str], None] = Script.run
) -> int:
    """Starts the broker, runs the script until one of them ends; the broker's exit status, 0 when it outlived the script."""
    process = broker.spawn(environment)
    if broker.wait_ready(process):
        with contextlib.suppress(*FAILURES):
            work(script, broker.url)
            return 0
    status = process.wait(timeout=240)
    script.dead()
    return status


@pytest.mark.parametrize("settings", [{}, {"large_message": "4KiB"}], ids=["journal alone", "bodies in files"])
def test_the_power_fails_at_every_point_of_a_small_workload(
    make_broker: MakeBroker, tmp_path: Path, settings: dict[str, str]
) -> None:
    """A crash before, after or in the middle of each write, flush, creation, rename and removal; what was not flushed is lost."""
    broker = make_broker(journal_segment=SEGMENT, **settings)
    log = tmp_path / "disk.log"
    assert run_until_it_dies(broker, shims.environment(broker.data, log=log), Script()) == 0
    broker.kill()
    total = Disk(log).points
    assert total > 40, f"the shim saw {total} calls only"
    chance = random.Random(SEED)
    points = list(range(1, total + 1)) if FULL else sorted(chance.sample(range(1, total + 1), 24))
    for number, point in enumerate(points):
        for leftover in tmp_path.glob("disk.log*"):
            leftover.unlink()
        shutil.rmtree(broker.data)
        script = Script()
        how = ("before", "torn", "after")[number % 3]
        run_until_it_dies(broker, shims.environment(broker.data, log=log, kill=f"{point}:{how}"), script)
        if broker.alive():  # calls differ a little from run to run
            broker.kill()
            script.dead()
        Disk(log).cut(POLICIES[(number // 3) % len(POLICIES)], chance)
        broker.start()
        script.drain(broker.url)
        broker.kill()
        verdict = check(script.events)
        assert not verdict.wrong, f"point {point} of {total} ({how}), seed {SEED}: {verdict}"


def cut_again_and_again(broker: Broker, load: Load, log: Path, rounds: int) -> None:
    chance = random.Random(SEED)
    environment = shims.environment(broker.data, log=log, slow_sync_ms=15)
    broker.start(environment)
    load.consume(broker.url)
    load.produce(broker.url, rate=300)
    pending = 0
    for number in range(rounds):
        load.wait_more("accepted", chance.randint(5, 60))
        broker.kill()
        disk = Disk(log)
        pending += disk.pending
        disk.cut(POLICIES[number % len(POLICIES)], chance)
        broker.start(environment)
    assert pending > 0, "no write was ever under way: this cut nothing"
    load.wait_more("accepted", 5)
    load.stop("p")
    load.drain(broker)
    load.stop("c")


def test_the_page_cache_is_lost_under_load(make_broker: MakeBroker, load: Load, tmp_path: Path) -> None:
    broker = make_broker(journal_segment="256KiB")
    cut_again_and_again(broker, load, tmp_path / "disk.log", rounds=40 if FULL else 10)
    verdict = load.verdict(broker)
    assert not verdict.wrong, verdict


def test_control_a_broker_that_does_not_flush_is_caught(make_broker: MakeBroker, tmp_path: Path) -> None:
    """The negative control of the tests above: with fsync = never the same power cut loses messages, and the checker says so."""
    broker = make_broker(fsync="never")
    log = tmp_path / "disk.log"
    script = Script()
    assert run_until_it_dies(broker, shims.environment(broker.data, log=log), script) == 0
    broker.kill()
    script.dead()
    Disk(log).cut("drop", random.Random(SEED))
    broker.start()
    script.drain(broker.url)
    assert check(script.events).wrong.get("lost"), "accepted, not flushed, the power cut: it must be lost"


@pytest.mark.parametrize("settings", [{}, {"large_message": "4KiB"}], ids=["journal alone", "bodies in files"])
@pytest.mark.parametrize("call", ["write", "sync"])
@pytest.mark.parametrize("at", [9, 14])
def test_an_io_error_ends_the_process_at_once(
    make_broker: MakeBroker, call: str, at: int, tmp_path: Path, settings: dict[str, str]
) -> None:
    """Status 74, a log line, nothing retried and nothing more written; what was accepted is there after a restart."""
    log = tmp_path / "disk.log"
    broker = make_broker(journal_segment=SEGMENT, **settings)
    script = Script()
    status = run_until_it_dies(broker, shims.environment(broker.data, log=log, fail=f"{call}:EIO:{at}"), script)
    assert status == STATUS_IO_ERROR, broker.log()[-2000:]
    assert "Input/output error" in broker.log()
    assert not Disk(log).after_failure, "it went on after a call had failed"
    broker.start()
    script.drain(broker.url)
    verdict = check(script.events)
    assert not verdict.wrong, verdict


def test_a_full_disk_refuses_durable_messages_and_recovers(make_broker: MakeBroker, tmp_path: Path) -> None:
    broker = make_broker(journal_segment=SEGMENT)
    full = tmp_path / "full"
    broker.start(shims.environment(broker.data, fail="allocate:ENOSPC:1", only_while=full))
    script = Script()
    with connected(broker.url) as connection:
        sender = connection.create_sender(script.queue)
        assert script.send(sender, 9000)
        full.touch()
        while script.send_or_wait(connection, sender, 9000):
            assert len(script.accepted) < 100, "a segment of 64 KiB holds no hundred messages of 9 KB"
        # None of them waits for space: each is refused at once.
        assert len(script.refused) == 1
        assert not script.send(sender, 9000)
        assert broker.alive()
        # Consumers go on while producers are refused.
        assert script.receive(connection.create_receiver(script.queue, credit=1)) == script.accepted[0]
        full.unlink()
        fresh = connection.create_sender(script.queue, name="fresh")
        eventually(lambda: script.send_or_wait(connection, fresh, 9000), "durable messages are taken again")
    broker.kill()
    script.dead()
    broker.start()
    script.drain(broker.url)
    verdict = check(script.events)
    assert not verdict.wrong, verdict


def fill_and_drain(script: Script, url: str) -> None:
    with connected(url) as connection:
        sender = connection.create_sender(script.queue)
        while script.send(sender, 9000):
            assert len(script.accepted) < 100, "four segments of 64 KiB hold no hundred messages of 9 KB"
    script.drain(url)


def test_the_power_fails_at_any_point_of_a_full_disk(make_broker: MakeBroker, tmp_path: Path) -> None:
    """The same on a disk that is full, and still is after the restart: all that was accepted can be read."""
    broker = make_broker(journal_segment=SEGMENT, disk_low="0B")
    log = tmp_path / "disk.log"
    full = "allocate:ENOSPC:5"
    script = Script()
    assert run_until_it_dies(broker, shims.environment(broker.data, log=log, fail=full), script, fill_and_drain) == 0
    assert len(script.accepted) > 15, "most of four segments could be used"
    broker.kill()
    total = Disk(log).points
    chance = random.Random(SEED)
    points = list(range(1, total + 1)) if FULL else sorted(chance.sample(range(1, total + 1), 12))
    for number, point in enumerate(points):
        for leftover in tmp_path.glob("disk.log*"):
            leftover.unlink()
        shutil.rmtree(broker.data)
        script = Script()
        how = ("before", "torn", "after")[number % 3]
        environment = shims.environment(broker.data, log=log, fail=full, kill=f"{point}:{how}")
        run_until_it_dies(broker, environment, script, fill_and_drain)
        if broker.alive():
            broker.kill()
            script.dead()
        Disk(log).cut(POLICIES[(number // 3) % len(POLICIES)], chance)
        broker.start(shims.environment(broker.data, fail="allocate:ENOSPC:1"))
        script.drain(broker.url)
        broker.kill()
        verdict = check(script.events)
        assert not verdict.wrong, f"point {point} of {total} ({how}), seed {SEED}: {verdict}"


def may_mount() -> bool:
    command = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount a small tmpfs in a namespace of its own")
def test_a_file_system_that_is_really_full(make_broker: MakeBroker, tmp_path: Path) -> None:
    """The same without a shim: 1 MiB of tmpfs, seen by the broker alone, which is filled and emptied and filled again."""
    broker = make_broker(journal_segment="128KiB", disk_low="0B")  # not before it is full
    broker.data.mkdir()
    mounted = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    broker.wrapper = ["unshare", "--mount", "sh", "-c", mounted, str(broker.data)]
    broker.start()
    script = Script()
    for _ in range(2):
        with connected(broker.url) as connection:
            sender = connection.create_sender(script.queue)
            before = len(script.accepted)
            while script.send_or_wait(connection, sender, 9000):
                assert len(script.accepted) < before + 200, "1 MiB holds no 200 messages of 9 KB"
            assert len(script.accepted) > before + 20, "most of the disk could be used"
        assert broker.alive(), broker.log()[-2000:]
        script.drain(broker.url)
        with connected(broker.url) as connection:
            fresh = connection.create_sender(script.queue, name="fresh")
            eventually(
                lambda connection=connection, fresh=fresh: script.send_or_wait(connection, fresh, 9000),
                "durable messages are taken again",
            )
    script.drain(broker.url)
    verdict = check(script.events)
    assert not verdict.wrong, verdict
