"""What an answer of the service must be, whoever asks.

Each function returns what is wrong with an answer; None if nothing is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from math import log
from typing import Any

TOLERANCE = 1e-3
"""In log-odds, of contributions that must add up; the service's own."""

Check = Callable[[int, bytes], str | None]
"""Takes an answer's status and body."""

Inspect = Callable[[Any], str | None]
"""Takes an answer's content."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request must be refused that cannot be answered.

    Attributes:
        status: Of the answer.
        type: Of the first entry of its `detail`.
    """

    status: int
    type: str


def find_fault(status: int, body: bytes, client: int) -> str | None:
    """Return what is wrong with the answer to a question about a client."""
    return _find_fault(status, body, lambda answer: _inspect_decision(answer, client))


def find_batch_fault(status: int, body: bytes, expected: Sequence[int | Refusal]) -> str | None:
    """Return what is wrong with the answers to a list.

    Args:
        status: Of the answer.
        body: Of the answer.
        expected: A row each: its client, or how it must be refused.
    """
    return _find_fault(status, body, lambda answers: _inspect_rows(answers, expected))


def find_explanation_fault(status: int, body: bytes, client: int) -> str | None:
    """Return what is wrong with a decision that tells how it came about."""
    return _find_fault(
        status,
        body,
        lambda answer: _inspect_decision(answer, client) or _inspect_explanation(answer),
    )


def find_refusal_fault(status: int, body: bytes, expected: Refusal) -> str | None:
    """Return what is wrong with the answer to a request that cannot be answered."""
    return _find_fault(
        status, body, lambda content: _inspect_refusal(content, expected), expected.status
    )


def _find_fault(
    status: int, body: bytes, inspect: Inspect, expected: int = HTTPStatus.OK
) -> str | None:
    if status != expected:
        return f"status {status}: {body[:200]!r}"
    try:
        return inspect(json.loads(body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return f"no answer: {body[:200]!r}"


def _inspect_decision(answer: dict[str, Any], client: int) -> str | None:
    if answer["SK_ID_CURR"] != client:
        return "the answer is about another client"
    pd, threshold = answer["probability"], answer["threshold"]
    if not 0 <= pd <= 1:
        return f"probability {pd} is none"
    refused = pd >= threshold
    if (answer["prediction"], answer["decision"]) != (
        (1, "REFUSED") if refused else (0, "APPROVED")
    ):
        return f"decision {answer['decision']} at probability {pd} and threshold {threshold}"
    return None


def _inspect_rows(answers: list[Any], expected: Sequence[int | Refusal]) -> str | None:
    if len(answers) != len(expected):
        return f"{len(answers)} answers to {len(expected)} rows"
    for number, (answer, wanted) in enumerate(zip(answers, expected, strict=True)):
        if isinstance(wanted, Refusal):
            fault = _inspect_refusal(answer, wanted)
        else:
            fault = _inspect_decision(answer, wanted)
        if fault is not None:
            return f"row {number}: {fault}"
    return None


def _inspect_explanation(answer: dict[str, Any]) -> str | None:
    shares = [entry["contribution"] for entry in answer["contributions"]]
    total = answer["base_value"] + sum(shares) + answer["other_contributions"]
    pd = answer["probability"]
    for name, log_odds in (("log_odds", answer["log_odds"]), ("probability", log(pd / (1 - pd)))):
        if not abs(total - log_odds) <= TOLERANCE:
            return f"contributions add up to {total:.4f}, and {name} says {log_odds:.4f}"
    if answer["decision"] == "REFUSED" and not answer["reasons"]:
        return None if answer["rests_on_protected"] else "a refusal without a reason"
    return None


def _inspect_refusal(content: dict[str, Any], expected: Refusal) -> str | None:
    first = content["detail"][0]
    if not isinstance(first["loc"], list) or not isinstance(first["msg"], str):
        return f"a detail without loc and msg: {first!r}"
    if first["type"] != expected.type:
        return f"refused as {first['type']}, not as {expected.type}"
    return None
