from __future__ import annotations

from itertools import product
from math import log
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit.cost import CostMatrix, choose_threshold
from training.metrics import compute_calibration_error, compute_losses, evaluate

DEFAULTED = np.array([False, False, True, True])
PD = np.array([0.1, 0.4, 0.35, 0.8])

probabilities = st.sampled_from([0.01, 0.1, 0.3, 0.5, 0.7]) | st.floats(0.01, 0.99)


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    repaid = draw(st.lists(probabilities, min_size=1, max_size=15))
    defaulted = draw(st.lists(probabilities, min_size=1, max_size=15))
    flags = np.array([False] * len(repaid) + [True] * len(defaulted))
    return flags, np.array(repaid + defaulted)


def test_the_figures_of_four_applicants_computed_by_hand() -> None:
    evaluation = evaluate(DEFAULTED, PD, CostMatrix(10, 1))

    assert evaluation.auc == 3 / 4  # of four pairs of a bad and a good one, three are in order
    assert evaluation.gini == 1 / 2
    assert evaluation.ks == 1 / 2
    assert evaluation.brier == pytest.approx((0.1**2 + 0.4**2 + 0.65**2 + 0.2**2) / 4)
    assert evaluation.log_loss == pytest.approx(-(log(0.9) + log(0.6) + log(0.35) + log(0.8)) / 4)
    assert evaluation.ece == pytest.approx((0.1 + 0.4 + 0.65 + 0.2) / 4)  # a group each
    assert evaluation.default_rate == 1 / 2
    assert evaluation.choice == choose_threshold(DEFAULTED, PD, CostMatrix(10, 1))


@settings(max_examples=40)
@given(outcomes())
def test_the_auc_is_the_share_of_pairs_in_order_ties_half(
    sample: tuple[NDArray[np.bool_], NDArray[np.float64]],
) -> None:
    defaulted, pd = sample

    pairs = list(product(pd[defaulted], pd[~defaulted]))
    in_order = sum((bad > good) + (bad == good) / 2 for bad, good in pairs)
    evaluation = evaluate(defaulted, pd, CostMatrix())
    assert evaluation.auc == pytest.approx(in_order / len(pairs))
    assert evaluation.gini == pytest.approx(2 * evaluation.auc - 1)


@settings(max_examples=40)
@given(outcomes())
def test_ks_is_the_most_by_which_a_cut_catches_more_bad_than_good_applicants(
    sample: tuple[NDArray[np.bool_], NDArray[np.float64]],
) -> None:
    defaulted, pd = sample

    gaps = [(pd[defaulted] >= cut).mean() - (pd[~defaulted] >= cut).mean() for cut in [*pd, 2.0]]
    assert evaluate(defaulted, pd, CostMatrix()).ks == pytest.approx(max(gaps))


def test_the_metrics_to_log_are_flat_finite_and_say_what_is_out_of_fold() -> None:
    metrics = evaluate(DEFAULTED, PD, CostMatrix(10, 1)).to_metrics()

    assert metrics["oof_auc"] == 0.75
    assert metrics["threshold"] == pytest.approx(0.225)
    assert metrics["oof_cost_per_applicant"] == 1 / 4
    assert metrics["oof_false_negatives"] == 0
    assert metrics["oof_false_positives"] == 1
    assert metrics["oof_refused_share"] == 3 / 4
    assert metrics["applicants"] == 4
    assert {type(value) for value in metrics.values()} == {float}


def test_one_outcome_alone_cannot_be_evaluated() -> None:
    with pytest.raises(ValueError, match="Need both outcomes"):
        evaluate(np.array([True, True]), np.array([0.1, 0.2]), CostMatrix())


def test_certainty_that_was_wrong_is_bad_and_not_infinitely_so() -> None:
    losses = compute_losses(np.array([True, False, True, False]), np.array([0.0, 1.0, 1.0, 0.0]))

    assert losses == pytest.approx([log(1e6), log(1e6), 0, 0])


def make_calibrated(bias: float = 0.0) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return ten groups of a hundred applicants of whom 5, 10, … 50 default; and their rate."""
    rates = np.repeat(np.arange(1, 11) / 20, 100)
    defaulted = np.tile(np.arange(100), 10) < np.round(100 * rates)
    return defaulted, rates + bias


def test_perfect_probabilities_have_no_calibration_error() -> None:
    assert compute_calibration_error(*make_calibrated()) == pytest.approx(0)


@pytest.mark.parametrize("bias", [-0.04, 0.1, 0.3])
def test_the_calibration_error_of_biased_probabilities_is_their_bias(bias: float) -> None:
    assert compute_calibration_error(*make_calibrated(bias)) == pytest.approx(abs(bias))


def test_errors_of_both_signs_do_not_cancel() -> None:
    defaulted, pd = make_calibrated()
    pd[:500] -= 0.02
    pd[500:] += 0.02

    assert compute_calibration_error(defaulted, pd) == pytest.approx(0.02)


@given(outcomes(), st.randoms(use_true_random=False))
def test_the_calibration_error_does_not_depend_on_the_order_of_the_applicants(
    sample: tuple[NDArray[np.bool_], NDArray[np.float64]], random: Random
) -> None:
    defaulted, pd = sample
    order = list(range(len(pd)))
    random.shuffle(order)

    error = compute_calibration_error(defaulted, pd)

    assert compute_calibration_error(defaulted[order], pd[order]) == pytest.approx(error)
    assert 0 <= error <= 1
