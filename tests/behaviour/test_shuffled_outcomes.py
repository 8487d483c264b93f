"""No road from the outcome to the features: outcomes dealt anew cannot be foretold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.column_auc import compute_auc_error
from training.fitting import FitSettings, assign_folds, cross_validate
from training.fold_features import FittedFamily, make_fold_features
from training.tables import open_tables

if TYPE_CHECKING:
    from pathlib import Path

    from training.feature_matrix import FeatureMatrix

QUICK = FitSettings(rounds_max=30, patience=10)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_outcomes_are_foretold_as_well_as_by_a_coin(
    matrix: FeatureMatrix, seed: int
) -> None:
    assert matrix.defaulted is not None
    defaulted = np.random.default_rng(seed).permutation(matrix.defaulted)

    pd = cross_validate(matrix.features, defaulted, QUICK).pd

    bad, good = int(defaulted.sum()), int((~defaulted).sum())
    assert abs(roc_auc_score(defaulted, pd) - 0.5) < 3 * compute_auc_error(0.5, bad, good)


@pytest.mark.parametrize("family", FittedFamily)
def test_features_fitted_in_folds_foretell_shuffled_outcomes_no_better(
    many_clients: Path, matrix: FeatureMatrix, family: FittedFamily
) -> None:
    assert matrix.defaulted is not None
    dealt = replace(matrix, defaulted=np.random.default_rng(4).permutation(matrix.defaulted))
    assert dealt.defaulted is not None
    folds = assign_folds(dealt.defaulted, QUICK.seed)
    with open_tables(many_clients) as tables:
        nested = make_fold_features(family, dealt, folds, tables)

    pd = cross_validate(
        matrix.features, dealt.defaulted, QUICK, arrange=lambda fold, _rest: nested.leave_out(fold)
    ).pd

    bad, good = int(dealt.defaulted.sum()), int((~dealt.defaulted).sum())
    assert abs(roc_auc_score(dealt.defaulted, pd) - 0.5) < 3 * compute_auc_error(0.5, bad, good)
