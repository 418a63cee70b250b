"""vt.* checks: each fits its field's type, and a default passes its own field's checks."""

from __future__ import annotations

from basculec import vt
from basculec.errors import Problems, Where
from basculec.model import Contract, Field, Program
from basculec.scan import Places, scan


def check(contract: Contract, program: Program, problems: Problems) -> None:
    places = scan(program.path)
    for struct in program.structs.values():
        for field in struct.fields:
            _field(contract, program, places, (struct.name, field.name), field, problems)
    for service in program.services.values():
        for method in service.own_methods:
            for argument in method.args:
                _field(contract, program, places, (service.name, method.name, argument.name), argument, problems)


def _field(
    contract: Contract, program: Program, places: Places, name: tuple[str, ...], field: Field, problems: Problems
) -> None:
    try:
        vt.rules(contract, field.type, field.annotations)
    except vt.BadRule as wrong:
        key = next((k for k in field.annotations if str(wrong).startswith(k)), "")
        line = places.annotation_line(name, key) or field.where.line
        problems.add(Where(program.path, line), f"{'.'.join(name)}: {wrong}")
