"""Runs Apache Thrift's compiler, and turns what it complains of into our errors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from basculec.errors import ContractError, ToolError
from basculec.scan import scan

_COMPLAINT = re.compile(r"\[(ERROR|FAILURE|WARNING):(.*?):(\d+)\]\s*", re.DOTALL)
_HINTS = (
    ("syntax error", "look for a missing brace, quote or type just before it"),
    ("already been used", "give each field its own id and name"),
    ("is already defined", "rename one of them"),
    ("type error: const", "make the default a value of the field's type"),
    ("Could not find include", "correct the path, or add its folder with -I"),
    ("reserved language keyword", "rename it: it is a word of a language that Thrift makes code for"),
    ("non-exception types", "declare what is thrown with `exception`"),
    ("No field named", "use the names of the struct's fields"),
    ("named value in enum", "use one of the enum's values"),
    ("has not been defined", "declare it, or include the file that does"),
)


def executable() -> str:
    found = shutil.which(os.environ.get("THRIFT", "thrift"))
    if found is None:
        raise ToolError("thrift: Apache Thrift's compiler is not installed; run `apt-get install thrift-compiler`")
    return found


def run(generator: str, path: Path, out: Path, includes: list[Path], flags: list[str] | None = None) -> None:
    """Runs `thrift --gen GENERATOR -out OUT PATH`. Raises ContractError with the places Thrift names."""
    command = [executable(), *(flags or []), "--gen", generator, "-out", str(out)]
    for folder in includes:
        command += ["-I", str(folder)]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise ContractError(complaints(done.stderr + "\n" + done.stdout, path))


def complaints(text: str, path: Path) -> list[str]:
    """Thrift's `[ERROR:file:line] (last token was 'x')\\nmessage` as `file:line: message; what to do`."""
    parts = _COMPLAINT.split(text)
    found = []
    for level, where, line, message in zip(parts[1::4], parts[2::4], parts[3::4], parts[4::4]):
        if level != "WARNING" and "during include pass" not in message and "during types pass" not in message:
            if where.endswith(".thrift"):
                found.append(f"{shown(Path(where))}:{_line(message, Path(where), int(line))}: {_sentence(message)}")
            else:
                found.append(f"{_declaring(message, path)}: {_sentence(message)}")
    if not found:
        found.append(
            f"{shown(path)}: thrift refused it: {' '.join(text.split()) or 'no reason given'}; run thrift on it"
        )
    return list(dict.fromkeys(found))


def _line(message: str, path: Path, line: int) -> int:
    """Thrift says where its reading had got to, often a line late; when it names what it means, that is looked up."""
    name = re.search(r'"-?\d+: (\w+)"|Function (\w+) |Type "(\w+)" is already|const "(\w+)" was', message)
    if name is None or not path.is_file():
        return line
    wanted = next(group for group in name.groups() if group)
    places = scan(path)
    lines = [at for key, at in places.lines.items() if key[-1] == wanted]
    lines += [at for redefined, at in places.redefined if redefined == wanted]
    return max((at for at in lines if at <= line), default=line)


def _declaring(message: str, path: Path) -> str:
    """Where the name that Thrift complains of stands, when it does not say so itself."""
    name = re.search(r'"([^"]+)"', message)
    lines = [line for key, line in scan(path).lines.items() if name and key[-1] == name[1]]
    return f"{shown(path)}:{lines[0]}" if lines else str(shown(path))


def _sentence(message: str) -> str:
    token = re.match(r"\(last token was '(.*?)'\)\s*", message, re.DOTALL)
    text = " ".join(message[token.end() :].split() if token else message.split())
    if token and "syntax error" in text:
        text = f"syntax error at '{token.group(1)}'"
    text = text.rstrip(".")
    hint = next((advice for sign, advice in _HINTS if sign in text), "correct the contract")
    return f"{text}; {hint}"


def shown(path: Path) -> Path:
    """A path as a person wants to read it: relative when it is below the working folder."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
