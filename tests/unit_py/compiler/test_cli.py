"""The command: what it writes where, its exit codes, and that it touches only what changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
GOOD = "namespace * n.m\nstruct A {\n  1: required i32 x\n}\nservice S {\n  A f(1: A a)\n}"


def basculec(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "idl" / "compiler" / "bin" / "basculec", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env={"PATH": "/usr/bin:/bin", **environment}, check=False
    )


def test_writes_everything(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = basculec(contract_file(GOOD), "--cpp", out / "cpp", "--python", out / "py", "--descriptor", out / "d.json",
                    "--openapi", out / "o.json", "--asyncapi", out / "a.json")  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()} == {
        "cpp/contract.cpp",
        "cpp/n/m/contract.client.hpp",
        "cpp/n/m/contract.service.hpp",
        "cpp/n/m/contract_types.cpp",
        "cpp/n/m/contract_types.h",
        "cpp/n/m/contract_types.tcc",
        "py/n/__init__.py",
        "py/n/m/__init__.py",
        "py/n/m/_contract_descriptor.py",
        "py/n/m/contract.py",
        "py/n/py.typed",
        "d.json",
        "o.json",
        "a.json",
    }
    assert json.loads((out / "d.json").read_text())["namespace"] == "n.m"


def test_touches_only_what_changed(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("--cpp", out, "--python", out)
    basculec(contract_file(GOOD), *arguments)
    times = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    basculec(contract_file("# a comment\n" + GOOD), *arguments)
    assert {p: p.stat().st_mtime_ns for p in times} == times
    basculec(contract_file(GOOD.replace("i32 x", "i64 x")), *arguments)
    changed = {p.name for p in times if p.stat().st_mtime_ns != times[p]}
    assert {"contract_types.h", "contract.cpp", "_contract_descriptor.py"} <= changed
    assert "__init__.py" not in changed
    assert "contract.service.hpp" not in changed


def test_a_wrong_contract_writes_nothing(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    path = contract_file("struct A {\n  1: Nowhere x\n}")
    done = basculec(path, "--cpp", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}:2: there is no type Nowhere")
    assert not (tmp_path / "out").exists()


def test_paths_in_errors_are_relative_to_where_one_stands(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    contract_file("struct A {\n  1: Nowhere x\n}")
    assert basculec("contract.thrift", cwd=tmp_path).stderr.startswith("contract.thrift:2: ")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "usage:"),
        (["--nope"], 2, "usage:"),
        (["absent.thrift"], 1, "no such file"),
    ],
)
def test_exit_codes(arguments: list[str], code: int, text: str) -> None:
    done = basculec(*arguments)
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_a_tool_error(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = basculec(contract_file(GOOD), "--cpp", tmp_path / "file" / "out")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr


def test_a_missing_thrift_compiler_is_said_with_what_to_install(contract_file: Callable[[str], Path]) -> None:
    done = basculec(contract_file(GOOD), THRIFT="no-such-thrift")
    assert done.returncode == 3
    assert "apt-get install thrift-compiler" in done.stderr


def test_help_has_examples() -> None:
    done = basculec("--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout
    assert "exit status:" in done.stdout


def test_includes_are_found_in_folders_given(contract_file: Callable[..., Path], tmp_path: Path) -> None:
    contract_file("struct A {\n  1: i32 x\n}", "common/inner.thrift")
    path = contract_file('include "inner.thrift"\nstruct B {\n  1: inner.A a\n}')
    assert basculec(path, "--descriptor", tmp_path / "d.json").returncode == 1
    assert basculec(path, "--descriptor", tmp_path / "d.json", "-I", tmp_path / "common").returncode == 0


def test_included_contracts_are_made_too_unless_provided(contract_file: Callable[..., Path], tmp_path: Path) -> None:
    inner = contract_file("struct A {\n  1: i32 x\n}", "inner.thrift")
    path = contract_file('include "inner.thrift"\nstruct B {\n  1: inner.A a\n}')
    basculec(path, "--cpp", tmp_path / "all")
    assert (tmp_path / "all" / "inner.cpp").is_file()
    basculec(path, "--cpp", tmp_path / "some", "--provided", inner, "--provided", path)
    assert (tmp_path / "some" / "contract.cpp").is_file()
    assert not (tmp_path / "some" / "inner.cpp").exists()
    done = basculec(path, "--cpp", tmp_path / "none", "--provided", path)
    assert done.returncode == 1
    assert "neither compiled nor provided" in done.stderr


def test_depfile_names_what_was_read(contract_file: Callable[..., Path], tmp_path: Path) -> None:
    inner = contract_file("struct A {\n  1: i32 x\n}", "in ner/inner.thrift")
    path = contract_file('include "in ner/inner.thrift"\nstruct B {\n  1: inner.A a\n}')
    basculec(path, "--cpp", tmp_path / "out", "--depfile", tmp_path / "d")
    text = (tmp_path / "d").read_text()
    assert text.startswith(f"{tmp_path}/out/contract.cpp: ")
    assert str(inner).replace(" ", "\\ ") in text
    assert str(path) in text


def test_a_package_that_a_person_wrote_stays(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    mine: Any = tmp_path / "out" / "n" / "__init__.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("MINE = 1\n")
    basculec(contract_file(GOOD), "--python", tmp_path / "out")
    assert mine.read_text() == "MINE = 1\n"
    assert (tmp_path / "out" / "n" / "m" / "contract.py").is_file()


def test_bascule_gen_is_basculec(contract_file: Callable[[str], Path], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python")}
    command = [sys.executable, "-m", "bascule", "gen"]
    done = subprocess.run(
        [*command, str(contract_file(GOOD)), "--descriptor", str(tmp_path / "d.json")], env=environment, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "d.json").is_file()
    helped = subprocess.run([*command, "--help"], capture_output=True, text=True, env=environment, check=False)
    assert "--openapi FILE" in helped.stdout


@pytest.mark.parametrize(
    "text", ["service S {\n  void f()\n}", "enum E {\n  A\n}", "const i32 K = 1", "struct Empty {\n}", "\n"]
)
def test_small_contracts_make_every_file(contract_file: Callable[[str], Path], tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    done = basculec(
        contract_file(text),
        "--cpp",
        out,
        "--python",
        out,
        "--descriptor",
        out / "d",
        "--openapi",
        out / "o",
        "--asyncapi",
        out / "a",
    )
    assert (done.returncode, done.stderr) == (0, "")
    for ending in ("h", "tcc", "cpp"):
        assert (out / "contract" / f"contract_types.{ending}").is_file()
