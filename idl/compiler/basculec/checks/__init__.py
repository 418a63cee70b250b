"""What a contract must hold beyond what Thrift checks. The order below is the order of dependence: routes need types."""

from basculec.checks import annotations, events, policy, routes, structure, validation
from basculec.errors import Problems
from basculec.model import Contract


def check(contract: Contract) -> None:
    """Fills in policies, routes and events. Raises ContractError with every problem found."""
    problems = Problems()
    for stage in (structure, annotations, validation, policy, routes, events):
        for program in contract.program.closure():
            stage.check(contract, program, problems)
    problems.raise_any()
