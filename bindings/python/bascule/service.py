"""What generated service bases derive from and refer to."""

from __future__ import annotations

import abc
from collections.abc import Awaitable
from typing import ClassVar, TypeAlias, TypeVar

from bascule.context import Context

T = TypeVar("T")
#: A method may be implemented by ``async def``, or by ``def``, which runs in the thread pool.
MaybeAwaitable: TypeAlias = T | Awaitable[T]


class Service(abc.ABC):
    """Base of the generated service bases: derive from those, and give the class to ``App.serve``."""

    __bascule_service__: ClassVar[str]


__all__ = ["Context", "MaybeAwaitable", "Service"]
