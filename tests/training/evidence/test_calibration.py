"""Calibrated probabilities are found calibrated, distorted ones are found out and mended."""

from __future__ import annotations

import numpy as np
import pytest

from training.evidence.calibration import (
    decompose_brier,
    group_by_probability,
    judge_calibration,
    judge_recalibrations,
    recalibrate_in_folds,
)
from training.evidence.calibration_section import describe_calibration
from training.metrics import compute_calibration_error
from training.recalibration import LogisticMap

from .conftest import Applicants

DRAWS = 60


def test_exactly_calibrated_probabilities_show_no_more_than_luck(applicants: Applicants) -> None:
    steps = judge_recalibrations(applicants.defaulted, applicants.pd, applicants.folds, DRAWS)
    evidence = judge_calibration(applicants.defaulted, applicants.pd, steps, repetitions=DRAWS)
    assert evidence.ece_by_luck.low <= evidence.ece.value <= evidence.ece_by_luck.high
    assert evidence.in_the_large.low < 0 < evidence.in_the_large.high
    assert evidence.slope == pytest.approx(1, abs=0.05)
    assert not any(step.helps for step in steps)


def test_distorted_probabilities_are_found_out_and_a_logistic_step_helps(
    applicants: Applicants,
) -> None:
    distorted = LogisticMap(1.6, 0.5).apply(applicants.pd)
    steps = judge_recalibrations(applicants.defaulted, distorted, applicants.folds, DRAWS)
    evidence = judge_calibration(applicants.defaulted, distorted, steps, repetitions=DRAWS)
    logistic = next(step for step in steps if step.method == "logistic")
    assert evidence.ece.low > evidence.ece_by_luck.high
    assert evidence.slope == pytest.approx(1 / 1.6, abs=0.05)
    assert logistic.helps
    assert logistic.ece < evidence.ece.value / 3


def test_a_step_knows_nothing_of_the_client_it_is_applied_to(applicants: Applicants) -> None:
    mapped = recalibrate_in_folds(applicants.defaulted, applicants.pd, applicants.folds)
    own = applicants.folds == 2
    turned = np.where(own, ~applicants.defaulted, applicants.defaulted)
    again = recalibrate_in_folds(turned, applicants.pd, applicants.folds)
    assert np.array_equal(mapped[own], again[own])
    assert not np.array_equal(mapped[~own], again[~own])


def test_the_brier_score_is_the_sum_of_its_parts_where_groups_share_a_probability() -> None:
    pd = np.repeat([0.1, 0.3, 0.6, 0.9], 100)
    defaulted = np.random.default_rng(0).random(400) < pd
    parts = decompose_brier(defaulted, pd, bins=4)
    assert parts.brier == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty)


def test_groups_are_equally_large_and_in_order(applicants: Applicants) -> None:
    groups = group_by_probability(applicants.defaulted, applicants.pd, bins=10)
    assert {group.clients for group in groups} == {2_000}
    assert [group.mean_pd for group in groups] == sorted(group.mean_pd for group in groups)
    assert all(group.low <= group.default_rate <= group.high for group in groups)


def test_the_section_tells_the_figures_and_the_verdict(applicants: Applicants) -> None:
    steps = judge_recalibrations(applicants.defaulted, applicants.pd, applicants.folds, DRAWS)
    evidence = judge_calibration(applicants.defaulted, applicants.pd, steps, repetitions=DRAWS)
    section = describe_calibration(evidence, 0.09)
    error = compute_calibration_error(applicants.defaulted, applicants.pd)
    assert f"{error:.4f}" in section.text
    assert "no second step" in section.text
    assert len(section.tables["reliability"]) == 15


def test_the_section_tells_of_a_step_that_was_applied(applicants: Applicants) -> None:
    using = LogisticMap(0.7, -0.2)
    evidence = judge_calibration(applicants.defaulted, applicants.pd, (), using, DRAWS)
    assert "slope 0.700, intercept -0.200" in describe_calibration(evidence, 0.09).text
