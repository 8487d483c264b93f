"""How much of the service one caller, or all of them together, may take."""

from __future__ import annotations

from dataclasses import dataclass

from serving.request import MAX_BODY_BYTES

MAX_BODY_BYTES_IN_FLIGHT = 16 * MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for the requests of one worker.

    Attributes:
        concurrency: Requests that may be answered at the same time.
        deadline_seconds: So long an answer may take, the caller's sending included.
        body_bytes: Of one request.
        body_bytes_in_flight: Of all requests that are being answered.
    """

    concurrency: int
    deadline_seconds: float
    body_bytes: int = MAX_BODY_BYTES
    body_bytes_in_flight: int = MAX_BODY_BYTES_IN_FLIGHT
