"""Features of single payments, on a few rows that a person can add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.credit.conftest import AggregateOne, Row

CLIENT = 1


def test_installments_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    def payment(loan: int, due: int, made: int | None, paid: int | None, number: int) -> Row:
        return {
            "SK_ID_CURR": CLIENT,
            "SK_ID_PREV": loan,
            "NUM_INSTALMENT_NUMBER": number,
            "DAYS_INSTALMENT": due,
            "DAYS_ENTRY_PAYMENT": made,
            "AMT_INSTALMENT": 100,
            "AMT_PAYMENT": paid,
        }

    features = aggregate_one(
        "installments_payments",
        [
            payment(41, due=-365, made=-355, paid=70, number=8),
            payment(41, due=-366, made=-376, paid=100, number=7),
            payment(42, due=-30, made=-30, paid=130, number=2),
            payment(42, due=-5, made=None, paid=None, number=3),
        ],
    )

    expected = {
        "has_history": 1,
        "payments_count": 4,
        "loans_count": 2,
        "days_due_max": -5,
        "days_late_mean": 0,
        "days_late_max": 10,
        "days_late_min": -10,
        "late_share_mean": 1 / 3,
        "late_share_mean_365d": 1 / 2,
        "days_late_mean_365d": 5,
        "underpaid_share_mean": 1 / 3,
        "underpaid_max": 30,
        "paid_to_due": 300 / 400,
        "due_mean": 100,
        "due_max": 100,
        "paid_sum": 300,
        "number_max": 8,
    }
    assert {name: features[name] for name in expected} == pytest.approx(expected)
