"""How risky each row of a history looks: a small model a table, on rows instead of clients.

Every row carries the outcome of its client. What it learns can only be judged, and used, on clients
it has not seen: `training.nested_folds` sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.contract import TABLES, Kind
from credit.features.feature import CLIENT
from training.feature_matrix import read_encoded
from training.tables import Tables

SCORED_TABLES = {
    "bureau": "bureau",
    "previous_application": "previous",
    "installments_payments": "installments",
}
"""Tables whose rows are scored, and the prefix of the features."""
AGGREGATES = ("mean", "max", "min")
MOST_ROWS = 250_000
"""A fit takes a sample of so many rows: a small model learns little from more."""
ROUNDS = 80
PARAMETERS = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "eta": 0.1,
    "max_depth": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.7,
    "min_child_weight": 50,
    "reg_lambda": 20,
}

Features = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class HistoryRows:
    """The rows of a history table that belong to clients who can be learned from.

    Attributes:
        owners: Number of each row's client, ascending, shape (rows,).
        features: Columns of the table as numbers, float32 of shape (rows, columns).
    """

    owners: NDArray[np.intp]
    features: Features


def read_history_rows(tables: Tables, table: str, clients: NDArray[np.int64]) -> HistoryRows:
    """Return the clients' rows of a table, its keys left out.

    Args:
        tables: The open tables.
        table: Name of the table, which must be there.
        clients: SK_ID_CURR, ascending; their positions are the owners' numbers.
    """
    columns = read_encoded(tables, table)
    keys = columns[CLIENT].astype(np.int64)
    owners = np.minimum(np.searchsorted(clients, keys), len(clients) - 1)
    known = clients[owners] == keys
    kept = [column.name for column in TABLES[table].columns if column.kind is not Kind.KEY]
    features = np.column_stack([columns[name][known].astype(np.float32) for name in kept])
    return HistoryRows(owners[known], features)


def score_rows(
    rows: HistoryRows, defaulted: NDArray[np.bool_], fitted: Rows, applied: Rows, seed: int
) -> Features:
    """Return mean, largest and smallest score of the applied clients' rows, NaN without rows.

    Args:
        rows: All rows.
        defaulted: Outcome of every client.
        fitted: Numbers of the clients to learn from.
        applied: Numbers of the clients to score.
        seed: Of the sample and the fit.
    """
    wanted = np.isin(rows.owners, applied)
    booster = _fit(rows, defaulted, fitted, seed)
    if booster is None:
        return np.full((len(applied), len(AGGREGATES)), np.nan, np.float32)
    scores = booster.inplace_predict(rows.features[wanted])
    return _aggregate(rows.owners[wanted], scores, len(defaulted))[applied]


def _fit(
    rows: HistoryRows, defaulted: NDArray[np.bool_], fitted: Rows, seed: int
) -> xgb.Booster | None:
    """Return the model of rows; None if the clients have none."""
    candidates = np.flatnonzero(np.isin(rows.owners, fitted))
    if not len(candidates):
        return None
    if len(candidates) > MOST_ROWS:
        generator = np.random.default_rng(seed)
        candidates = np.sort(generator.choice(candidates, MOST_ROWS, replace=False))
    matrix = xgb.DMatrix(rows.features[candidates], defaulted[rows.owners[candidates]])
    return xgb.train(PARAMETERS | {"seed": seed}, matrix, num_boost_round=ROUNDS)


def _aggregate(owners: Rows, scores: Features, count: int) -> Features:
    """Return the aggregates of every client's scores, shape (count, 3)."""
    aggregates = np.full((count, len(AGGREGATES)), np.nan, np.float32)
    if len(owners):
        starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
        lengths = np.diff(np.r_[starts, len(owners)])
        aggregates[owners[starts]] = np.column_stack(
            [
                np.add.reduceat(scores, starts) / lengths,
                np.maximum.reduceat(scores, starts),
                np.minimum.reduceat(scores, starts),
            ]
        )
    return aggregates
