"""What a request is known by in logs: its id, and the trace of which it is a part."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)


@dataclass(frozen=True, slots=True)
class RequestMarks:
    """What a request is known by.

    Attributes:
        request_id: The caller's, if it can be logged safely, else a new one.
        trace_id: 32 hex digits; None if the request is no part of a trace.
    """

    request_id: str
    trace_id: str | None


CURRENT_REQUEST: ContextVar[RequestMarks | None] = ContextVar("current_request", default=None)
"""The request that is being answered."""


def find_trace(traceparent: str | None) -> str | None:
    """Return the trace's id of a `traceparent` header (W3C Trace Context); None if there is none.

    One that does not keep to the standard is passed over, as the standard demands.
    """
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    return found[1] if found else None
