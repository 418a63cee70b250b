"""The codec: Thrift compact and binary, straight between bytes and objects.

``Plan`` and ``Method`` come from the native module, or from :mod:`bascule.codec.pure` where there is none (PyPy) or
where ``BASCULE_CODEC=pure`` asks for it. Both give the same bytes, values and verdicts.
"""

from __future__ import annotations

import os
import platform
import uuid
from typing import TYPE_CHECKING

from bascule.codec.order import in_order
from bascule.failures import DecodeError, EncodeError, application_error

if TYPE_CHECKING:
    from bascule._native import Method, Plan

    NATIVE: bool
else:
    NATIVE = os.environ.get("BASCULE_CODEC") != "pure" and platform.python_implementation() == "CPython"
    if NATIVE:
        from bascule import _native
        from bascule._native import Method, Plan

        _native.configure(DecodeError, EncodeError, application_error, uuid.UUID, in_order)
    else:
        from bascule.codec.pure import Method, Plan

CALL, REPLY, EXCEPTION, ONEWAY = 1, 2, 3, 4

__all__ = ["CALL", "EXCEPTION", "NATIVE", "ONEWAY", "REPLY", "Method", "Plan"]
