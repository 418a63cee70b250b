"""What the tools raise: a sentence that says what happened, where, and what to do."""

from __future__ import annotations


class PlatformError(Exception):
    """Something that a person can mend; shown without a traceback."""

    exit_code = 1


class NotRunning(PlatformError):
    """The platform that was asked for does not run."""

    exit_code = 3
