"""Features of balances and payments, on a few rows that a person can add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.credit.conftest import AggregateOne, Row

CLIENT = 1


def test_pos_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    def month(loan: int, back: int, term: int | None, left: int | None, **more: object) -> Row:
        return {
            "SK_ID_CURR": CLIENT,
            "SK_ID_PREV": loan,
            "MONTHS_BALANCE": -back,
            "CNT_INSTALMENT": term,
            "CNT_INSTALMENT_FUTURE": left,
            "NAME_CONTRACT_STATUS": "Active",
            "SK_DPD": 0,
            "SK_DPD_DEF": 0,
        } | more

    features = aggregate_one(
        "POS_CASH_balance",
        [
            month(21, 12, 10, 4, SK_DPD=6, SK_DPD_DEF=2),
            month(21, 13, 10, 6, SK_DPD=30),
            month(22, 2, 0, 0, NAME_CONTRACT_STATUS="Completed"),
            month(22, 3, None, None),
        ],
    )

    assert features == pytest.approx(
        {
            "has_history": 1,
            "months_count": 4,
            "loans_count": 2,
            "months_max": -2,
            "months_min": -13,
            "late_share_mean": 1 / 2,
            "late_share_mean_12m": 1 / 3,
            "late_beyond_tolerance_share_mean": 1 / 4,
            "dpd_max": 30,
            "dpd_mean": 9,
            "dpd_def_max": 2,
            "completed_count": 1,
            "term_mean": 20 / 3,
            "remaining_mean": 10 / 3,
            "remaining_share_mean": 1 / 2,
            "remaining_max_12m": 4,
        }
    )


def test_card_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    month = {
        "SK_ID_CURR": CLIENT,
        "SK_ID_PREV": 31,
        "MONTHS_BALANCE": -6,
        "AMT_BALANCE": 500,
        "AMT_CREDIT_LIMIT_ACTUAL": 1_000,
        "AMT_DRAWINGS_CURRENT": 60,
        "CNT_DRAWINGS_CURRENT": 3,
        "AMT_DRAWINGS_ATM_CURRENT": 40,
        "CNT_DRAWINGS_ATM_CURRENT": 2,
        "AMT_PAYMENT_CURRENT": 90,
        "AMT_INST_MIN_REGULARITY": 60,
        "SK_DPD": 9,
        "SK_DPD_DEF": 7,
    }
    earlier = month | {
        "MONTHS_BALANCE": -7,
        "AMT_BALANCE": 900,
        "AMT_DRAWINGS_CURRENT": 0,
        "CNT_DRAWINGS_CURRENT": 0,
        "AMT_DRAWINGS_ATM_CURRENT": 0,
        "CNT_DRAWINGS_ATM_CURRENT": 0,
        "AMT_PAYMENT_CURRENT": 30,
        "SK_DPD": 3,
        "SK_DPD_DEF": 0,
    }
    without_limit = earlier | {
        "SK_ID_PREV": 32,
        "AMT_BALANCE": 100,
        "AMT_CREDIT_LIMIT_ACTUAL": 0,
        "AMT_DRAWINGS_ATM_CURRENT": None,
        "CNT_DRAWINGS_ATM_CURRENT": None,
        "AMT_INST_MIN_REGULARITY": 0,
        "SK_DPD": 0,
    }

    features = aggregate_one("credit_card_balance", [month, earlier, without_limit])

    assert features == pytest.approx(
        {
            "has_history": 1,
            "months_count": 3,
            "cards_count": 2,
            "months_max": -6,
            "balance_mean": 500,
            "balance_max": 900,
            "limit_max": 1_000,
            "utilisation_mean": 0.7,
            "utilisation_max": 0.9,
            "utilisation_mean_6m": 0.5,
            "drawings_mean": 20,
            "drawings_count_mean": 1,
            "cash_drawing_share": 1 / 2,
            "cash_drawings_count_mean": 1,
            "paid_to_due_mean": 1,
            "late_share_mean": 2 / 3,
            "late_beyond_tolerance_share_mean": 1 / 3,
            "dpd_max": 9,
        }
    )


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

    assert features == pytest.approx(
        {
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
    )
