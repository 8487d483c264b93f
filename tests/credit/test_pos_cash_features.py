"""Features of point-of-sale and cash loans, on a few months that a person can add up."""

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

    expected = {
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
    assert {name: features[name] for name in expected} == pytest.approx(expected)
