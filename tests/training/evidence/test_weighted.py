"""Weighted figures are the plain ones of clients repeated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from credit.cost import CostMatrix, choose_threshold
from training.evidence.bootstrap import draw_counts
from training.evidence.weighted import (
    compute_auc,
    compute_cost,
    compute_ks,
    find_least_cost,
    rank,
)

COSTS = CostMatrix()


@given(seed=st.integers(0, 10_000), distinct=st.integers(1, 40))
def test_figures_are_those_of_clients_repeated(seed: int, distinct: int) -> None:
    generator = np.random.default_rng(seed)
    pd = (generator.integers(distinct, size=80) + 0.5) / distinct
    defaulted = generator.random(80) < 0.2 + 0.5 * pd
    defaulted[:2] = [True, False]
    counts = next(draw_counts(80, 1, seed)) + 1
    ranking = rank(defaulted, pd)
    bad, score = np.repeat(defaulted, counts), np.repeat(pd, counts)
    false_positives, true_positives, _ = roc_curve(bad, score)
    assert compute_auc(ranking, counts) == pytest.approx(roc_auc_score(bad, score))
    assert compute_ks(ranking, counts) == pytest.approx(
        np.abs(true_positives - false_positives).max()
    )
    least = choose_threshold(bad, score, COSTS)
    cost, threshold = find_least_cost(ranking, counts, COSTS)
    assert cost == pytest.approx(least.cost_per_applicant)
    assert np.array_equal(pd >= threshold, pd >= least.threshold)
    assert compute_cost(defaulted, pd >= least.threshold, counts, COSTS) == pytest.approx(
        least.cost_per_applicant
    )


def test_one_outcome_has_neither_auc_nor_ks() -> None:
    ranking = rank(np.array([True, True]), np.array([0.1, 0.2]))
    assert np.isnan(compute_auc(ranking, np.array([1, 1])))
    assert np.isnan(compute_ks(ranking, np.array([1, 1])))
