from __future__ import annotations

import json
from math import log
from typing import Any

import pytest

from loadtests.answer_check import (
    Refusal,
    find_batch_fault,
    find_explanation_fault,
    find_fault,
    find_refusal_fault,
)

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


EXPLAINED: dict[str, Any] = GOOD | {
    "log_odds": log(0.25),
    "base_value": -2.0,
    "contributions": [{"contribution": 0.5}, {"contribution": -0.1}],
    "other_contributions": log(0.25) + 1.6,
    "reasons": [{"code": "R01"}],
    "rests_on_protected": False,
}
TOO_LOW = Refusal(422, "greater_than_equal")
REFUSED = {"detail": [{"loc": ["body", "data"], "msg": "Too low", "type": "greater_than_equal"}]}


def check_explanation(changes: dict[str, object]) -> str | None:
    return find_explanation_fault(200, json.dumps(EXPLAINED | changes).encode(), 7)


def test_contributions_that_add_up_have_no_fault() -> None:
    assert check_explanation({}) is None
    assert check_explanation({"other_contributions": log(0.25) + 1.6005}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"SK_ID_CURR": 8},
        {"base_value": -1.9},
        {"contributions": []},
        {"other_contributions": float("nan")},
        {"log_odds": -1.0},
        {"probability": 0.3},
        {"reasons": []},
    ],
)
def test_an_explanation_of_another_estimate_has_a_fault(changes: dict[str, object]) -> None:
    assert check_explanation(changes) is not None


def test_a_refusal_that_rests_on_protected_facts_needs_no_reason() -> None:
    assert check_explanation({"reasons": [], "rests_on_protected": True}) is None


def test_answers_to_a_list_are_right_if_each_is() -> None:
    def check_rows(*answers: object) -> str | None:
        return find_batch_fault(200, json.dumps(answers).encode(), [7, TOO_LOW])

    assert check_rows(GOOD, REFUSED) is None
    assert check_rows(REFUSED, GOOD) is not None
    assert check_rows(GOOD, GOOD) is not None
    assert check_rows(GOOD) is not None
    fault = check_rows(GOOD | {"SK_ID_CURR": 8}, REFUSED)
    assert fault is not None
    assert fault.startswith("row 0")


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, GOOD),
        (400, REFUSED),
        (500, REFUSED),
        (422, {"detail": []}),
        (422, {"detail": "Too low"}),
        (422, {"detail": [{"loc": ["body"], "msg": "Too low", "type": "less_than_equal"}]}),
        (422, {"detail": [{"msg": "Too low", "type": "greater_than_equal"}]}),
        (422, {"error": "Too low"}),
    ],
)
def test_whoever_refuses_otherwise_than_documented_is_at_fault(
    status: int, content: object
) -> None:
    assert find_refusal_fault(422, json.dumps(REFUSED).encode(), TOO_LOW) is None
    assert find_refusal_fault(status, json.dumps(content).encode(), TOO_LOW) is not None
