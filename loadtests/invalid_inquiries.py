"""Requests that cannot be answered, each with how the service must refuse it."""

from __future__ import annotations

import json
from functools import partial

from loadtests.answer_check import Refusal, find_batch_fault, find_refusal_fault
from loadtests.applicants import Applicant, find_client
from loadtests.inquiries import Inquiry

MOST_ROWS = 1_000
TOO_LARGE = Refusal(413, "too_long")
"""Of a list with too many rows."""


def make_invalid_inquiries(applicant: Applicant, other: Applicant) -> list[Inquiry]:
    """Return one inquiry of each kind of mistake; the last is a list in which one row is wrong."""
    without = {name: cell for name, cell in applicant.items() if name != "AMT_CREDIT"}
    wrong: tuple[tuple[dict[str, object], Refusal], ...] = (
        ({"data": without}, Refusal(422, "missing")),
        ({"data": applicant | {"AMT_CREDIT": -1}}, Refusal(422, "greater_than_equal")),
        ({"data": applicant | {"AMT_CREDIT": "much"}}, Refusal(422, "float_type")),
        ({"data": applicant | {"AMT_CREDIT": float("nan")}}, Refusal(422, "finite_number")),
        ({"data": applicant | {"CODE_GENDER": "?"}}, Refusal(422, "literal_error")),
        ({"data": applicant | {"SURPRISE": 1}}, Refusal(422, "extra_forbidden")),
        ({"data": []}, Refusal(422, "too_short")),
        ({"data": [{}] * (MOST_ROWS + 1)}, TOO_LARGE),
        ({"datum": applicant}, Refusal(422, "missing")),
    )
    inquiries = [_expect("/predict", json.dumps(body), refusal) for body, refusal in wrong]
    minimal = {"sk_id_curr": find_client(applicant), "amt_credit": 1e5, "duration_months": 0}
    return [
        *inquiries,
        _expect("/predict", '{"data": {', Refusal(422, "json_invalid")),
        _expect("/predict?treshold=0.1", json.dumps({"data": applicant}), _UNKNOWN_PARAMETER),
        _expect("/predict-minimal", json.dumps(minimal), Refusal(422, "greater_than_equal")),
        _expect("/prediction", json.dumps({"data": applicant}), Refusal(404, "not_found")),
        _spoil_one_row(applicant, other),
    ]


_UNKNOWN_PARAMETER = Refusal(422, "extra_forbidden")


def _expect(path: str, body: str, refusal: Refusal) -> Inquiry:
    return Inquiry("invalid", path, body, partial(find_refusal_fault, expected=refusal))


def _spoil_one_row(applicant: Applicant, other: Applicant) -> Inquiry:
    rows = [applicant, applicant | {"AMT_CREDIT": -1}, other]
    poisoned = Refusal(422, "greater_than_equal")
    expected: list[int | Refusal] = [find_client(applicant), poisoned, find_client(other)]
    check = partial(find_batch_fault, expected=expected)
    return Inquiry("invalid", "/predict", json.dumps({"data": rows}), check, len(rows))
