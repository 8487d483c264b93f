from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from credit.features.catalog import FEATURE_NAMES, FEATURES
from credit.features.feature import Feature
from training.semantics import Semantics, group_by_semantics, read_semantics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.feature_matrix import FeatureMatrix

LONGEST_LIFE_DAYS = 45_000


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Semantics.FLAG, ["bureau_has_history", "installments_has_history"]),
        (
            Semantics.AMOUNT,
            ["AMT_CREDIT", "bureau_debt_sum", "bureau_max_overdue_max", "installments_paid_sum"],
        ),
        (
            Semantics.COUNT,
            ["CNT_CHILDREN", "AMT_REQ_CREDIT_BUREAU_YEAR", "pos_months_count", "enquiries_total"],
        ),
        (
            Semantics.DAYS,
            ["DAYS_EMPLOYED", "bureau_days_credit_max", "pos_months_min", "card_dpd_max"],
        ),
        (
            Semantics.MEAN,
            ["bureau_credit_mean", "previous_days_decision_mean", "debt_to_credit", "paid_share"],
        ),
        (Semantics.REST, ["EXT_SOURCE_1", "OWN_CAR_AGE", "CODE_GENDER", "ext_source_product"]),
    ],
)
def test_a_feature_says_what_it_is_a_measure_of(kind: Semantics, names: list[str]) -> None:
    assert [read_semantics(Feature(name, "some_table", "")) for name in names] == [kind] * len(
        names
    )


def test_a_window_and_the_tables_own_name_change_nothing() -> None:
    assert read_semantics(Feature("card_balance_max_6m", "credit_card_balance", "")) == (
        Semantics.AMOUNT
    )
    assert read_semantics(Feature("bureau_balance_unknown", "bureau_balance", "")) == Semantics.REST


def test_every_feature_of_the_catalog_is_under_exactly_one_rule() -> None:
    grouped = group_by_semantics(FEATURES)

    listed = [name for names in grouped.values() for name in names]
    assert sorted(listed) == sorted(FEATURE_NAMES)
    assert all(grouped.values())


def get_known(matrix: FeatureMatrix, name: str) -> NDArray[np.float32]:
    column = matrix.features[:, FEATURE_NAMES.index(name)]
    return column[~np.isnan(column)]


def test_what_is_called_a_count_holds_numbers_of_things(matrix: FeatureMatrix) -> None:
    wrong = [
        name
        for name in group_by_semantics(FEATURES)[Semantics.COUNT]
        if (known := get_known(matrix, name)).size and ((known < 0) | (known % 1 != 0)).any()
    ]

    assert wrong == []


def test_what_is_called_days_is_no_longer_than_a_life(matrix: FeatureMatrix) -> None:
    wrong = [
        name
        for name in group_by_semantics(FEATURES)[Semantics.DAYS]
        if (known := get_known(matrix, name)).size and np.abs(known).max() > LONGEST_LIFE_DAYS
    ]

    assert wrong == []


def test_what_is_called_an_amount_is_as_large_as_money_is(matrix: FeatureMatrix) -> None:
    wrong = [
        name
        for name in group_by_semantics(FEATURES)[Semantics.AMOUNT]
        if (known := get_known(matrix, name)).any() and np.abs(known).max() < 100
    ]

    assert wrong == []


def test_has_history_is_always_told(matrix: FeatureMatrix) -> None:
    for name in group_by_semantics(FEATURES)[Semantics.FLAG]:
        column = matrix.features[:, FEATURE_NAMES.index(name)]
        assert set(np.unique(column)) <= {0, 1}, name
