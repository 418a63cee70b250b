"""Platform: starting and stopping all of it. `bascule up` and the functional tests use this same class.

Order: PostgreSQL, databases, broker, then gateway and services together; each waits until what it needs is ready.
A port that the kernel chose is written back to the process's configuration, so that a restart gets it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from bascule.errors import NotRunning, PlatformError
from bascule.platform import brokers, databases, history, orphans, ports, settings, status
from bascule.platform.account import postgres_account
from bascule.platform.application import Application, Service
from bascule.platform.layout import Layout
from bascule.platform.postgres import Cluster
from bascule.platform.programs import Programs
from bascule.platform.settings import LOCAL, Options
from bascule.platform.status import POSTGRES, ProcessStatus
from bascule.platform.supervisor import Program, Supervisor, render
from bascule.platform.watch import tail
from bascule.tree import find_tree

Progress = Callable[[str], None]
POLL_SECONDS = 0.03
# How often a process may die before it ever served, until `up` gives up. What has served is never given up.
TRIES = 3


class Platform:
    """One platform on one data folder. Every method raises PlatformError with what to do about it."""

    def __init__(self, application: Application, layout: Layout, options: Options, programs: Programs) -> None:
        self._application = application
        self._layout = layout
        self._options = options
        self._programs = programs
        self._supervisor = Supervisor(layout)
        self.endpoints: dict[str, Any] = {}
        self._admin = ""  # where our own broker is managed over HTTP

    def start(self, say: Progress, tie_to_parent: bool = True) -> None:
        """Starts everything and returns when it serves. On failure nothing is left running."""
        self._layout.data.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._refuse_if_running()
            self._fetch_broker(say)
            declared = self._declare()  # finds missing programs before anything starts
            ports.check_free(self._options.http_port, "--http-port")
            if not brokers.is_url(self._options.broker):
                ports.check_free(self._options.amqp_port, "--amqp-port")
            self._layout.make()
            self._clear()
            try:
                self._bring_up(declared, say, tie_to_parent)
            except BaseException:
                with contextlib.suppress(NotRunning):
                    stop(self._layout, lambda line: None)
                raise

    def processes(self) -> list[ProcessStatus]:
        return status.collect(self._layout)

    def stop(self, say: Progress) -> None:
        stop(self._layout, say)

    def stop_one(self, name: str) -> None:
        """Drains and stops one process; it stays stopped."""
        self._supervisor.stop(group_of(self._supervisor, name), name)

    def start_one(self, name: str) -> None:
        """Starts a stopped process and waits until it serves."""
        self._start([(group_of(self._supervisor, name), name)], lambda line: None)

    # In order of use.

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._layout.data / "up.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PlatformError(f"another `up` is starting on {self._layout.data}: wait for it") from None
            yield

    def _refuse_if_running(self) -> None:
        if self._supervisor.alive():
            raise PlatformError(
                f"a platform already runs on {self._layout.data}: see ./bascule status, stop it with ./bascule down, "
                "or run another beside it with --data DIR --http-port 0 --amqp-port 0"
            )
        orphans.end(orphans.find(self._layout))

    def _declare(self) -> list[Program]:
        """The daemons and the application's processes, but not PostgreSQL."""
        found = [*self._broker(), self._daemon("gateway", "edge", ["bascule-gateway"])]
        for service in self._application.services:
            found += [self._service(service, name) for name in service.processes]
        return found

    def _fetch_broker(self, say: Progress) -> None:
        brokers.check(self._options.broker)
        if external := brokers.external(self._options.broker):
            if not external.home.exists():
                say(f"fetching {external.name} into {external.home}")
            brokers.fetch(external, find_tree())

    def _broker(self) -> list[Program]:
        if brokers.is_url(self._options.broker):
            return []
        external = brokers.external(self._options.broker)
        if external is None:
            return [self._daemon("broker", "messaging", ["bascule-broker"])]
        command = brokers.command(external, find_tree(), self._layout, self._options.amqp_port)
        return [Program("broker", "messaging", command, self._application.directory, stop_seconds=45)]

    def _daemon(self, name: str, group: str, command: list[str]) -> Program:
        directory = self._application.directory
        resolved = self._programs.need(name, command, directory)
        return Program(name, group, [*resolved, *self._flags(name, name)], directory)

    def _service(self, service: Service, name: str) -> Program:
        directory = self._application.directory
        resolved = self._programs.need(service.name, service.command, directory)
        command = [*resolved, *self._flags(service.name, name)]
        return Program(name, "services", command, directory, service.environment)

    def _flags(self, config: str, name: str) -> list[str]:
        return [
            "--config",
            str(self._layout.config_file(config)),
            "--ready-file",
            str(self._layout.ready_file(name)),
        ]

    def _clear(self) -> None:
        """Removes what the last run left; logs stay."""
        for file in [*self._layout.ready.glob("*.json"), self._layout.events, self._layout.endpoints]:
            file.unlink(missing_ok=True)

    def _bring_up(self, declared: list[Program], say: Progress, tie_to_parent: bool) -> None:
        cluster = self._cluster(say)
        database = Program(
            POSTGRES, "storage", cluster.command(), Path("/"), {}, cluster.account_name, stop_signal="INT"
        )
        self._layout.supervisor_config.write_text(render(self._layout, [database, *declared]))
        self._layout.log_file(POSTGRES).touch()
        self._supervisor.launch(tie_to_parent)
        self._start([("storage", POSTGRES)], say)
        databases_of = self._databases(cluster)
        broker_url, own_url = self._start_broker(say)
        self._start_rest(declared, own_url, databases_of, say)
        self._publish(cluster, broker_url)
        wait_until_routed(self.endpoints["gateway"], self._options.timeout)

    def _cluster(self, say: Progress) -> Cluster:
        cluster = Cluster(self._layout, postgres_account(), self._options.fast_db)
        if cluster.prepare():
            say(f"made a private PostgreSQL cluster in {cluster.folder}")
        return cluster

    def _databases(self, cluster: Cluster) -> dict[str, str]:
        """Makes the databases; returns each service's connection string."""
        names = [service.name for service in self._application.services if service.database]
        passwords = {name: databases.password_of(self._layout.secrets, name) for name in names}
        cluster.sql(databases.script(passwords))
        return {name: cluster.conninfo_of(name, password) for name, password in passwords.items()}

    def _start_broker(self, say: Progress) -> tuple[str, str]:
        """The broker's address for everybody, and for the platform's own processes."""
        if brokers.is_url(self._options.broker):
            return self._options.broker, self._options.broker
        if brokers.external(self._options.broker):
            self._start([("messaging", "broker")], say)
            url = self._endpoint("broker", "amqp")
            return url, url
        settings.write_token(self._layout.admin_token)
        self._write_broker(f"{LOCAL}:{self._options.amqp_port}", f"{LOCAL}:0")
        self._start([("messaging", "broker")], say)
        url, self._admin = self._endpoint("broker", "amqp"), self._endpoint("broker", "metrics")
        self._write_broker(settings.authority(url), settings.authority(self._admin))
        return url, self._endpoint("broker", "amqp+unix")

    def _write_broker(self, listen: str, admin: str) -> None:
        document = settings.broker(self._application, self._options, listen, admin, self._layout)
        settings.write(self._layout.config_file("broker"), document)

    def _start_rest(
        self, declared: list[Program], broker_url: str, databases_of: dict[str, str], say: Progress
    ) -> None:
        for service in self._application.services:
            document = settings.service(service, self._options, broker_url, databases_of.get(service.name))
            settings.write(self._layout.config_file(service.name), document)
        file = self._layout.config_file("gateway")
        listen = f"{LOCAL}:{self._options.http_port}"
        settings.write(file, settings.gateway(self._application, self._options, listen, broker_url))
        self._start([(program.group, program.name) for program in declared if program.name != "broker"], say)
        bound = settings.authority(self._endpoint("gateway", "http"))
        settings.write(file, settings.gateway(self._application, self._options, bound, broker_url))

    def _start(self, wanted: list[tuple[str, str]], say: Progress) -> None:
        """Starts processes and waits until all of them serve."""
        waiting = {name for _, name in wanted}
        for group, name in wanted:
            self._supervisor.start(group, name)
        deadline = time.monotonic() + self._options.timeout
        while waiting:
            for process in self.processes():
                if process.name in waiting and process.state == "running":
                    waiting.discard(process.name)
                    where = ", ".join(process.endpoints.values())
                    say(f"{process.name} is ready{' on ' + where if where else ''}")
                elif process.name in waiting and process.restarts >= TRIES:
                    raise PlatformError(self._why(process.name, f"ended {TRIES} times before it was ready"))
            if waiting and time.monotonic() > deadline:
                late = min(waiting)
                raise PlatformError(self._why(late, f"was not ready within {self._options.timeout:.0f} s"))
            time.sleep(POLL_SECONDS if waiting else 0)

    def _why(self, name: str, what: str) -> str:
        end = "\n".join(f"    {line}" for line in tail(self._layout.log_file(name), 3000).splitlines()[-8:])
        reasons = [
            event.reason for event in history.read(self._layout.events) if event.process == name and event.reason
        ]
        last = f" ({reasons[-1]})" if reasons else ""
        return f"{name} {what}{last}. Its log, {self._layout.log_file(name)}, ends with:\n{end}"

    def _endpoint(self, name: str, kind: str) -> str:
        said = status.read_ready(self._layout, name)
        if said is None or kind not in said.endpoints:
            raise PlatformError(f"{name} names no `{kind}` endpoint in {self._layout.ready_file(name)}")
        return said.endpoints[kind]

    def _publish(self, cluster: Cluster, broker_url: str) -> None:
        services = {name: said.endpoints for name in self._service_processes() if (said := self._said(name))}
        self.endpoints = {
            "gateway": self._endpoint("gateway", "http"),
            "broker": broker_url,
            "postgres": cluster.conninfo,
            "services": services,
            **({"admin": self._admin} if self._admin else {}),
        }
        temporary = self._layout.endpoints.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.endpoints, indent=2) + "\n")
        temporary.replace(self._layout.endpoints)

    def _service_processes(self) -> list[str]:
        return [name for service in self._application.services for name in service.processes]

    def _said(self, name: str) -> Any:
        return status.read_ready(self._layout, name)


def group_of(supervisor: Supervisor, name: str) -> str:
    states = supervisor.states()
    if name not in states:
        raise PlatformError(f"no process {name}; there are: {', '.join(states)}")
    return states[name].group


def stop(layout: Layout, say: Progress) -> None:
    """Drains and stops everything in order: gateway, services, broker, PostgreSQL. Raises NotRunning.

    Bounded: supervisor kills what has not stopped after 20 s.
    """
    supervisor = Supervisor(layout)
    if not supervisor.alive():
        raise NotRunning(f"no platform runs on {layout.data}")
    pid = supervisor.pid()
    running: dict[str, int] = {}
    with contextlib.suppress(NotRunning):  # it is stopping already: only wait
        running = {name: state.pid for name, state in supervisor.states().items() if state.pid}
        supervisor.shutdown()
    while running or not gone(pid):
        for name in [name for name, process in reversed(running.items()) if gone(process)]:
            del running[name]
            say(f"{name} stopped")
        supervisor.alive()  # a request wakes supervisor from its once-a-second rounds
        time.sleep(POLL_SECONDS)


def gone(pid: int) -> bool:
    """Whether a process ended; one of our own children is reaped."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not psutil.pid_exists(pid)


def wait_until_routed(gateway: str, seconds: float) -> None:
    """Waits until the gateway itself says that it is ready to serve (/readyz)."""
    deadline = time.monotonic() + seconds
    last = ""
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{gateway}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            last = error.read(500).decode(errors="replace")
        except OSError as error:
            last = str(error)
        time.sleep(POLL_SECONDS)
    raise PlatformError(f"{gateway}/readyz did not answer 200 within {seconds:.0f} s: {last}")
