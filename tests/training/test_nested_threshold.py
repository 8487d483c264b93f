"""A fold's threshold knows nothing of the fold's own clients."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.cost import CostMatrix
from training.nested_threshold import choose_nested_thresholds

GENERATOR = np.random.default_rng(0)
TRUE = GENERATOR.beta(1, 8, size=3_000)
DEFAULTED = GENERATOR.random(3_000) < TRUE
FOLDS = (np.arange(3_000) % 5).astype(np.int8)
Rows = NDArray[np.intp]


def test_each_pair_is_fitted_once_without_its_own_two_folds() -> None:
    fitted = []

    def predict(rest: Rows, left_out: Rows) -> NDArray[np.float64]:
        fitted.append(frozenset(FOLDS[left_out].tolist()))
        assert not set(FOLDS[rest].tolist()) & fitted[-1]
        assert len(rest) + len(left_out) == len(TRUE)
        return TRUE[left_out]

    done: list[tuple[int, int]] = []
    choose_nested_thresholds(
        DEFAULTED, TRUE, FOLDS, predict, CostMatrix(), lambda *at: done.append(at)
    )
    assert len(fitted) == len(set(fitted)) == 10
    assert done[-1] == (10, 10)


def test_turning_a_fold_s_outcomes_round_leaves_its_own_threshold_alone() -> None:
    def predict(rest: Rows, left_out: Rows) -> NDArray[np.float64]:
        level = outcomes[rest].mean() / DEFAULTED.mean()  # a model that learns the level
        return np.asarray(np.clip(TRUE[left_out] * level, 0.0001, 0.9999))

    outcomes = DEFAULTED
    before = choose_nested_thresholds(outcomes, TRUE, FOLDS, predict, CostMatrix())
    outcomes = np.where(FOLDS == 3, ~DEFAULTED, DEFAULTED)
    after = choose_nested_thresholds(outcomes, TRUE, FOLDS, predict, CostMatrix())
    assert after.thresholds[3] == before.thresholds[3]
    assert all(after.thresholds[fold] != before.thresholds[fold] for fold in (0, 1, 2, 4))


def test_decisions_are_those_of_the_fold_s_threshold() -> None:
    found = choose_nested_thresholds(
        DEFAULTED, TRUE, FOLDS, lambda _, left_out: TRUE[left_out], CostMatrix()
    )
    own = np.array(found.thresholds)[FOLDS]
    assert np.array_equal(found.refused, own <= TRUE)
    assert np.mean(found.thresholds) == pytest.approx(1 / 11, rel=0.3)
