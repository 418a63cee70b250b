"""Which client programs there are, how each is started, and what its library cannot do (the library, not the broker)."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from interop.driver import BUILT, CLIENTS, TREE, Program


@dataclass(frozen=True)
class Library:
    """A client library behind a program of clients/. `cannot`: what the library has no means for, and why."""

    name: str
    title: str
    command: list[str]
    needs: Path
    environment: dict[str, str] = field(default_factory=dict)
    cannot: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str:
        """Why it cannot run here; empty when it can."""
        if self.needs.exists() and shutil.which(self.command[0]):
            return ""
        reason = BUILT / f"{self.name}.missing"
        said = reason.read_text().strip() if reason.exists() else f"{self.needs} is not there: ./bascule test interop"
        return f"{self.title}: {said}"

    def start(self) -> Program:
        return Program(self.name, self.command, self.environment)


def build_folder() -> Path:
    return Path(os.environ.get("BASCULE_BUILD", TREE / "build" / "dev"))


PROTON_CPP = Library(
    "proton_cpp",
    "Qpid Proton C++",
    [str(build_folder() / "bin" / "interop-proton-cpp")],
    build_folder() / "bin" / "interop-proton-cpp",
    cannot={
        "reject with a reason": "its API has no argument for it",
        "read a reason": "its API does not show the condition of a rejected message",
        "modify with fields": "its API has no arguments for it",
        "settle second": "its API has no such mode",
        "several sections": "its message has one body section",
        "footer": "its message has no footer",
        "SCRAM": "Debian builds it without the Cyrus library",
        "WebSocket": "it has no such transport",
    },
)
PROTON_PYTHON = Library(
    "proton_python",
    "Qpid Proton Python",
    [sys.executable, str(CLIENTS / "proton_python" / "client.py")],
    CLIENTS / "proton_python" / "client.py",
    cannot={
        "several sections": "its message has one body section",
        "footer": "its message has no footer",
        "SCRAM": "Debian builds it without the Cyrus library",
        "WebSocket": "it has no such transport",
    },
)
RHEA = Library(
    "rhea",
    "rhea (JavaScript)",
    ["node", str(CLIENTS / "rhea" / "client.js")],
    BUILT / "rhea" / "key",
    environment={"NODE_PATH": str(BUILT / "rhea" / "node_modules")},
    cannot={
        "send described": "a described value loses its descriptor to the body section's",
        "read described": "it drops the descriptor of a value inside the body section",
        "annotation keys of ulong": "it writes every annotation's key as a symbol",
        "SCRAM": "it has no such mechanism",
    },
)
GO_AMQP = Library(
    "go_amqp",
    "go-amqp (Azure)",
    [str(BUILT / "go_amqp" / "client")],
    BUILT / "go_amqp" / "key",
    cannot={
        "decimal": "it has no such type",
        "char": "it has no such type",
        "send described": "its type for it is internal",
        "read described": "its type for it is internal",
        "detach": "it always closes a link",
        "browse": "it has no distribution-mode",
        "drain what is there": "its drain takes back the credit that was given",
        "SCRAM": "it has no such mechanism",
        "WebSocket": "it has no such transport",
    },
)
QPID_JMS = Library(
    "qpid_jms",
    "Qpid JMS 2",
    ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{BUILT / 'qpid_jms' / 'classes'}:{BUILT / 'qpid_jms' / 'lib'}/*", "Client"],
    BUILT / "qpid_jms" / "key",
)
"""In the terms of JMS (test_jms.py): without credit, settlement modes or AMQP's types."""

LIBRARIES = [PROTON_CPP, PROTON_PYTHON, RHEA, GO_AMQP]
BY_NAME = {library.name: library for library in [*LIBRARIES, QPID_JMS]}
