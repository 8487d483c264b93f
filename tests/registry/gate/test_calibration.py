from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from registry.gate.calibration import is_beyond, look_at_calibration, measure_ratio
from registry.gate.report import Verdict

if TYPE_CHECKING:
    from tests.registry.gate.conftest import GateLab


def test_the_trained_model_is_calibrated(lab: GateLab) -> None:
    finding = look_at_calibration(lab.case("1"))

    assert finding.verdict is Verdict.PASSED
    assert finding.detail == ""


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_pd_that_are_too_low_or_too_high_fail(lab: GateLab, factor: float) -> None:
    known = lab.original.predictions
    scaled = lab.change_predictions(
        pd_out_of_fold=np.clip(known.pd_out_of_fold * factor, 0, 1),
        pd_served=np.clip(known.pd_served * factor, 0, 1),
    )

    finding = look_at_calibration(lab.case(lab.add_version(files=scaled)))

    assert finding.verdict is Verdict.FAILED
    assert "times the default rate" in finding.detail
    assert finding.figures["pd_ratio"] == pytest.approx(
        factor * known.pd_out_of_fold.mean() / known.defaulted.mean(), rel=0.02
    )


def test_pd_that_are_right_on_average_and_nowhere_else_fail(lab: GateLab) -> None:
    generator = np.random.default_rng(0)
    known = lab.original.predictions
    wrong = np.where(generator.random(len(known.clients)) < 0.5, 0.001, 0.159)
    wrong *= known.defaulted.mean() / wrong.mean()
    changed = lab.change_predictions(pd_out_of_fold=wrong, pd_served=wrong)

    finding = look_at_calibration(lab.case(lab.add_version(files=changed)))

    assert finding.verdict is Verdict.FAILED
    assert "In tenths" in finding.detail
    assert "times the default rate" not in finding.detail


def test_a_registered_model_with_another_pd_level_than_its_folds_fails(lab: GateLab) -> None:
    served = np.clip(lab.original.predictions.pd_served * 1.4, 0, 1)

    finding = look_at_calibration(
        lab.case(lab.add_version(files=lab.change_predictions(pd_served=served)))
    )

    assert finding.verdict is Verdict.FAILED
    assert "folds' models" in finding.detail


def test_few_clients_do_not_fail_by_chance_alone() -> None:
    beyond = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        pd = generator.beta(0.9, 10.0, size=500)
        defaulted = generator.random(500) < pd
        beyond += is_beyond(measure_ratio(defaulted, pd), 1.1)
    assert beyond <= 4


def test_the_interval_of_the_ratio_covers_the_truth_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)
        pd = generator.beta(0.9, 10.0, size=2_000)
        ratio = measure_ratio(generator.random(2_000) < pd, pd)
        covered += ratio.low <= 1 <= ratio.high
    assert 0.9 <= covered / 300 <= 0.99
