"""The process's log: one JSON object a line on standard error, as the C++ side writes it."""

from __future__ import annotations

import datetime
import json
import logging

from bascule import _native

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


class JsonFormatter(logging.Formatter):
    """A record as one line: ts, level, process, trace when there is one, msg, and the error's traceback."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        level = "warn" if record.levelno == logging.WARNING else "error" if record.levelno > logging.WARNING else None
        line: dict[str, object] = {
            "ts": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": level or record.levelname.lower(),
            "process": self._process,
            "msg": record.getMessage(),
            "logger": record.name,
        }
        trace = getattr(record, "trace_id", "") or _current_trace()
        if trace:
            line["trace_id"] = trace
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _current_trace() -> str:
    from bascule.context import current

    context = current.get()
    return context.trace_id if context is not None else ""


def start(process: str, level: str) -> None:
    """Names the process and sends Python's logging and the native log to standard error."""
    _native.log_start(process, level)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(process))
    logging.basicConfig(level=_LEVELS[level], handlers=[handler], force=True)
