"""The command line: what to compile, and where what is made of it goes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from basculec import __version__, checks, descriptor
from basculec.emit import asyncapi, cpp, openapi, python
from basculec.errors import ContractError, ToolError
from basculec.frontend import load
from basculec.model import Contract
from basculec.output import Output, depfile

OK, CONTRACT_ERROR, USAGE, TOOL_ERROR = 0, 1, 2, 3

_EPILOG = """\
examples:
  basculec shop/orders.thrift --descriptor orders.json
  basculec shop/orders.thrift --cpp gen/cpp --python gen/py -I contracts
  basculec shop/*.thrift --openapi openapi.json --asyncapi asyncapi.json

exit status:
  0  everything was written (files that did not change are not touched)
  1  a contract is wrong; each problem is a line `file:line: message; what to do`
  2  the command line is wrong
  3  a tool or a file failed: thrift is not installed, a folder cannot be written
"""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="basculec",
        description="Compiles Thrift contracts to C++, Python, descriptors, OpenAPI and AsyncAPI.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("files", nargs="+", type=Path, metavar="FILE.thrift")
    made.add_argument(
        "-I",
        dest="include",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="where included contracts are looked for",
    )
    made.add_argument("--cpp", type=Path, metavar="DIR", help="C++ structs, service bases, clients, events")
    made.add_argument("--python", type=Path, metavar="DIR", help="Python packages")
    made.add_argument("--descriptor", metavar="FILE", help="descriptor JSON; a folder when several contracts are given")
    made.add_argument("--openapi", type=Path, metavar="FILE", help="OpenAPI 3.1, of all contracts given")
    made.add_argument("--asyncapi", type=Path, metavar="FILE", help="AsyncAPI 3, of all contracts given")
    made.add_argument("--depfile", type=Path, metavar="FILE", help="what was read, in make's syntax")
    made.add_argument("--provided", action="append", type=Path, metavar="FILE.thrift",
                      help="a contract whose C++ and Python are made elsewhere; with it, includes are not compiled by themselves")  # fmt: skip
    made.add_argument("--version", action="version", version=f"basculec {__version__}")
    return made


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        _compile(options)
    except ContractError as wrong:
        print("\n".join(wrong.problems), file=sys.stderr)
        return CONTRACT_ERROR
    except ToolError as wrong:
        print(f"basculec: {wrong}", file=sys.stderr)
        return TOOL_ERROR
    return OK


def checked(path: Path, include: list[Path]) -> Contract:
    """Raises ContractError."""
    contract = load(path, include)
    checks.check(contract)
    return contract


def _compile(options: argparse.Namespace) -> None:
    contracts = [checked(path, options.include) for path in options.files]
    output = Output()
    for contract in _to_generate(contracts, options):
        if options.cpp:
            cpp.emit(contract, options.cpp, options.include, output)
        if options.python:
            python.emit(contract, options.python, output)
    if options.descriptor:
        for contract in contracts:
            output.add(
                _descriptor_path(options.descriptor, contract, len(contracts)),
                descriptor.canonical(descriptor.build(contract)) + "\n",
            )
    if options.openapi:
        output.add(options.openapi, _readable(openapi.build(contracts)))
    if options.asyncapi:
        output.add(options.asyncapi, _readable(asyncapi.build(contracts)))
    output.write()
    if options.depfile:
        targets = [options.cpp / f"{contracts[0].program.module}.cpp"] if options.cpp else list(output.files)
        sources = [p.path for c in contracts for p in c.program.closure()]
        made = Output()
        made.add(options.depfile, depfile(targets, list(dict.fromkeys(sources))))
        made.write()


def _readable(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _descriptor_path(given: str, contract: Contract, count: int) -> Path:
    folder = count > 1 or given.endswith("/") or Path(given).is_dir()
    return Path(given) / f"{contract.program.module}.json" if folder else Path(given)


def _to_generate(contracts: list[Contract], options: argparse.Namespace) -> list[Contract]:
    """The contracts given and, unless others provide them, what they include."""
    by_path = {c.program.path.resolve(): c for c in contracts}
    provided = None if options.provided is None else {p.resolve() for p in options.provided}
    for contract in contracts:
        for program in contract.program.closure():
            place = program.path.resolve()
            if place in by_path:
                continue
            if provided is None:
                by_path[place] = checked(program.path, options.include)
            elif place not in provided:
                raise ContractError([f"{contract.program.path}: {program.path} is included, and neither compiled nor provided; "
                                     "add it to the FILES of bascule_contract(), or link the target that has it"])  # fmt: skip
    return list(by_path.values())
