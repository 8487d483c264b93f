"""Weighted figures are the plain ones of clients repeated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from credit.cost import CostMatrix, choose_threshold
from credit.evaluation.bootstrap import draw_counts
from credit.evaluation.weighted import (
    compute_auc,
    compute_cost,
    compute_ks,
    find_least_cost,
    prepare_ece,
    price_cuts,
    rank,
)
from training.metrics import compute_calibration_error

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
    assert prepare_ece(pd)(defaulted, counts) == pytest.approx(
        compute_calibration_error(bad, score)
    )


def test_at_even_counts_the_cheapest_threshold_is_the_served_one() -> None:
    generator = np.random.default_rng(4)
    pd = generator.integers(1, 30, size=500) / 40
    defaulted = generator.random(500) < pd
    everyone = np.ones(500, np.int64)
    _, threshold = find_least_cost(rank(defaulted, pd), everyone, COSTS)
    assert threshold == choose_threshold(defaulted, pd, COSTS).threshold


def test_the_price_of_each_cut_is_that_of_its_decisions() -> None:
    pd = np.array([0.1, 0.1, 0.4, 0.8])
    defaulted = np.array([False, True, False, True])
    thresholds, cost = price_cuts(rank(defaulted, pd), np.ones(4, np.int64), COSTS)
    assert thresholds == pytest.approx([0.9, 0.6, 0.25, 0.05])
    assert cost == pytest.approx([20 / 4, 10 / 4, 11 / 4, 2 / 4])


def test_a_constant_probability_is_as_calibrated_as_its_rate_is_near() -> None:
    defaulted = np.array([True, *[False] * 9] * 20)
    measure = prepare_ece(np.full(200, 0.1))
    assert measure(defaulted, np.ones(200, np.int64)) == pytest.approx(0)


def test_one_outcome_has_neither_auc_nor_ks() -> None:
    ranking = rank(np.array([True, True]), np.array([0.1, 0.2]))
    assert np.isnan(compute_auc(ranking, np.array([1, 1])))
    assert np.isnan(compute_ks(ranking, np.array([1, 1])))
