"""Intervals hold what they promise, and paired draws are the same for all."""

from __future__ import annotations

import numpy as np
import pytest

from credit.evaluation.bootstrap import Counts, Estimate, bootstrap, draw_counts, find_interval


def test_draws_as_many_clients_as_there_are() -> None:
    assert all(counts.sum() == 50 for counts in draw_counts(50, repetitions=20))


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    first, again, other = (list(draw_counts(30, 5, seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(size=2_000)
    mean, total = bootstrap(
        lambda counts: np.array([values @ counts / 2_000, counts.sum()]), 2_000, 1_000
    )
    error = values.std() / np.sqrt(2_000)
    assert mean.value == pytest.approx(values.mean())
    assert mean.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert mean.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)
    assert (total.value, total.low, total.high) == (2_000, 2_000, 2_000)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    covered = 0
    for seed in range(100):
        values = generator.exponential(size=200)

        def mean(counts: Counts, values: np.ndarray = values) -> float:
            return float(values @ counts / 200)

        estimate = bootstrap(mean, 200, 200, seed)[0]
        covered += estimate.low <= 1 <= estimate.high
    assert 86 <= covered <= 100


def test_draws_without_a_figure_are_left_out_of_the_interval() -> None:
    assert find_interval(np.array([np.nan, 1.0, 1.0, np.nan])) == (1.0, 1.0)
    assert all(np.isnan(find_interval(np.array([np.nan, np.nan]))))


def test_an_estimate_tells_its_interval() -> None:
    estimate = Estimate(0.51234, 0.5, 0.525)
    assert f"{estimate:.3f}" == "0.512 (0.500 to 0.525)"
    assert estimate.excludes_zero
    assert not Estimate(0.0, -0.1, 0.1).excludes_zero
