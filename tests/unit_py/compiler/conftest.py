"""basculec in process: `compile_text` takes a contract as text and gives the checked contract."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "idl" / "compiler"))


@pytest.fixture
def idl() -> Path:
    return ROOT / "idl"


@pytest.fixture
def contract_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes contract text; a file's name may be given for one that others include."""

    def write(text: str, name: str = "contract.thrift") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def compile_text(contract_file: Callable[[str], Path]) -> Callable[[str], Any]:
    from basculec.cli import checked

    return lambda text: checked(contract_file(text), [])


@pytest.fixture
def describe(compile_text: Callable[[str], Any]) -> Callable[[str], Any]:
    """The descriptor of contract text."""
    from basculec import descriptor

    return lambda text: descriptor.build(compile_text(text))


@pytest.fixture
def problems(compile_text: Callable[[str], Any], tmp_path: Path) -> Callable[[str], list[str]]:
    """What is wrong with contract text, as `LINE: message`."""
    from basculec.errors import ContractError

    def found(text: str) -> list[str]:
        with pytest.raises(ContractError) as caught:
            compile_text(text)
        return [problem.removeprefix(f"{tmp_path}/contract.thrift:") for problem in caught.value.problems]

    return found
