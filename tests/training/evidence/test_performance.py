"""Figures with intervals, and a warning where a model is no better than chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from credit.cost import CostMatrix
from training.evidence.performance import (
    describe_performance,
    measure_performance,
    tell_no_better_than_chance,
)
from training.metrics import evaluate

from .conftest import Applicants


def test_figures_are_scikit_learn_s_and_lie_in_their_intervals(applicants: Applicants) -> None:
    measured = measure_performance(applicants.defaulted, applicants.pd, applicants.folds, 80)
    assert measured.auc.value == pytest.approx(roc_auc_score(applicants.defaulted, applicants.pd))
    assert measured.gini.value == pytest.approx(2 * measured.auc.value - 1)
    assert measured.brier.value == pytest.approx(
        brier_score_loss(applicants.defaulted, applicants.pd)
    )
    assert measured.log_loss.value == pytest.approx(log_loss(applicants.defaulted, applicants.pd))
    for name in ("auc", "gini", "ks", "brier", "log_loss"):
        estimate = getattr(measured, name)
        assert estimate.low < estimate.value < estimate.high, name
    assert len(measured.fold_aucs) == 5
    assert measured.beats_chance


def test_the_log_loss_is_the_one_that_is_logged_also_for_certainties() -> None:
    defaulted, pd = np.array([True, False, True, False]), np.array([0.0, 0.1, 0.9, 1.0])

    performance = measure_performance(defaulted, pd, np.zeros(4, np.int8), repetitions=5)

    logged = evaluate(defaulted, pd, CostMatrix()).log_loss
    assert performance.log_loss.value == pytest.approx(logged)


def test_a_coin_is_told_to_be_no_better_than_chance(applicants: Applicants) -> None:
    coin = np.random.default_rng(5).random(2_000)
    defaulted, folds = applicants.defaulted[:2_000], applicants.folds[:2_000]
    measured = measure_performance(defaulted, coin, folds, 80)
    assert not measured.beats_chance
    section = describe_performance(measured, defaulted, coin, 0.5)
    assert tell_no_better_than_chance(measured) in section.text


def test_the_section_holds_every_figure_and_two_plots(applicants: Applicants) -> None:
    measured = measure_performance(applicants.defaulted, applicants.pd, applicants.folds, 40)
    section = describe_performance(measured, applicants.defaulted, applicants.pd, 0.09)
    assert f"{measured.auc:.4f}" in section.text
    assert [plot.name for plot in section.plots] == ["roc_curve", "score_distribution"]
    assert section.metrics["oof_auc_low"] == measured.auc.low
