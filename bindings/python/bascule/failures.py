"""What a call may fail with besides the exceptions that its contract declares; and what is wrong with bytes or values."""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """A platform failure. ``code`` is its name on the wire (application property ``bascule-error``)."""

    code: ClassVar[str] = "internal"
    __bascule_error__: str = "internal"  # what the native side reads

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.__bascule_error__ = cls.code


class DeadlineExceeded(Error):
    """The deadline passed before an answer came; the work may or may not have been done."""

    code = "deadline_exceeded"


class Unavailable(Error):
    """Nobody can serve it now: no connection, the instance died, the broker is overloaded. A retry may help."""

    code = "unavailable"


class ResourceExhausted(Error):
    """A bound was met: a full queue, too many calls in flight, a quota."""

    code = "resource_exhausted"


class Unauthenticated(Error):
    """Who is calling is not known."""

    code = "unauthenticated"


class PermissionDenied(Error):
    """The caller is known and may not."""

    code = "permission_denied"


class InvalidArgument(Error):
    """The request does not fit the contract."""

    code = "invalid_argument"


class Unimplemented(Error):
    """No such method or service."""

    code = "unimplemented"


class Internal(Error):
    """A handler failed in a way its contract does not declare."""

    code = "internal"


class Cancelled(Error):
    """The caller gave up; never sent on the wire."""

    code = "cancelled"


_BY_CODE: dict[str, type[Error]] = {
    kind.code: kind
    for kind in (
        DeadlineExceeded, Unavailable, ResourceExhausted, Unauthenticated, PermissionDenied, InvalidArgument,
        Unimplemented, Internal, Cancelled,
    )
}  # fmt: skip


def error_class(code: str) -> type[Error]:
    """The class of a wire name; an unknown name is Internal, so that a newer peer's errors stay errors."""
    return _BY_CODE.get(code, Internal)


class DecodeError(ValueError):
    """Bytes that are no message of the contract: what is wrong, at which byte, and in which field."""

    def __init__(self, message: str, offset: int = 0, path: str = "") -> None:
        super().__init__(message, offset, path)
        self.message, self.offset, self.path = message, offset, path

    def __str__(self) -> str:
        return f"{self.path}: {self.message} (at byte {self.offset})"


class EncodeError(ValueError):
    """A value that its contract does not allow: what is wrong, and in which field."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message, path)
        self.message, self.path = message, path

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ContractError(Exception):
    """A contract that contradicts itself or another, or code that does not fit it."""


_APPLICATION_CODES: dict[int, type[Error]] = {
    1: Unimplemented,
    2: InvalidArgument,
    3: Unimplemented,
    7: InvalidArgument,
}


def application_error(message: str, code: int) -> Error:
    """A Thrift application exception (a peer's answer of type EXCEPTION) as a platform failure."""
    return _APPLICATION_CODES.get(code, Internal)(message or f"application exception {code}")
