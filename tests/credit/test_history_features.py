"""Every history feature, as the engine computes it, against its name read in plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from credit.contract import HISTORY_TABLES
from credit.features.catalog import HISTORY_FEATURES
from tests.credit.plain.balances import (
    CREDIT_CARD_BALANCE,
    INSTALLMENTS_PAYMENTS,
    POS_CASH_BALANCE,
)
from tests.credit.plain.bureau import BUREAU, BUREAU_BALANCE
from tests.credit.plain.drawn_rows import draw_rows, read_missing
from tests.credit.plain.previous import PREVIOUS_APPLICATION
from tests.credit.plain.reading import Reading, UnknownFeature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tests.credit.conftest import Aggregate, Histories, Row

CLIENTS = 120
READINGS: Mapping[str, tuple[str, Reading]] = {
    "bureau": ("bureau", BUREAU),
    "bureau_balance": ("bureau_balance", BUREAU_BALANCE),
    "previous_application": ("previous", PREVIOUS_APPLICATION),
    "POS_CASH_balance": ("pos", POS_CASH_BALANCE),
    "credit_card_balance": ("card", CREDIT_CARD_BALANCE),
    "installments_payments": ("installments", INSTALLMENTS_PAYMENTS),
}
EACH_TABLE = pytest.mark.parametrize("table", HISTORY_TABLES)


def list_features(table: str) -> list[str]:
    return [feature.name for feature in HISTORY_FEATURES if feature.table == table]


def compute(aggregate: Aggregate, table: str, rows: Sequence[Row]) -> Histories:
    if table != "bureau_balance":
        return aggregate(**{table: rows})
    owners = {(row["SK_ID_CURR"], row["SK_ID_BUREAU"]) for row in rows}
    loans = [{"SK_ID_CURR": client, "SK_ID_BUREAU": loan} for client, loan in owners]
    return aggregate(bureau_balance=rows, bureau=loans)


def read(table: str, rows: Sequence[Row]) -> Histories:
    """Return what the names of the table's features say of these rows, client by client."""
    prefix, reading = READINGS[table]
    known: dict[int, list[Row]] = {}
    for row in rows:
        client = row["SK_ID_CURR"]
        assert isinstance(client, int)
        known.setdefault(client, []).append(read_missing(table, dict(row)))
    return {
        client: {
            name: to_float(reading.read(name.removeprefix(f"{prefix}_"), theirs))
            for name in list_features(table)
        }
        for client, theirs in known.items()
    }


def to_float(value: float | None) -> float:
    return float("nan") if value is None else float(value)


@EACH_TABLE
@pytest.mark.parametrize("seed", [1, 2])
def test_every_feature_is_what_its_name_says(aggregate: Aggregate, table: str, seed: int) -> None:
    rows = draw_rows(table, CLIENTS, seed)

    histories, expected = compute(aggregate, table, rows), read(table, rows)

    assert set(histories) == set(expected)
    wrong = {
        (name, client): (histories[client][name], value)
        for client, features in expected.items()
        for name, value in features.items()
        if not np.isclose(histories[client][name], value, rtol=1e-5, atol=1e-9, equal_nan=True)
    }
    assert wrong == {}


@EACH_TABLE
def test_the_drawn_clients_tell_every_feature_from_a_constant_and_from_every_other(
    table: str,
) -> None:
    histories = read(table, draw_rows(table, CLIENTS, seed=1))

    values = {
        name: np.array([features[name] for features in histories.values()])
        for name in list_features(table)
        if not name.endswith("has_history")
    }
    assert {
        name for name, told in values.items() if len(np.unique(told[~np.isnan(told)])) < 2
    } == set()
    assert find_twins(values) == set()


def find_twins(values: Mapping[str, NDArray[np.float64]]) -> set[tuple[str, str]]:
    """Return the pairs of features that are the same for every client."""
    names = sorted(values)
    return {
        (one, other)
        for number, one in enumerate(names)
        for other in names[:number]
        if np.array_equal(values[one], values[other], equal_nan=True)
    }


@EACH_TABLE
@pytest.mark.parametrize("name", ["annuity_median", "unheard_of", "count_of_days", "mean"])
def test_a_feature_of_a_name_that_says_nothing_is_not_passed_over(table: str, name: str) -> None:
    _, reading = READINGS[table]

    with pytest.raises(UnknownFeature, match=name):
        reading.read(name, [])
