"""POST /thrift/<service>: Apache's own Python client over HTTP; the message passes through untouched."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.Thrift import TApplicationException, TMessageType
from thrift.transport import THttpClient
from thrift.transport.TTransport import TMemoryBuffer

PROTOCOLS = {"binary": TBinaryProtocol.TBinaryProtocol, "compact": TCompactProtocol.TCompactProtocol}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_apaches_client_calls_through(shelf: Any, http: httpx.Client, contract: Any, protocol: str) -> None:
    shelf.methods["create"] = lambda message, a: contract.types.Item(id=3, name=a.item.name, tags=["t"])
    transport = THttpClient.THttpClient(f"{http.base_url}/thrift/shelf.Shelf".replace("//thrift", "/thrift"))
    client = contract.stub.Client(PROTOCOLS[protocol](transport))
    transport.open()
    made = client.create(contract.types.NewItem(name="from thrift"))
    assert made == contract.types.Item(id=3, name="from thrift", colour=None, tags=["t"])
    assert shelf.seen[-1].content_type == f"application/vnd.apache.thrift.{protocol}"

    def missing(message: Any, a: Any) -> Any:
        raise contract.types.NotFound(id=a.id, message="none")

    shelf.methods["get"] = missing
    with pytest.raises(contract.types.NotFound) as raised:
        client.get(5)
    assert raised.value.id == 5
    transport.close()


def message(
    contract: Any, name: str, kind: int = TMessageType.CALL, protocol: str = "binary", **arguments: Any
) -> bytes:
    transport = TMemoryBuffer()
    out = PROTOCOLS[protocol](transport)
    out.writeMessageBegin(name, kind, 42)
    getattr(contract.stub, f"{name}_args", contract.stub.rude_args)(**arguments).write(out)
    out.writeMessageEnd()
    return transport.getvalue()


def test_the_bytes_pass_through_untouched(shelf: Any, http: httpx.Client, contract: Any) -> None:
    sent = message(contract, "rude")
    shelf.methods["rude"] = lambda m, a: b"\x80\x01\x00\x02whatever the service says"
    header = {"content-type": "application/vnd.apache.thrift.binary"}
    answer = http.post("/thrift/shelf.Shelf", content=sent, headers=header)
    assert (answer.status_code, answer.content) == (200, b"\x80\x01\x00\x02whatever the service says")
    assert answer.headers["content-type"] == header["content-type"]
    assert bytes(shelf.seen[-1].body) == sent


def test_failures_have_a_status(shelf: Any, http: httpx.Client, contract: Any) -> None:
    def post(path: str, content: bytes, kind: str = "application/x-thrift") -> httpx.Response:
        return http.post(path, content=content, headers={"content-type": kind})

    call = message(contract, "rude")
    assert post("/thrift/no.Such", call).status_code == 404
    assert post("/thrift/shelf.Shelf", b"").status_code == 415
    assert post("/thrift/shelf.Shelf", b"\x80\x01\x00\x01\xff\xff\xff\xff").status_code == 400
    assert post("/thrift/shelf.Shelf", call, "application/json").status_code == 415
    assert post("/thrift/shelf.Shelf", message(contract, "rude", TMessageType.REPLY)).status_code == 400
    assert post("/thrift/shelf.Shelf", message(contract, "nosuch")).status_code == 501
    assert post("/thrift/shelf.Shelf", message(contract, "secret")).status_code == 401
    assert http.get("/thrift/shelf.Shelf").status_code == 405
    assert not shelf.seen
    shelf.methods["rude"] = lambda m, a: shelf.fail(m, "unavailable", "gone")
    assert post("/thrift/shelf.Shelf", call).status_code == 503


def test_an_exception_message_comes_back_as_thrift(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["rude"] = lambda m, a: TApplicationException(TApplicationException.INTERNAL_ERROR, "oh")
    transport = THttpClient.THttpClient(f"{str(http.base_url).rstrip('/')}/thrift/shelf.Shelf")
    with pytest.raises(TApplicationException) as raised:
        contract.stub.Client(PROTOCOLS["compact"](transport)).rude()
    assert raised.value.message == "oh"


def test_oneway(shelf: Any, http: httpx.Client, contract: Any) -> None:
    shelf.methods["touch"] = lambda m, a: None
    sent = message(contract, "touch", TMessageType.ONEWAY, id=4)
    assert http.post("/thrift/shelf.Shelf", content=sent).status_code == 202
