"""No road from the outcome to the features: outcomes dealt anew cannot be foretold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.column_auc import compute_auc_error
from training.fitting import FitSettings, cross_validate
from training.selection import select_by_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.feature_matrix import FeatureMatrix

QUICK = FitSettings(rounds_max=30, patience=10)
TOP = 30


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_outcomes_are_foretold_as_well_as_by_a_coin(
    matrix: FeatureMatrix, seed: int
) -> None:
    assert matrix.defaulted is not None
    defaulted = np.random.default_rng(seed).permutation(matrix.defaulted)

    pd = cross_validate(matrix.features, defaulted, QUICK).pd

    bad, good = int(defaulted.sum()), int((~defaulted).sum())
    assert abs(roc_auc_score(defaulted, pd) - 0.5) < 3 * compute_auc_error(0.5, bad, good)


def test_features_selected_in_folds_foretell_shuffled_outcomes_no_better(
    matrix: FeatureMatrix,
) -> None:
    assert matrix.defaulted is not None
    defaulted = np.random.default_rng(4).permutation(matrix.defaulted)
    names = [str(number) for number in range(matrix.features.shape[1])]

    def keep_chosen(_fold: int, rest: NDArray[np.intp]) -> NDArray[np.float32]:
        chosen = select_by_correlation(matrix.features[rest], defaulted[rest], names, TOP)
        return matrix.features[:, [int(name) for name in chosen]]

    pd = cross_validate(matrix.features, defaulted, QUICK, arrange=keep_chosen).pd

    bad, good = int(defaulted.sum()), int((~defaulted).sum())
    assert abs(roc_auc_score(defaulted, pd) - 0.5) < 3 * compute_auc_error(0.5, bad, good)
