from __future__ import annotations

import numpy as np
import pytest

from credit.cost import CostMatrix, compute_cost
from credit.evaluation.bootstrap import draw_counts
from training.comparison.drawn_figures import DRAWN_FIGURES, draw_figures
from training.comparison.judgement import (
    compare_drawn,
    compute_business_score,
    decide_by_other_folds,
    judge,
)
from training.metrics import compute_calibration_error, evaluate

COSTS = CostMatrix()
GENERATOR = np.random.default_rng(3)
PD = GENERATOR.beta(1, 9, 3_000)
DEFAULTED = GENERATOR.random(3_000) < PD
FOLDS = (np.arange(3_000) % 5).astype(np.int8)


@pytest.mark.parametrize("decimals", [16, 2], ids=["distinct", "tied"])
def test_figures_of_clients_as_they_are_are_those_of_the_evaluation(decimals: int) -> None:
    pd = PD.round(decimals)
    refused = pd > 0.1

    drawn = draw_figures(DEFAULTED, pd, refused, COSTS, repetitions=1)

    found = evaluate(DEFAULTED, pd, COSTS)
    cost = compute_cost(DEFAULTED, refused, COSTS)
    expected = {"auc": found.auc, "ks": found.ks, "cost": cost, "brier": found.brier}
    expected["ece"] = found.ece
    assert dict(zip(DRAWN_FIGURES, drawn[0], strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize("decimals", [16, 2], ids=["distinct", "tied"])
def test_a_draw_s_calibration_error_is_that_of_the_drawn_clients(decimals: int) -> None:
    pd = PD.round(decimals)

    drawn = draw_figures(DEFAULTED, pd, pd > 0.1, COSTS, repetitions=3, seed=4)

    place = DRAWN_FIGURES.index("ece")
    for row, counts in zip(drawn[1:], draw_counts(len(pd), 3, 4), strict=True):
        expected = compute_calibration_error(np.repeat(DEFAULTED, counts), np.repeat(pd, counts))
        assert row[place] == pytest.approx(expected)


def test_a_model_does_not_differ_from_itself() -> None:
    drawn = draw_figures(DEFAULTED, PD, PD > 0.1, COSTS, repetitions=20)

    for difference in compare_drawn(drawn, drawn).values():
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_a_worse_model_is_told_from_the_served_one() -> None:
    noisy = np.clip(PD + GENERATOR.normal(0, 0.1, len(PD)), 0, 1)
    served = draw_figures(DEFAULTED, PD, PD > 0.1, COSTS, repetitions=100)
    worse = draw_figures(DEFAULTED, noisy, noisy > 0.1, COSTS, repetitions=100)

    against = compare_drawn(worse, served)

    assert against["auc"].high < 0
    assert against["cost"].low > 0
    assert against["brier"].low > 0


def test_a_fold_s_own_outcomes_do_not_choose_its_threshold() -> None:
    usual, _ = decide_by_other_folds(DEFAULTED, PD, FOLDS, COSTS)
    of_fold = FOLDS == 1

    other, _ = decide_by_other_folds(DEFAULTED ^ of_fold, PD, FOLDS, COSTS)

    np.testing.assert_array_equal(other[of_fold], usual[of_fold])
    assert not np.array_equal(other, usual)


def test_a_threshold_on_probabilities_that_are_off_costs_no_more() -> None:
    calibrated, near = decide_by_other_folds(DEFAULTED, PD, FOLDS, COSTS)
    off, far = decide_by_other_folds(DEFAULTED, np.sqrt(PD), FOLDS, COSTS)

    assert compute_cost(DEFAULTED, off, COSTS) == pytest.approx(
        compute_cost(DEFAULTED, calibrated, COSTS), abs=0.002
    )
    assert near == pytest.approx(COSTS.calibrated_threshold, abs=0.03)
    assert far > 2 * near


def test_the_business_score_is_1_without_a_mistake_and_0_if_all_are_wrong() -> None:
    for refused, score in ((DEFAULTED, 1.0), (~DEFAULTED, 0.0)):
        cost = compute_cost(DEFAULTED, refused, COSTS)
        assert compute_business_score(cost, DEFAULTED, COSTS) == pytest.approx(score)


def test_whoever_refuses_nobody_has_no_precision() -> None:
    figures = judge(DEFAULTED, PD, np.zeros(len(PD), bool), 1.0, COSTS)

    assert (figures.recall, figures.f1) == (0, 0)
    assert np.isnan(figures.precision)
    assert "precision" not in figures.to_metrics()
    assert figures.cost == pytest.approx(10 * DEFAULTED.mean())
