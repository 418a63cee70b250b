"""Bascule: typed services in C++ and Python over AMQP 1.0, behind one HTTP gateway.

Importing the package loads nothing native, so that the command line works in a tree that is not built yet: the names
below are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bascule.app import App as App
    from bascule.client import CallOptions as CallOptions
    from bascule.connection import Connection as Connection
    from bascule.context import Context as Context
    from bascule.context import current_context as current_context
    from bascule.database import Row as Row
    from bascule.database import SqlError as SqlError
    from bascule.database import Transaction as Transaction
    from bascule.failures import Cancelled as Cancelled
    from bascule.failures import ContractError as ContractError
    from bascule.failures import DeadlineExceeded as DeadlineExceeded
    from bascule.failures import DecodeError as DecodeError
    from bascule.failures import EncodeError as EncodeError
    from bascule.failures import Error as Error
    from bascule.failures import Internal as Internal
    from bascule.failures import InvalidArgument as InvalidArgument
    from bascule.failures import PermissionDenied as PermissionDenied
    from bascule.failures import ResourceExhausted as ResourceExhausted
    from bascule.failures import Unauthenticated as Unauthenticated
    from bascule.failures import Unavailable as Unavailable
    from bascule.failures import Unimplemented as Unimplemented
    from bascule.service import Service as Service

__version__ = "0.1.0"

_HOMES = {
    "app": ("App",),
    "client": ("CallOptions",),
    "connection": ("Connection",),
    "context": ("Context", "current_context"),
    "database": ("Row", "SqlError", "Transaction"),
    "failures": (
        "Cancelled", "ContractError", "DeadlineExceeded", "DecodeError", "EncodeError", "Error", "Internal",
        "InvalidArgument", "PermissionDenied", "ResourceExhausted", "Unauthenticated", "Unavailable", "Unimplemented",
    ),
    "service": ("Service",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bascule' has no attribute {name!r}")
    return getattr(import_module(f"bascule.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
