"""The families of features that are fitted, for every fold: neighbours, deviations, row scores."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from training import deviations, neighbours
from training.deviations import Deviations
from training.feature_matrix import FeatureMatrix
from training.neighbours import Neighbours
from training.nested_folds import FitAndApply, NestedFeatures, Rows, nest_features
from training.row_scores import (
    AGGREGATES,
    SCORED_TABLES,
    HistoryRows,
    read_history_rows,
    score_rows,
)
from training.tables import Tables

Features = NDArray[np.float32]
Outcomes = NDArray[np.bool_]


class FittedFamily(StrEnum):
    """A family of features that is made inside folds."""

    NEIGHBOURS = "neighbours"
    DEVIATIONS = "deviations"
    ROW_SCORES = "row_scores"


def make_fold_features(
    family: FittedFamily,
    matrix: FeatureMatrix,
    folds: NDArray[np.int8],
    tables: Tables,
    seed: int = 0,
) -> NestedFeatures:
    """Return the family's features of all clients for every fold that may be left out.

    Args:
        family: Which.
        matrix: Features and outcomes of the clients.
        folds: The fold of each client, shape (n,).
        tables: The open tables, whose rows are scored.
        seed: Of what is drawn at random.

    Raises:
        ValueError: If the matrix has no outcomes.
    """
    if matrix.defaulted is None:
        raise ValueError("Without outcomes nothing can be fitted.")
    if family is FittedFamily.NEIGHBOURS:
        make = _make_neighbours(matrix.features, matrix.defaulted)
        return nest_features((neighbours.NAME,), folds, make)
    if family is FittedFamily.DEVIATIONS:
        return nest_features(deviations.NAMES, folds, _make_deviations(matrix.features))
    rows = {
        prefix: read_history_rows(tables, table, matrix.clients)
        for table, prefix in SCORED_TABLES.items()
        if table in tables.present
    }
    names = tuple(f"{prefix}_row_score_{aggregate}" for prefix in rows for aggregate in AGGREGATES)
    return nest_features(names, folds, _make_row_scores(rows, matrix.defaulted, seed))


def _make_neighbours(features: Features, defaulted: Outcomes) -> FitAndApply:
    def fit_and_apply(fitted: Rows, applied: Rows) -> Features:
        return Neighbours.fit(features[fitted], defaulted[fitted]).compute(features[applied])

    return fit_and_apply


def _make_deviations(features: Features) -> FitAndApply:
    def fit_and_apply(fitted: Rows, applied: Rows) -> Features:
        return Deviations.fit(features[fitted]).compute(features[applied])

    return fit_and_apply


def _make_row_scores(
    rows: Mapping[str, HistoryRows], defaulted: Outcomes, seed: int
) -> FitAndApply:
    def fit_and_apply(fitted: Rows, applied: Rows) -> Features:
        scores = [score_rows(table, defaulted, fitted, applied, seed) for table in rows.values()]
        return np.hstack([np.empty((len(applied), 0), np.float32), *scores])

    return fit_and_apply
