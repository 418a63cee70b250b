"""Text in C++ source: string literals and doc comments."""

from __future__ import annotations

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def literal(text: str) -> str:
    """One string literal; bytes beyond ASCII and control characters as octal escapes, which cannot run on."""
    return '"' + "".join(_ESCAPES.get(c) or (c if " " <= c < "\x7f" and c != "?" else _octal(c)) for c in text) + '"'


def _octal(character: str) -> str:
    return "?" if character == "?" else "".join(f"\\{byte:03o}" for byte in character.encode())


def long_literal(text: str, width: int = 100) -> str:
    """Adjacent literals on lines of their own."""
    return "\n".join(f"    {literal(text[at : at + width])}" for at in range(0, len(text), width)) or '    ""'


def comment(doc: str, by: int = 0) -> str:
    """A doc comment, or nothing."""
    if not doc.strip():
        return ""
    # A backslash at the end of a line would make the next one part of the comment.
    return "".join(f"{' ' * by}/// {line.strip()}".rstrip().rstrip("\\") + "\n" for line in doc.strip().splitlines())
