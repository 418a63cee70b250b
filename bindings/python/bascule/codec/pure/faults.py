"""What reading and writing share: the limits, Thrift's type codes, and what is wrong with a value and where."""

from __future__ import annotations

MESSAGE_LIMIT = 1 << 20
DEPTH_LIMIT = 32

# Thrift's own type codes, by the names of the descriptor and of containers.
TYPES = {
    "bool": 2, "i8": 3, "double": 4, "i16": 6, "i32": 8, "enum": 8, "i64": 10, "string": 11, "binary": 11,
    "struct": 12, "map": 13, "set": 14, "list": 15, "uuid": 16,
}  # fmt: skip
TYPE_NAMES = {
    2: "bool", 3: "i8", 4: "double", 6: "i16", 8: "i32", 10: "i64", 11: "string", 12: "struct", 13: "map",
    14: "set", 15: "list", 16: "uuid",
}  # fmt: skip
BITS = {"i8": 7, "i16": 15, "i32": 31, "enum": 31, "i64": 63}


class Fault(Exception):
    """What is wrong; the path grows while it passes outwards."""

    def __init__(self, what: str, offset: int = 0) -> None:
        super().__init__(what)
        self.what, self.offset = what, offset
        self.path: list[str] = []


class step:
    """Adds its name to the path of a fault that passes through."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: object, traceback: object) -> None:
        if isinstance(fault, Fault):
            fault.path.append(self.name)


def expected(wanted: str, got: object) -> Fault:
    return Fault(f"expected {wanted}, got {type(got).__name__}")
