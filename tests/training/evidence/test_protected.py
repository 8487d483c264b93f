from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS, Column, Kind
from credit.features.application import compute_application_features
from training.evidence.protected import PROTECTED_COLUMNS, PROTECTED_FEATURES, leave_out_protected

Columns = dict[str, NDArray[np.float64]]
COUNTS_WHAT_IS_MISSING = {"other_missing_count"}


def draw_columns(clients: int = 50) -> Columns:
    """Return application columns with every cell filled from its range in the contract."""
    generator = np.random.default_rng(1)
    return {column.name: draw_cells(column, generator, clients) for column in APPLICATION_COLUMNS}


def draw_cells(column: Column, generator: np.random.Generator, clients: int) -> NDArray[np.float64]:
    if column.kind is Kind.CATEGORY:
        return generator.integers(len(column.categories), size=clients).astype(np.float64)
    low = -3_000.0 if column.minimum is None else max(column.minimum, -20_000.0)
    high = 3_000.0 if column.maximum is None else min(column.maximum, 20_000.0)
    return generator.uniform(low, high, clients)


def find_changed(before: Columns, after: Columns) -> set[str]:
    one, other = compute_application_features(before), compute_application_features(after)
    return {name for name in one if not np.array_equal(one[name], other[name], equal_nan=True)}


def test_the_list_is_what_changes_with_age_and_gender() -> None:
    columns = draw_columns()
    changed = columns | {
        "DAYS_BIRTH": columns["DAYS_BIRTH"] - 1_000,
        "CODE_GENDER": 1 - columns["CODE_GENDER"],
    }

    assert find_changed(columns, changed) == set(PROTECTED_FEATURES)


def test_beyond_the_list_only_a_count_knows_whether_they_are_filled() -> None:
    columns = draw_columns()
    emptied = columns | {name: np.full(50, np.nan) for name in PROTECTED_COLUMNS}

    found = find_changed(columns, emptied)

    assert found == set(PROTECTED_FEATURES) | COUNTS_WHAT_IS_MISSING


def test_the_matrix_without_them_keeps_the_other_columns() -> None:
    names = ("AMT_CREDIT", "DAYS_BIRTH", "income_to_age", "EXT_SOURCE_2", "CODE_GENDER")
    features = np.arange(10, dtype=np.float32).reshape(2, 5)

    kept, kept_names = leave_out_protected(features, names)

    assert kept_names == ("AMT_CREDIT", "EXT_SOURCE_2")
    assert kept.tolist() == [[0, 3], [5, 8]]
