"""A service on AMQP that owes nothing to Bascule: Apache's Thrift and python-qpid-proton, driven by a test."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from proton import Message, Terminus, symbol
from proton.handlers import MessagingHandler
from proton.reactor import ApplicationEvent, Container, EventInjector, LinkOption
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.Thrift import TApplicationException, TMessageType
from thrift.transport.TTransport import TMemoryBuffer

COMPACT = "application/vnd.apache.thrift.compact"
PROTOCOLS = {
    COMPACT: TCompactProtocol.TCompactProtocol,
    "application/vnd.apache.thrift.binary": TBinaryProtocol.TBinaryProtocol,
}


class Contract:
    """What Apache's compiler and ours make of one contract."""

    def __init__(self, source: Path, folder: Path, tree: Path) -> None:
        subprocess.run(["thrift", "--gen", "py", "-out", str(folder), str(source)], check=True)
        descriptor, openapi = folder / "descriptor.json", folder / "openapi.json"
        compiler = tree / "idl/compiler/bin/basculec"
        subprocess.run([compiler, source, "--descriptor", descriptor, "--openapi", openapi], check=True)
        self.descriptor = descriptor.read_text()
        self.openapi: dict[str, Any] = json.loads(openapi.read_text())
        self.digest: str = json.loads(self.descriptor)["digest"]
        sys.path.insert(0, str(folder))
        self.types: ModuleType = importlib.import_module("shelf.ttypes")
        self.stub: ModuleType = importlib.import_module("shelf.Shelf")


class _Capability(LinkOption):
    def __init__(self, name: str, source: bool) -> None:
        self.name, self.source = name, source

    def apply(self, link: Any) -> None:
        terminus: Terminus = link.source if self.source else link.target
        terminus.capabilities.put_array(False, 21)  # symbols
        terminus.capabilities.enter()
        terminus.capabilities.put_symbol(symbol(self.name))
        terminus.capabilities.exit()


Handler = Callable[[Message, Any], Any]


class Shelf(MessagingHandler):
    """One instance of shelf.Shelf. `methods[method](message, arguments)` gives the result, or raises a declared exception,
    or returns None to leave the request unanswered. `seen` holds every request's message."""

    def __init__(self, url: str, contract: Contract, instance: str = "one", service: str = "shelf.Shelf") -> None:
        super().__init__(prefetch=100, auto_accept=True)
        self.url, self.contract, self.instance, self.service = url, contract, instance, service
        self.descriptor, self.digest = contract.descriptor, contract.digest
        self.methods: dict[str, Handler] = {}
        self.seen: list[Message] = []
        self.described = 0
        self._ready = threading.Event()
        self._injector = EventInjector()
        self._container = Container(self)
        self._container.selectable(self._injector)
        self._thread = threading.Thread(target=self._container.run, daemon=True)

    # -- for tests --

    def start(self) -> Shelf:
        self._thread.start()
        assert self._ready.wait(60), "the service did not attach"
        return self

    def announce(self, state: str = "up", interval_ms: int = 60_000) -> None:
        self._do(lambda: self._announce(state, interval_ms))

    def stop(self) -> None:
        """Leaves as a service does that drains."""
        self._do(self._leave)
        self._thread.join(60)

    def answer(self, request: Message, result: Any, name: str | None = None) -> None:
        """Answers a request that was left unanswered."""
        self._do(lambda: self._reply(request, self._encode(request, name or request.subject, result)))

    # -- the rest runs on the container's thread --

    def _do(self, work: Callable[[], None]) -> None:
        self._injector.trigger(ApplicationEvent("work", subject=work))

    def on_work(self, event: Any) -> None:
        event.subject()

    def on_start(self, event: Any) -> None:
        self._connection = event.container.connect(self.url, reconnect=False)
        self._requests = event.container.create_receiver(
            self._connection, f"rpc.{self.service}", options=_Capability("queue", True)
        )
        self._announcements = event.container.create_sender(
            self._connection, "bascule.announce", options=_Capability("topic", False)
        )
        self._questions = event.container.create_receiver(
            self._connection, "bascule.announce", options=_Capability("topic", True)
        )
        self._replies = event.container.create_sender(self._connection, None)
        self._attached: set[Any] = set()

    def on_link_opened(self, event: Any) -> None:
        self._attached.add(event.link)
        if {self._requests, self._announcements, self._questions, self._replies} <= self._attached:
            self._announce("up", 60_000)
            self._ready.set()

    def on_message(self, event: Any) -> None:
        if event.receiver == self._questions:
            if event.message.subject == "who":
                self._announce("up", 60_000)
            return
        message = event.message
        if message.subject == "bascule.describe":
            self.described += 1
            self._send(message, self.descriptor.encode(), "application/json")
            return
        self.seen.append(message)
        self._serve(message)

    def _serve(self, message: Message) -> None:
        protocol = PROTOCOLS[message.content_type](TMemoryBuffer(bytes(message.body)))
        name, _, _ = protocol.readMessageBegin()
        arguments = getattr(self.contract.stub, f"{name}_args")()
        arguments.read(protocol)
        protocol.readMessageEnd()
        try:
            result = self.methods[name](message, arguments)
        except Exception as raised:  # a declared exception, or the test's own
            result = raised
        if result is not None and message.reply_to:
            self._reply(message, self._encode(message, name, result))

    def _encode(self, message: Message, name: str, result: Any) -> bytes:
        transport = TMemoryBuffer()
        protocol = PROTOCOLS[message.content_type](transport)
        if isinstance(result, TApplicationException):
            protocol.writeMessageBegin(name, TMessageType.EXCEPTION, 0)
            result.write(protocol)
        elif isinstance(result, bytes):
            return result
        else:
            protocol.writeMessageBegin(name, TMessageType.REPLY, 0)
            self._result(name, result).write(protocol)
        protocol.writeMessageEnd()
        return transport.getvalue()

    def _result(self, name: str, result: Any) -> Any:
        made = getattr(self.contract.stub, f"{name}_result")()
        if isinstance(result, Exception):
            field = {"NotFound": "not_found", "Clash": "clash"}[type(result).__name__]
            setattr(made, field, result)
        elif result is not VOID:
            made.success = result
        return made

    def _reply(self, request: Message, body: bytes) -> None:
        self._send(request, body, request.content_type)

    def fail(self, request: Message, code: str, message: str) -> None:
        self._send(request, b"", COMPACT, {"bascule-error": code, "bascule-error-message": message})

    def _send(self, request: Message, body: bytes, content_type: str, properties: dict[str, str] | None = None) -> None:
        reply = Message(body=body, inferred=True)
        reply.address, reply.correlation_id, reply.content_type = request.reply_to, request.correlation_id, content_type
        reply.properties = properties
        self._replies.send(reply)

    def _announce(self, state: str, interval_ms: int) -> None:
        said = {
            "service": self.service,
            "instance": self.instance,
            "address": f"rpc.{self.service}",
            "digest": self.digest,
            "state": state,
            "interval_ms": interval_ms,
        }
        body = json.dumps(said).encode()
        self._announcements.send(Message(body=body, inferred=True, subject=state, content_type="application/json"))

    def _leave(self) -> None:
        self._announce("down", 60_000)
        self._connection.close()
        self._injector.close()


class _Void:
    """What a method without a result returns."""


VOID = _Void()
