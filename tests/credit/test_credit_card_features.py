"""Features of credit cards, on a few months that a person can add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.credit.conftest import AggregateOne

CLIENT = 1


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

    expected = {
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
    assert {name: features[name] for name in expected} == pytest.approx(expected)
