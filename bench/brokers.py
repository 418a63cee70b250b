"""What `bench broker` and `bench durable` share: the brokers side by side, and one sender and one receiver on each.

A peer that this machine lacks (a package, root for the chroot of RabbitMQ 4.0, Maven for Artemis) is left out with a line on
standard error. Environment: BASCULE_BIN, BASCULE_CACHE (where fetched brokers are kept, ~/.cache/bascule), BASCULE_BENCH_FOLDER
(where brokers keep their data; a folder of the disk to be measured), BASCULE_BENCH_PEERS (rabbitmq,rabbitmq 4.0,artemis), BASCULE_BENCH_WARM
(seconds of load that each subject gets before the rounds; 0).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from processes import BIN, cpu_seconds, daemon

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools" / "brokers"
CACHE = pathlib.Path(os.environ.get("BASCULE_CACHE", pathlib.Path.home() / ".cache" / "bascule"))
SIZE = 1024
WARM = float(os.environ.get("BASCULE_BENCH_WARM", "0"))
LIMIT = 120


@dataclasses.dataclass
class Broker:
    """A broker that runs: its process, and how its queues are named over AMQP 1.0 ({} is the queue)."""

    name: str
    pid: int
    url: str
    address: str = "{}"

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]


@dataclasses.dataclass
class Subject:
    """A way through a broker: protocol and kind of queue; `total` messages are a run."""

    name: str
    broker: Broker
    protocol: str  # "1.0" or "0.9.1"
    total: int
    queue: str = "plain"  # of RabbitMQ: classic or quorum

    def declare(self, name: str, durable: bool) -> None:
        if self.queue == "plain":  # made by the first link
            return
        self._queue_tool("declare", name, self.queue, "durable" if durable else "transient")

    def delete(self, name: str) -> None:
        if self.queue != "plain":
            self._queue_tool("delete", name)

    def _queue_tool(self, verb: str, name: str, *more: str) -> None:
        subprocess.run(
            [str(BIN / "bench-amqp091"), verb, "127.0.0.1", self.broker.port, name, *more], check=True, timeout=LIMIT
        )

    def command(self, verb: str, queue: str, *more: object) -> list[str]:
        words = [str(word) for word in more]
        if self.protocol == "1.0":
            return [str(BIN / "bench-amqp1"), verb, self.broker.url, self.broker.address.format(queue), *words]
        return [str(BIN / "bench-amqp091"), verb, "127.0.0.1", self.broker.port, queue, *words]


def left_out(what: str, why: object) -> None:
    print(f"bench: {what} is left out: {why}", file=sys.stderr)


@contextlib.contextmanager
def peer(folder: pathlib.Path, name: str, program: str, *arguments: str, address: str) -> Iterator[Broker]:
    """A broker of tools/brokers until the block ends."""
    ready = folder / f"{name}.ready"
    with open(folder / f"{name}.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, str(TOOLS / program), "--data", str(folder / name), "--ready-file", str(ready), *arguments],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise OSError((folder / f"{name}.log").read_text()[-500:].strip())
            time.sleep(0.1)
        said = json.loads(ready.read_text())
        yield Broker(said["name"], said["pid"], said["endpoints"]["amqp"], address)
    finally:
        process.terminate()
        process.wait(60)


def ours(stack: contextlib.ExitStack, folder: pathlib.Path, *arguments: str) -> Broker:
    running = stack.enter_context(daemon(folder, "bascule-broker", "--listen", "127.0.0.1:0", *arguments))
    return Broker("bascule", running.pid, running.endpoints["amqp"])


def rabbitmq_310(stack: contextlib.ExitStack, folder: pathlib.Path) -> Broker:
    return stack.enter_context(peer(folder, "rabbitmq", "rabbitmq", address="/amq/queue/{}"))


def rabbitmq_4(stack: contextlib.ExitStack, folder: pathlib.Path) -> Broker:
    root = CACHE / "rabbitmq-4-root"
    subprocess.run([str(TOOLS / "rabbitmq-4-root"), str(root)], check=True)
    return stack.enter_context(peer(folder, "rabbitmq4", "rabbitmq", "--root", str(root), address="/queues/{}"))


def artemis(stack: contextlib.ExitStack, folder: pathlib.Path) -> Broker:
    home = CACHE / "artemis"
    subprocess.run([str(TOOLS / "artemis-dist"), str(home)], check=True)
    return stack.enter_context(peer(folder, "artemis", "artemis", "--home", str(home), address="{}"))


def started(stack: contextlib.ExitStack, folder: pathlib.Path) -> dict[str, Broker]:
    """The peers that can be had here, by name; of BASCULE_BENCH_PEERS only those that it names."""
    found: dict[str, Broker] = {}
    wanted = os.environ.get("BASCULE_BENCH_PEERS")
    for what, start in (("RabbitMQ", rabbitmq_310), ("RabbitMQ 4.0", rabbitmq_4), ("Artemis", artemis)):
        if wanted is not None and what.lower() not in wanted.lower().split(","):
            continue
        try:
            running = start(stack, folder)
            found.setdefault(running.name, running)  # on Debian 13 both are 4.0
        except (OSError, subprocess.CalledProcessError) as error:
            left_out(what, error)
    return found


def folder_for(stack: contextlib.ExitStack) -> pathlib.Path:
    import tempfile

    made = tempfile.TemporaryDirectory(prefix="bascule-bench-", dir=os.environ.get("BASCULE_BENCH_FOLDER"))
    return pathlib.Path(stack.enter_context(made))


def attached(command: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if process.stdout.readline().strip() != "attached":
        process.kill()
        raise SystemExit(f"{' '.join(command[:3])}: it did not attach")
    return process


def figures(process: subprocess.Popen[str]) -> dict[str, float]:
    out, _ = process.communicate(timeout=LIMIT)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, process.args))}: it failed")  # type: ignore[arg-type]
    return dict(json.loads(out))


def through(subject: Subject, credit: int, in_flight: int, kind: str) -> dict[str, float]:
    """One sender, one receiver, at once: messages a second from the first sent to the last received; latency end to end."""
    queue = f"through.{kind}.{subject.queue}.{subject.protocol}"
    subject.declare(queue, kind == "durable")
    before = cpu_seconds([subject.broker.pid])
    receiver = attached(subject.command("receive", queue, credit, subject.total))
    sender = attached(subject.command("send", queue, in_flight, subject.total, SIZE, kind))
    sent, received = figures(sender), figures(receiver)
    used = (cpu_seconds([subject.broker.pid]) - before) * 1e6 / subject.total
    subject.delete(queue)
    seconds = (max(sent["ended_ns"], received["ended_ns"]) - sent["begun_ns"]) / 1e9
    return {"rate": subject.total / seconds, "p50_us": received["p50_us"], "p99_us": received["p99_us"],
            "cpu_us": used, "load_cpu_us": sent["cpu_us"] + received["cpu_us"]}  # fmt: skip


def published(subject: Subject, in_flight: int, total: int) -> dict[str, float]:
    """One sender of durable messages that nobody reads yet: accepted a second; latency until `accepted`. Then all are read."""
    queue = f"published.{subject.queue}.{subject.protocol}"
    subject.declare(queue, True)
    before = cpu_seconds([subject.broker.pid])
    sent = figures(attached(subject.command("send", queue, in_flight, total, SIZE, "durable")))
    used = (cpu_seconds([subject.broker.pid]) - before) * 1e6 / total
    figures(attached(subject.command("receive", queue, 1000, total)))
    subject.delete(queue)
    seconds = (sent["ended_ns"] - sent["begun_ns"]) / 1e9
    return {"rate": total / seconds, "p50_us": sent["p50_us"], "p99_us": sent["p99_us"], "cpu_us": used}


def alternate(
    subjects: list[Subject], rounds: int, run: Callable[[Subject], dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Every subject once a round, in turn; medians. One round before them is not counted, nor what WARM asks for: virtual
    machines warm up, and go on doing so for minutes."""
    taken: dict[str, list[dict[str, float]]] = {subject.name: [] for subject in subjects}
    for subject in subjects:
        end = time.monotonic() + WARM
        while time.monotonic() < end:
            run(subject)
    for number in range(rounds + 1):
        for subject in subjects:
            result = run(subject)
            if number > 0:
                taken[subject.name].append(result)
    return {name: {key: statistics.median(r[key] for r in runs) for key in runs[0]} for name, runs in taken.items()}


def figure(
    name: str, unit: str, median: dict[str, dict[str, float]], more: dict[str, float] | None = None
) -> dict[str, object]:
    """The JSON object of one figure: ours, and the peers beside it. `more`: rates that are no broker's."""
    peers = {key: round(value["rate"]) for key, value in median.items() if key != "bascule"} | (more or {})
    own = median["bascule"]
    return {
        "name": name, "unit": unit, "value": round(own["rate"]), "p50_us": own["p50_us"], "p99_us": own["p99_us"],
        "cpu_us": round(own["cpu_us"], 2), "peers": peers,
        "ratio": {key: round(own["rate"] / rate, 2) for key, rate in peers.items()},
        "peers_p50_us": {key: value["p50_us"] for key, value in median.items() if key != "bascule"},
        "peers_p99_us": {key: value["p99_us"] for key, value in median.items() if key != "bascule"},
    }  # fmt: skip
