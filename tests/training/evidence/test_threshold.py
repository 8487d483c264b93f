"""The threshold's cost, band and prices, on applicants whose probabilities are known."""

from __future__ import annotations

import numpy as np
import pytest

from credit.cost import CostMatrix, choose_threshold, compute_cost
from training.evidence.referral import find_refer_zone, trace_referrals
from training.evidence.threshold import ThresholdEvidence, judge_threshold
from training.evidence.threshold_section import describe_threshold
from training.nested_threshold import NestedThresholds

from .conftest import Applicants

COSTS = CostMatrix()


@pytest.fixture(scope="module")
def evidence(applicants: Applicants) -> ThresholdEvidence:
    nested = NestedThresholds((0.08, 0.1), applicants.pd >= 0.09)
    return judge_threshold(applicants.defaulted, applicants.pd, nested, COSTS, repetitions=80)


def test_the_expected_cost_is_that_of_the_nested_decisions(
    applicants: Applicants, evidence: ThresholdEvidence
) -> None:
    cost = compute_cost(applicants.defaulted, applicants.pd >= 0.09, COSTS)
    assert evidence.nested_cost.value == pytest.approx(cost)
    assert evidence.nested_cost.low < cost < evidence.nested_cost.high


def test_the_band_holds_the_served_and_the_theoretical_threshold(
    evidence: ThresholdEvidence,
) -> None:
    assert evidence.theoretical == pytest.approx(1 / 11)
    for threshold in (evidence.choice.threshold, evidence.theoretical):
        assert evidence.chosen.low <= threshold <= evidence.chosen.high
        assert evidence.as_good[0] <= threshold <= evidence.as_good[1]


def test_the_curve_is_the_cost_at_each_threshold(
    applicants: Applicants, evidence: ThresholdEvidence
) -> None:
    curve = evidence.curve
    for place in (0, 50, 120, len(curve.thresholds) - 1):
        refused = applicants.pd >= curve.thresholds[place]
        cost = compute_cost(applicants.defaulted, refused, COSTS)
        assert curve.cost[place] == pytest.approx(cost)
        assert curve.refused_share[place] == pytest.approx(refused.mean())
    assert (curve.low <= curve.cost).all()
    assert (curve.cost <= curve.high).all()


def test_a_dearer_default_lowers_the_threshold_towards_theory(
    evidence: ThresholdEvidence,
) -> None:
    thresholds = [case.threshold for case in evidence.prices]
    assert thresholds == sorted(thresholds, reverse=True)
    for case in evidence.prices:
        assert case.theoretical == pytest.approx(1 / (1 + case.ratio))
        assert case.cost <= case.cost_at_served + 1e-12
        assert case.threshold == pytest.approx(case.theoretical, rel=0.35)


def test_costs_within_the_part_as_good_are_only_inside_the_band(
    applicants: Applicants, evidence: ThresholdEvidence
) -> None:
    least = choose_threshold(applicants.defaulted, applicants.pd, COSTS).cost_per_applicant
    low, high = evidence.as_good
    for threshold in (low, high):
        refused = applicants.pd >= threshold
        assert compute_cost(applicants.defaulted, refused, COSTS) <= least * 1.01 + 1e-9
    for threshold in (low * 0.8, high * 1.3):
        refused = applicants.pd >= threshold
        assert compute_cost(applicants.defaulted, refused, COSTS) > least * 1.01


def test_the_band_of_thresholds_as_good_cuts_no_tie_and_may_refuse_nobody() -> None:
    pd = np.repeat([0.02, 0.09, 0.3], [500, 400, 100])
    defaulted = np.random.default_rng(0).random(1_000) < pd
    nested = NestedThresholds((0.1,), pd >= 0.1)
    found = judge_threshold(defaulted, pd, nested, COSTS, repetitions=20)
    assert found.as_good[0] <= found.choice.threshold <= found.as_good[1]
    assert found.chosen.low <= found.choice.threshold <= found.chosen.high


def test_the_break_even_is_in_refused_good_applicants_at_any_price(
    applicants: Applicants,
) -> None:
    dear = CostMatrix(1_000, 100)
    one, other = (
        find_refer_zone(applicants.defaulted, applicants.pd, 1 / 11, costs, 0.1)
        for costs in (COSTS, dear)
    )
    assert one.break_even == pytest.approx(other.break_even)


def test_referring_more_saves_more_and_splits_the_cost(applicants: Applicants) -> None:
    threshold = 1 / 11
    zones = trace_referrals(applicants.defaulted, applicants.pd, threshold, COSTS)
    whole = compute_cost(applicants.defaulted, applicants.pd >= threshold, COSTS)
    saved = [zone.saved for zone in zones]
    assert saved == sorted(saved)
    for zone in zones:
        assert zone.automatic_cost + zone.saved == pytest.approx(whole)
        assert zone.low <= threshold <= zone.high + 1e-3
        referred = (applicants.pd >= zone.low) & (applicants.pd <= zone.high)
        assert zone.share == pytest.approx(referred.mean())
        assert zone.break_even == pytest.approx(zone.saved / zone.share)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused(applicants: Applicants, share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        find_refer_zone(applicants.defaulted, applicants.pd, 0.09, COSTS, share)


def test_the_section_tells_cost_band_prices_and_zone(
    applicants: Applicants, evidence: ThresholdEvidence
) -> None:
    zones = trace_referrals(applicants.defaulted, applicants.pd, 0.09, COSTS)
    without = describe_threshold(evidence, zones, COSTS)
    asked = describe_threshold(evidence, zones, COSTS, zones[2])
    assert f"{evidence.nested_cost:.4f}" in without.text
    assert "20 : 1" in without.text
    assert "No zone was asked for" in without.text
    assert f"{zones[2].low:.4f} to {zones[2].high:.4f} is marked for a person" in asked.text
    assert np.isfinite(list(without.metrics.values())).all()
