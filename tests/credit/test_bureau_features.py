"""Features of loans with other lenders, on a few rows that a person can add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.credit.conftest import AggregateOne

CLIENT = 1


def test_bureau_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    loan = {"SK_ID_CURR": CLIENT, "CREDIT_CURRENCY": "currency 1"}
    running_card = loan | {
        "SK_ID_BUREAU": 11,
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Credit card",
        "DAYS_CREDIT": -365,
        "CREDIT_DAY_OVERDUE": 4,
        "DAYS_CREDIT_ENDDATE": 700,
        "AMT_CREDIT_MAX_OVERDUE": 50,
        "CNT_CREDIT_PROLONG": 1,
        "AMT_CREDIT_SUM": 1_000,
        "AMT_CREDIT_SUM_DEBT": 250,
        "AMT_CREDIT_SUM_LIMIT": 800,
        "AMT_CREDIT_SUM_OVERDUE": 20,
        "DAYS_CREDIT_UPDATE": -10,
        "AMT_ANNUITY": 60,
    }
    running_loan = loan | {
        "SK_ID_BUREAU": 12,
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Consumer credit",
        "DAYS_CREDIT": -366,
        "CREDIT_DAY_OVERDUE": 0,
        "DAYS_CREDIT_ENDDATE": 300,
        "CNT_CREDIT_PROLONG": 2,
        "AMT_CREDIT_SUM": 3_000,
        "AMT_CREDIT_SUM_DEBT": 1_250,
        "AMT_CREDIT_SUM_OVERDUE": 0,
        "DAYS_CREDIT_UPDATE": -20,
        "AMT_ANNUITY": 40,
    }
    closed_microloan = loan | {
        "SK_ID_BUREAU": 13,
        "CREDIT_ACTIVE": "Closed",
        "CREDIT_TYPE": "Microloan",
        "DAYS_CREDIT": -1_000,
        "CREDIT_DAY_OVERDUE": 0,
        "DAYS_CREDIT_ENDDATE": -600,
        "DAYS_ENDDATE_FACT": -630,
        "AMT_CREDIT_MAX_OVERDUE": 0,
        "CNT_CREDIT_PROLONG": 0,
        "AMT_CREDIT_SUM": 4_000,
        "AMT_CREDIT_SUM_DEBT": 0,
        "AMT_CREDIT_SUM_LIMIT": 0,
        "AMT_CREDIT_SUM_OVERDUE": 0,
        "DAYS_CREDIT_UPDATE": -630,
    }

    features = aggregate_one("bureau", [running_card, running_loan, closed_microloan])

    expected = {
        "has_history": 1,
        "loans_count": 3,
        "active_count": 2,
        "active_share": 2 / 3,
        "card_count": 1,
        "microloan_count": 1,
        "types_count": 3,
        "count_365d": 1,
        "days_credit_max": -365,
        "days_credit_min": -1_000,
        "days_credit_mean": -577,
        "active_days_credit_max": -365,
        "days_enddate_max": 700,
        "active_days_enddate_mean": 500,
        "days_enddate_fact_max": -630,
        "days_ended_early_mean": 30,
        "days_update_mean": -220,
        "credit_sum": 8_000,
        "credit_mean": 8_000 / 3,
        "credit_max": 4_000,
        "debt_sum": 1_500,
        "debt_to_credit": 1_500 / 8_000,
        "active_debt_to_credit": 1_500 / 4_000,
        "limit_sum": 800,
        "overdue_sum": 20,
        "overdue_share": 1 / 3,
        "overdue_days_max": 4,
        "max_overdue_max": 50,
        "was_overdue_share": 1 / 2,
        "prolonged_sum": 3,
        "annuity_sum": 100,
        "card_used_share_mean": 250 / 1_050,
        "active_debt_a_day_sum": 250 / 700 + 1_250 / 300,
    }
    assert {name: features[name] for name in expected} == pytest.approx(expected)


def test_bureau_balance_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    loans = [{"SK_ID_CURR": CLIENT, "SK_ID_BUREAU": loan} for loan in (11, 12)]
    months = [(11, 0, "C"), (11, -1, "0"), (11, -12, "1"), (12, -13, "2"), (12, -14, "5")]
    months += [(12, -15, "X"), (12, -16, "0"), (12, -17, "0")]

    features = aggregate_one(
        "bureau_balance",
        [
            {"SK_ID_BUREAU": loan, "MONTHS_BALANCE": month, "STATUS": status}
            for loan, month, status in months
        ],
        bureau=loans,
    )

    expected = {
        "has_history": 1,
        "months_count": 8,
        "loans_count": 2,
        "months_min": -17,
        "late_share_mean": 3 / 6,
        "late_count": 3,
        "very_late_count": 2,
        "late_share_mean_12m": 1 / 2,
        "late_latest_month": -12,
        "closed_share_mean": 1 / 8,
        "unknown_share_mean": 1 / 8,
    }
    assert {name: features[name] for name in expected} == pytest.approx(expected)
