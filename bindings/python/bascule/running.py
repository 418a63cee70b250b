"""Runs an App as a process of the platform: configuration, log, ready file, signals, drain."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import sys
from pathlib import Path

from bascule import logs
from bascule.app import App
from bascule.configuration import ServiceConfiguration, load
from bascule.errors import PlatformError
from bascule.failures import Error


def find_app(name: str) -> App:
    """``module:attribute``. Raises PlatformError that says what is missing."""
    module_name, _, attribute = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise PlatformError(f"{name}: {error}; PYTHONPATH is {os.environ.get('PYTHONPATH', 'not set')}") from error
    app = getattr(module, attribute or "app", None)
    if not isinstance(app, App):
        raise PlatformError(f"{name}: {module_name} has no bascule.App called {attribute or 'app'}")
    return app


def run(name: str, config: Path | None, ready_file: Path | None) -> None:
    """Serves until SIGTERM or SIGINT, then drains. A second signal ends at once."""
    app = find_app(name)
    configuration = load(app.name, config)
    logs.start(app.name, configuration.log_level)
    try:
        asyncio.run(_serve(app, configuration, ready_file))
    except Error as error:
        raise PlatformError(f"{app.name} cannot start: {error}") from error


async def _serve(app: App, configuration: ServiceConfiguration, ready_file: Path | None) -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, stop)

    async def serve() -> None:
        async with app.running(configuration) as endpoints:
            ready.set()
            if ready_file is not None:
                write_ready(ready_file, app.name, endpoints)
            await stop.wait()

    serving, stopped = asyncio.create_task(serve()), asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not ready.is_set():
        serving.cancel()  # told to stop while it was still starting: nothing to drain
    try:
        await serving
    except asyncio.CancelledError:
        if not stop.is_set():
            raise


def _on_signal(stop: asyncio.Event) -> None:
    if stop.is_set():
        os._exit(130)
    stop.set()


def write_ready(file: Path, name: str, endpoints: dict[str, str]) -> None:
    """Says that the process serves: written whole or not at all."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"name": name, "pid": os.getpid(), "endpoints": endpoints}), encoding="utf-8")
    temporary.replace(file)
