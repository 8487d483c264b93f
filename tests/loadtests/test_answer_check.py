from __future__ import annotations

import json
from typing import Any

import pytest

from loadtests.answer_check import find_fault

GOOD: dict[str, Any] = {
    "SK_ID_CURR": 7,
    "probability": 0.2,
    "prediction": 1,
    "decision": "REFUSED",
    "threshold": 0.1,
}


def check(changes: dict[str, object], status: int = 200) -> str | None:
    return find_fault(status, json.dumps(GOOD | changes).encode(), 7)


def test_a_right_answer_has_no_fault() -> None:
    assert check({}) is None
    assert check({"threshold": 0.2}) is None
    assert check({"threshold": 0.3, "prediction": 0, "decision": "APPROVED"}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"SK_ID_CURR": 8},
        {"probability": 1.5},
        {"probability": float("nan")},
        {"prediction": 0},
        {"decision": "APPROVED"},
        {"threshold": 0.3},
    ],
)
def test_a_wrong_answer_has_a_fault(changes: dict[str, object]) -> None:
    assert check(changes) is not None


def test_a_failed_request_is_a_fault_with_its_status() -> None:
    fault = check({}, status=503)

    assert fault is not None
    assert fault.startswith("status 503")
