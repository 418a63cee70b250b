"""Every AMQP type with its edges, and how a value looks to a library that does not keep all of a type."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from typing import Any

from interop.driver import Value


def bits(form: str, *numbers: float) -> list[str]:
    return [struct.pack(form, number).hex() for number in numbers]


UUID = "00112233445566778899aabbccddeeff"
FLOATS = (0.0, -0.0, 1.5, -3.25, float("inf"), float("-inf"))

SCALARS: dict[str, list[Any]] = {
    "null": [None],
    "boolean": [True, False],
    "ubyte": [0, 1, 255],
    "ushort": [0, 255, 256, 65535],
    "uint": [0, 1, 255, 256, 4294967295],
    "ulong": ["0", "1", "255", "256", "9007199254740991", "18446744073709551615"],
    "byte": [0, -128, 127],
    "short": [0, -32768, 32767],
    "int": [0, -1, -128, 127, 128, -2147483648, 2147483647],
    "long": ["0", "-1", "-128", "127", "128", "9007199254740991", "-9223372036854775808", "9223372036854775807"],
    "float": bits(">f", *FLOATS, 3.4028234663852886e38),
    "double": bits(">d", *FLOATS, 1.7976931348623157e308, 5e-324),
    "decimal32": ["00000000", "2f800001", "a5f5e0ff"],
    "decimal64": ["0000000000000000", "31c0000000000001", "ffffffffffffffff"],
    "decimal128": ["00" * 16, "3040000000000000" + "0000000000000001", "0123456789abcdef" * 2],
    "char": [0, 65, 0x20AC, 0x1F600],
    "timestamp": ["0", "1", "1735689600123"],
    "uuid": ["00" * 16, UUID, "ff" * 16],
    "binary": ["", "00", "ff00ff", "ab" * 255, "cd" * 256],
    "string": ["", "a", "Grüße über die Brücke 🌉", "x" * 255, "ü" * 300],
    "symbol": ["", "amqp:accepted:list", "s" * 255, "s" * 256],
}

MIXED: Value = ["list", [["int", 1], ["string", "two"], ["symbol", "three"], ["null"], ["list", []], ["boolean", True]]]
COMPOUNDS: dict[str, list[Value]] = {
    "list": [["list", []], MIXED, ["list", [["list", [["list", [["int", 1]]]]]]], ["list", [["uint", n] for n in range(300)]]],
    "map": [
        ["map", []],
        ["map", [[["string", "a"], ["int", 1]], [["string", "b"], MIXED], [["string", "c"], ["map", []]]]],
        ["map", [[["string", f"key-{n}"], ["uint", n]] for n in range(300)]],
    ],
    "map with any key": [
        ["map", [[["int", 7], ["string", "int"]], [["symbol", "s"], ["string", "symbol"]], [["boolean", True], ["null"]]]],
        ["map", [[["ulong", "5"], ["string", "ulong"]], [["uuid", UUID], ["int", 1]], [["string", "t"], ["int", 2]]]],
    ],
    "array": [
        ["array", "int", [1, -1, 2147483647]],
        ["array", "long", ["1", "9223372036854775807", "-2"]],  # go-amqp writes an array of none but small and negative ones wrongly
        ["array", "string", ["", "one", "zwölf"]],
        ["array", "symbol", ["a", "b"]],
        ["array", "uuid", [UUID, "00" * 16]],
        ["array", "double", bits(">d", 1.5, -2.25)],
    ],
    "described": [
        ["described", ["symbol", "example:point"], ["list", [["int", 1], ["int", 2]]]],
        ["described", ["ulong", "4886718345"], ["string", "by a number"]],
    ],
}


PATTERN = bytes((i * 31 + i // 251) & 255 for i in range(251 * 256))


def pattern(size: int) -> object:
    """How a client tells that it received the binary `{"size": size}`."""
    data = (PATTERN * (size // len(PATTERN) + 1))[:size]
    return data.hex() if size <= 4096 else {"size": size, "sha256": hashlib.sha256(data).hexdigest()}


def values_of(kind: str) -> list[Value]:
    if kind in COMPOUNDS:
        return COMPOUNDS[kind]
    return [["null"] if kind == "null" else [kind, value] for value in SCALARS[kind]]


KINDS = [*SCALARS, *COMPOUNDS]


def same(value: Value) -> Value:
    """Maps have no order."""
    match value:
        case ["map", pairs]:
            return ["map", sorted(([same(k), same(v)] for k, v in pairs), key=repr)]
        case ["list", items]:
            return ["list", [same(item) for item in items]]
        case ["described", descriptor, described]:
            return ["described", same(descriptor), same(described)]
        case ["null", None]:
            return ["null"]
    return value


def symbols_are_strings(value: Value) -> Value:
    """go-amqp gives a symbol as a string, but for arrays of them."""
    match value:
        case ["symbol", text]:
            return ["string", text]
        case ["map", pairs]:
            return same(["map", [[symbols_are_strings(k), symbols_are_strings(v)] for k, v in pairs]])
        case ["list", items]:
            return ["list", [symbols_are_strings(item) for item in items]]
    return same(value)


def number(value: float) -> Value:
    if value != value or value in (float("inf"), float("-inf")):
        return ["number", {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, "NaN")]
    return ["number", str(int(value)) if value == int(value) else repr(value)]


def javascript(value: Value) -> Value:
    """What rhea makes of a value: a plain JavaScript one, without its AMQP type."""
    match value:
        case ["float", text]:
            return number(struct.unpack(">f", bytes.fromhex(text))[0])
        case ["double", text]:
            return number(struct.unpack(">d", bytes.fromhex(text))[0])
        case ["ulong" | "long" as kind, text]:
            return wide(kind, int(text))
        case [("ubyte" | "ushort" | "uint" | "byte" | "short" | "int" | "char"), given]:
            return ["number", str(given)]
        case [("decimal32" | "decimal64" | "decimal128" | "uuid" | "binary"), text]:
            return ["bytes", text]
        case [("string" | "symbol"), text]:
            return ["text", text]
        case ["list", items]:
            return ["list", [javascript(item) for item in items]]
        case ["array", kind, items]:
            return ["list", [javascript([kind, item]) for item in items]]
        case ["map", pairs]:
            return same(["map", [[["text", key_text(k)], javascript(v)] for k, v in pairs]])
    return same(value)


def wide(kind: str, given: int) -> Value:
    """Beyond 53 bits rhea gives the eight bytes."""
    high = given >> 32
    if -2097153 < high < 2097153:
        return ["number", str(given)]
    return ["bytes", struct.pack(">Q" if kind == "ulong" else ">q", given).hex()]


def key_text(key: Value) -> str:
    """JavaScript's keys are strings."""
    match key:
        case ["boolean", given]:
            return "true" if given else "false"
        case ["uuid", text]:
            return bytes.fromhex(text).decode("utf-8", "replace")
    return str(key[1])


SEEN_BY: dict[str, Callable[[Value], Value]] = {"rhea": javascript, "go_amqp": symbols_are_strings}


def seen_by(client: str, value: Value) -> Value:
    """How a value that arrived whole looks in an answer of this client."""
    return SEEN_BY.get(client, same)(value)
