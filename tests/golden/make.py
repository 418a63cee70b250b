"""Writes the golden messages of this folder with Apache Thrift's own Python library.

    pip install thrift && python tests/golden/make.py

Each case is a CALL of the method of that name of every.Every, with the argument `value`: NAME.compact and NAME.binary are
the whole message, seqid 0. They are written once, by Apache's code, and read and written by every language of ours:
what we encode must be these bytes. Sets and maps are in ascending order, as C++ keeps them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TMessageType
from thrift.transport.TTransport import TMemoryBuffer

HERE = Path(__file__).parent
CONTRACTS = HERE.parent.parent / "idl" / "tests"
PROTOCOLS = {"compact": TCompactProtocol, "binary": TBinaryProtocol}


class Key(dict):
    """A map that may be the key of another."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def generate(folder: Path) -> tuple[Any, Any, Any]:
    for name in ("every_common", "every_type"):
        subprocess.run(
            ["thrift", "-nowarn", "--gen", "py", "-out", str(folder), str(CONTRACTS / f"{name}.thrift")], check=True
        )
    sys.path.insert(0, str(folder))
    import every.common.ttypes as common
    import every.Every as service
    import every.ttypes as types

    common.Point.__hash__ = lambda self: hash((self.x, self.y))
    return common, types, service


def values(common: Any, types: Any) -> dict[str, Any]:
    def point(x: int, y: int) -> Any:
        return common.Point(x=x, y=y)

    red, green, blue = common.Colour.RED, common.Colour.GREEN, common.Colour.BLUE
    scalars = types.Scalars(
        flag=True, tiny=-128, small=-32768, medium=2147483647, large=-9223372036854775808, real=-0.1,
        text='grüß "Gott" \\ \n 😀', data=b"\x00\xff\x80binary", colour=blue, far=-1, far_flag=False,
    )  # fmt: skip
    node = types.Node(
        name="root",
        children=[types.Node(name="leaf", children=[], named={}), types.Node(name="", children=[], named={})],
        named={"n": types.Node(name="named", children=[], named={})},
        after=types.Node(name="second", children=[], named={}, after=types.Node(name="third", children=[], named={})),
    )
    return {
        "scalars": scalars,
        "presence": types.Presence(
            must=1, plain=0, plain_default=3, maybe_default=5, plain_text="seven", colour=red, colour_default=green,
            numbers=[1, 2], table={"a": 1}, corner=point(1, 2), on=True, half=0.5, raw=b"raw", few=[1],
        ),
        "containers": types.Containers(
            flags=[True, False, True], texts=["", "a", "ü" * 20], ids=[-1, 0, 1 << 40], counts={"": -1, "one": 1},
            matrix=[[], [1], list(range(20))], nested={"a": {"b": [1, -1]}, "c": {}}, path=[point(-1, 1), point(0, 0)],
            points={-5: point(1, 2), 7: point(3, 4)}, mixed=[{}, {"x": [1, 2]}], colours=[red, blue],
            blobs=[b"", b"\x00\x01"], reals=[0.0, 1.5, -1e300],
        ),
        "keys": types.Keys(
            by_bool={False: "no", True: "yes"}, by_i8={-1: "a", 1: "b"}, by_i16={300: "c"}, by_i32={-70000: "d"},
            by_i64={1 << 50: "e"}, by_double={-0.5: "f", 2.5: "g"}, by_string={"": "h", "k": "i"}, by_binary={b"\x00\xff": "j"},
            by_enum={red: "k", green: "l"}, by_struct={point(1, 2): "m", point(1, 3): "n"}, by_list={(): "o", (1, 2): "p"},
            by_set={frozenset([3]): "q"}, by_map={Key({1: 2}): "r"}, points=[point(0, 1), point(2, 0)],
        ),
        "node": node,
        "choice": types.Choice(ids=[1, 2, 3]),
        "awkward": types.Awkward(value=1, str="text", list_=[1], which=types.Choice(text="t"), int_=2),
        "checked": types.Checked(
            count=10, name="abc", emails=["a@b"], colour=red, stock={"k": 0}, ratio=0.5, lines=[types.Line(quantity=1)],
            kind="small", agreed=True, raw=b"\x01\x02\x03\x04", given=0,
        ),
    }  # fmt: skip


def message(protocol: Any, name: str, arguments: Any) -> bytes:
    buffer = TMemoryBuffer()
    out = protocol(buffer)
    out.writeMessageBegin(name, TMessageType.CALL, 0)
    arguments.write(out)
    out.writeMessageEnd()
    return bytes(buffer.getvalue())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        common, types, service = generate(Path(folder))
        for name, value in values(common, types).items():
            arguments = getattr(service, f"{name}_args")(value=value)
            for ending, protocol in PROTOCOLS.items():
                (HERE / f"{name}.{ending}").write_bytes(message(protocol, name, arguments))


if __name__ == "__main__":
    main()
