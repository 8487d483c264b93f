from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from credit.cost import Flags
from credit.drift import LARGE, NOTABLE, compute_chance, compute_psi, make_bins

Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]

# Whole numbers, so that a transform keeps them apart; few, so that they meet.
cells = st.one_of(st.integers(-6, 6).map(float), st.just(np.nan))


def matrices(columns: int = 2) -> st.SearchStrategy[Matrix]:
    shapes = st.integers(1, 40).map(lambda rows: (rows, columns))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=cells))


counted = hnp.arrays(np.int64, (3, 5), elements=st.integers(0, 50))


def measure(reference: Matrix, current: Matrix, *, categorical: bool = False) -> Matrix:
    flags = np.full(reference.shape[1], categorical)
    bins = make_bins(reference, flags)
    return compute_psi(bins.count(reference), bins.count(current))


@given(counted, counted)
def test_psi_is_never_negative_and_symmetric(
    one: NDArray[np.int64], two: NDArray[np.int64]
) -> None:
    psi = compute_psi(one, two)

    assert np.all(psi >= 0)
    np.testing.assert_allclose(psi, compute_psi(two, one), rtol=1e-12, atol=1e-15)


@given(counted)
def test_equal_counts_have_no_psi(counts: Counts) -> None:
    np.testing.assert_array_equal(compute_psi(counts, counts), 0.0)


@given(matrices(), matrices(), st.sampled_from([np.exp, np.cbrt, lambda x: 3 * x - 7]))
def test_a_rising_transform_of_both_sides_changes_nothing(
    reference: Matrix, current: Matrix, transform: np.ufunc
) -> None:
    plain = measure(reference, current)

    np.testing.assert_array_equal(measure(transform(reference), transform(current)), plain)


@given(matrices(), matrices(), hnp.arrays(np.bool_, 2))
def test_every_value_is_in_one_bin(reference: Matrix, current: Matrix, flags: Flags) -> None:
    bins = make_bins(reference, flags)

    counts = bins.count(current)

    assert counts.sum(axis=1).tolist() == [len(current)] * 2
    assert counts[:, -1].tolist() == np.isnan(current).sum(axis=0).tolist()


@given(matrices(), matrices())
def test_columns_do_not_know_each_other(reference: Matrix, current: Matrix) -> None:
    together = measure(reference, current)

    alone = [measure(reference[:, [column]], current[:, [column]])[0] for column in range(2)]

    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_psi_is_that_of_the_formula() -> None:
    # Shares smoothed by half a client in each of the two bins that are used.
    one, two = np.array([[30, 10, 0]]), np.array([[10, 30, 0]])

    high, low = 30.5 / 41, 10.5 / 41
    assert compute_psi(one, two)[0] == pytest.approx(2 * (high - low) * np.log(high / low))


def test_bins_hold_about_as_many_each() -> None:
    reference = np.random.default_rng(1).normal(size=(1_000, 1))

    assert make_bins(reference).count(reference).tolist() == [[100] * 10 + [0]]


@pytest.mark.parametrize("usual", [0.0, 1.0])
def test_a_flag_that_nearly_all_have_is_told_from_its_opposite(usual: float) -> None:
    reference = np.full((1_000, 1), usual)
    reference[:5] = 1 - usual

    assert measure(reference, np.full((1_000, 1), 1 - usual))[0] > LARGE


@pytest.mark.parametrize("current", [-1.0, 1.0, np.nan])
def test_leaving_a_constant_is_seen(current: float) -> None:
    assert measure(np.zeros((200, 1)), np.full((200, 1), current))[0] > LARGE


def test_filling_what_was_empty_is_seen() -> None:
    assert measure(np.full((200, 1), np.nan), np.zeros((200, 1)))[0] > LARGE


def test_more_missing_values_are_seen() -> None:
    reference = np.random.default_rng(1).normal(size=(2_000, 1))
    current = reference.copy()
    current[:600] = np.nan

    assert measure(reference, current)[0] > LARGE


def test_rare_categories_share_a_bin_with_unknown_ones() -> None:
    reference = np.repeat([0.0, 1.0, 2.0, 3.0], [600, 390, 5, 5])[:, None]
    bins = make_bins(reference, np.array([True]))

    counts = bins.count(np.array([[0.0], [1.0], [1.0], [2.0], [9.0], [np.nan]]))

    assert counts.tolist() == [[1, 2, 2, 1]]


def test_neighbouring_categories_are_told_apart() -> None:
    codes = np.arange(50.0).repeat(40)[:, None]

    assert measure(codes, codes // 2 * 2, categorical=True)[0] > LARGE
    assert measure(codes, codes // 2 * 2, categorical=False)[0] < NOTABLE


def test_two_samples_of_one_population_lie_as_far_apart_as_chance_lays_them() -> None:
    generator = np.random.default_rng(4)
    reference, current = generator.normal(size=(2, 2_000, 300))

    psi = measure(reference, current)

    assert psi.mean() == pytest.approx(9 * (1 / 2_000 + 1 / 2_000), rel=0.1)
    assert psi.max() < NOTABLE


@pytest.mark.parametrize("level", [0.05, 0.01])
def test_chance_is_exceeded_as_often_as_it_says(level: float) -> None:
    generator = np.random.default_rng(6)
    reference, current = generator.normal(size=(2, 1_000, 2_000))
    bins = make_bins(reference)
    both = bins.count(reference), bins.count(current)

    exceeded = np.mean(compute_psi(*both) > compute_chance(*both, level))

    assert exceeded == pytest.approx(level, abs=3 * np.sqrt(level / 2_000))


def test_nothing_to_compare_is_no_chance() -> None:
    empty = np.zeros((1, 3), np.int64)

    assert compute_chance(empty, empty, 0.05).tolist() == [0.0]
    assert compute_psi(empty, empty).tolist() == [0.0]


def test_other_columns_are_refused() -> None:
    bins = make_bins(np.zeros((5, 2)))

    with pytest.raises(ValueError, match="2 columns"):
        bins.count(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="differ"):
        compute_psi(np.zeros((2, 3), np.int64), np.zeros((2, 4), np.int64))
