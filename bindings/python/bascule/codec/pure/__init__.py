"""The codec in plain Python: for PyPy, and as a second opinion on the native one. Same bytes, values and verdicts.

``reader`` and ``writer`` know values, ``compact`` and ``binary`` the bytes of the two protocols, ``plan`` structs and methods.
"""

from __future__ import annotations

from bascule.codec.pure.plan import Method, Plan

__all__ = ["Method", "Plan"]
