"""Why a request is not answered: FastAPI's error shape, and the error that carries it."""

from __future__ import annotations

from dataclasses import dataclass

from credit.errors import CreditError

Location = tuple[str | int, ...]

MOST_NAME_LETTERS = 64
"""Of a name that the contract does not know, so much is told; it may be as long as a body."""


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One fault of a request; never holds what the client sent as a value.

    Attributes:
        loc: Where the fault is, from the outermost to the innermost.
        msg: What is wrong.
        type: The kind of fault, in pydantic's words where it has one.
    """

    loc: Location
    msg: str
    type: str


class RequestRejected(CreditError):
    """A request cannot be answered as it stands; the client can mend it.

    Attributes:
        http_status: Status of the answer.
        details: One entry a fault.
    """

    def __init__(self, details: list[ErrorDetail], http_status: int = 422) -> None:
        super().__init__(f"{len(details)} faults in the request.")
        self.details = details
        self.http_status = http_status


def reject(
    location: Location, message: str, fault_type: str, http_status: int = 422
) -> RequestRejected:
    """Return the error for a request with a single fault."""
    detail = ErrorDetail(location, message, fault_type)
    return RequestRejected([detail], http_status)


def shorten(name: str) -> str:
    """Return the beginning of a name that is too long to be told."""
    return name if len(name) <= MOST_NAME_LETTERS else f"{name[:MOST_NAME_LETTERS]}…"
