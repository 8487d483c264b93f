from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import nextafter
from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit.cost import CostMatrix, choose_threshold, compute_cost
from credit.decision import refuse

SMALLEST = 5e-324
LARGEST = nextafter(1.0, 0.0)
BELOW_HALF = nextafter(0.5, 0.0)


@dataclass(frozen=True)
class Outcomes:
    """Applicants whose outcome is known, with the probabilities that a model gave them."""

    defaulted: NDArray[np.bool_]
    pd: NDArray[np.float64]


def pair(*applicants: tuple[bool, float]) -> Outcomes:
    defaulted, pd = zip(*applicants, strict=True)
    return Outcomes(np.array(defaulted), np.array(pd))


# Few different values, so that ties and neighbouring floats come up all the time.
awkward = st.sampled_from([0.0, SMALLEST, 0.1, BELOW_HALF, 0.5, nextafter(0.5, 1), LARGEST, 1.0])
probabilities = st.one_of(awkward, st.floats(0, 1))
prices = st.integers(1, 12).map(float)  # whole, so that equal costs are equal to the last bit
cost_matrices = st.builds(CostMatrix, prices, prices)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcomes:
    applicants = draw(st.lists(st.tuples(st.booleans(), probabilities), max_size=25))
    repaid, defaulted = draw(probabilities), draw(probabilities)
    return pair((False, repaid), (True, defaulted), *applicants)


def list_every_threshold(pd: NDArray[np.float64]) -> list[float]:
    """Return one threshold inside (0, 1) for each set of applicants that one can refuse."""
    bounds = sorted({SMALLEST, LARGEST, *np.clip(pd, SMALLEST, LARGEST).tolist()})
    return bounds + [nextafter(bound, 1.0) for bound in bounds if bound < LARGEST]


@given(outcomes(), cost_matrices)
@example(pair((True, 0.0), (False, 1.0)), CostMatrix(10, 1))
@example(pair((False, 1.0), (True, 1.0)), CostMatrix(1, 10))
@example(pair((False, 0.0), (True, 0.0)), CostMatrix(10, 1))
def test_no_threshold_is_cheaper(sample: Outcomes, costs: CostMatrix) -> None:
    choice = choose_threshold(sample.defaulted, sample.pd, costs)

    every_cost = [
        compute_cost(sample.defaulted, refuse(sample.pd, threshold), costs)
        for threshold in list_every_threshold(sample.pd)
    ]
    assert choice.cost_per_applicant == min(every_cost)


@given(outcomes(), cost_matrices)
def test_refuses_the_fewest_applicants_on_a_tie(sample: Outcomes, costs: CostMatrix) -> None:
    choice = choose_threshold(sample.defaulted, sample.pd, costs)

    for threshold in list_every_threshold(sample.pd):
        refused = refuse(sample.pd, threshold)
        if refused.sum() < choice.refused:
            assert compute_cost(sample.defaulted, refused, costs) > choice.cost_per_applicant


@given(outcomes(), cost_matrices)
@example(pair((False, BELOW_HALF), (True, 0.5)), CostMatrix())
@example(pair((False, 0.0), (True, SMALLEST)), CostMatrix())
@example(pair((False, LARGEST), (True, 1.0)), CostMatrix())
def test_the_threshold_refuses_exactly_those_who_are_counted_as_refused(
    sample: Outcomes, costs: CostMatrix
) -> None:
    choice = choose_threshold(sample.defaulted, sample.pd, costs)

    refused = refuse(sample.pd, choice.threshold)
    assert np.count_nonzero(refused) == choice.refused
    assert np.count_nonzero(sample.defaulted & ~refused) == choice.false_negatives
    assert np.count_nonzero(~sample.defaulted & refused) == choice.false_positives
    assert compute_cost(sample.defaulted, refused, costs) == choice.cost_per_applicant
    assert choice.applicants == len(sample.pd)


@given(outcomes(), cost_matrices)
def test_the_threshold_lies_strictly_between_0_and_1(sample: Outcomes, costs: CostMatrix) -> None:
    assert 0 < choose_threshold(sample.defaulted, sample.pd, costs).threshold < 1


@given(outcomes(), cost_matrices, st.randoms(use_true_random=False))
def test_the_order_of_the_applicants_does_not_matter(
    sample: Outcomes, costs: CostMatrix, random: Random
) -> None:
    order = list(range(len(sample.pd)))
    random.shuffle(order)

    assert choose_threshold(sample.defaulted[order], sample.pd[order], costs) == choose_threshold(
        sample.defaulted, sample.pd, costs
    )


@given(outcomes(), prices)
def test_dearer_defaults_never_raise_the_threshold(sample: Outcomes, price: float) -> None:
    thresholds = [
        choose_threshold(sample.defaulted, sample.pd, CostMatrix(price * factor, 1)).threshold
        for factor in (1, 2, 4, 8)
    ]

    assert all(later <= earlier for earlier, later in pairwise(thresholds))


def test_applicants_who_share_a_probability_stand_or_fall_together() -> None:
    sample = pair((True, 0.3), (False, 0.3), (False, 0.3), (False, 0.1))

    choice = choose_threshold(sample.defaulted, sample.pd, CostMatrix(10, 1))

    assert choice.refused == 3
    assert (choice.false_negatives, choice.false_positives) == (0, 2)
    assert choice.cost_per_applicant == 2 / 4
    assert choice.threshold == pytest.approx(0.2)
    assert choice.refused_share == 0.75


def test_the_threshold_lies_half_way_between_the_two_applicants_it_parts() -> None:
    sample = pair((False, 0.25), (True, 0.75))

    assert choose_threshold(sample.defaulted, sample.pd, CostMatrix()).threshold == 0.5


def test_refuses_nobody_where_that_is_cheapest() -> None:
    sample = pair((True, 0.1), (False, 0.8), (False, 0.8))

    choice = choose_threshold(sample.defaulted, sample.pd, CostMatrix(1, 1))

    assert choice.refused == 0
    assert choice.threshold == pytest.approx(0.9)


def test_refuses_everybody_where_that_is_cheapest() -> None:
    sample = pair((True, 0.2), (False, 0.8))

    choice = choose_threshold(sample.defaulted, sample.pd, CostMatrix(10, 1))

    assert choice.refused == 2
    assert choice.threshold == pytest.approx(0.1)


def test_approves_a_probability_of_0_and_refuses_one_of_1_at_any_cost() -> None:
    sample = pair((True, 0.0), (False, 1.0))

    for costs in (CostMatrix(100, 1), CostMatrix(1, 100)):
        choice = choose_threshold(sample.defaulted, sample.pd, costs)
        assert refuse(sample.pd, choice.threshold).tolist() == [False, True]


@pytest.mark.parametrize("outcome", [True, False])
def test_one_outcome_alone_gives_no_threshold(outcome: bool) -> None:  # noqa: FBT001
    with pytest.raises(ValueError, match="Need both outcomes"):
        choose_threshold(np.array([outcome, outcome]), np.array([0.1, 0.2]), CostMatrix())


def test_nobody_at_all_gives_no_threshold() -> None:
    with pytest.raises(ValueError, match="0/0 defaults"):
        choose_threshold(np.array([], bool), np.array([]), CostMatrix())


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1, np.inf, nextafter(1.0, 2.0)])
def test_refuses_what_is_no_probability(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
        choose_threshold(np.array([True, False]), np.array([0.5, wrong]), CostMatrix())


@pytest.mark.parametrize(
    ("defaulted", "pd"),
    [([True, False], [0.1, 0.2, 0.3]), ([[True], [False]], [[0.1], [0.2]])],
    ids=["lengths differ", "columns"],
)
def test_refuses_shapes_that_do_not_fit(defaulted: list[bool], pd: list[float]) -> None:
    with pytest.raises(ValueError, match="Shapes differ"):
        choose_threshold(np.array(defaulted), np.array(pd), CostMatrix())


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_a_price_is_positive_and_finite(price: float) -> None:
    with pytest.raises(ValueError, match="must be positive and finite"):
        CostMatrix(false_negative=price)
    with pytest.raises(ValueError, match="must be positive and finite"):
        CostMatrix(false_positive=price)


def test_a_missed_default_costs_ten_refused_applicants_unless_told_otherwise() -> None:
    assert CostMatrix() == CostMatrix(false_negative=10.0, false_positive=1.0)


def test_the_cost_counts_each_wrong_decision_at_its_price() -> None:
    defaulted = np.array([True, True, False, False, False])
    refused = np.array([True, False, True, True, False])

    assert compute_cost(defaulted, refused, CostMatrix(10, 1)) == (10 + 2) / 5


@given(cost_matrices)
def test_at_the_calibrated_threshold_both_mistakes_are_expected_to_cost_the_same(
    costs: CostMatrix,
) -> None:
    pd = costs.calibrated_threshold

    assert pd * costs.false_negative == pytest.approx((1 - pd) * costs.false_positive)


def test_the_calibrated_threshold_of_the_usual_prices_is_one_eleventh() -> None:
    assert CostMatrix().calibrated_threshold == 1 / 11


def test_calibrated_probabilities_are_cut_near_the_calibrated_threshold() -> None:
    generator = np.random.default_rng(5)
    pd = generator.beta(1, 10, 200_000)
    defaulted = generator.random(len(pd)) < pd

    choice = choose_threshold(defaulted, pd, CostMatrix())

    assert choice.threshold == pytest.approx(1 / 11, abs=0.015)
