from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from credit.disclosure import SMALLEST_GROUP
from training.data_report.applicants import Numbers
from training.data_report.bands import choose_deciles, count_bands, measure_histograms
from training.data_report.joins import RowsByClient
from training.data_report.rates import Group, count_levels, merge_rare
from training.data_report.words import tell_count, tell_list, tell_number, tell_share

NUMBERS = arrays(
    np.float64,
    st.integers(0, 120),
    elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6, width=32), st.sampled_from([0, 1])),
)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_interval_is_wilsons(counts: tuple[int, int]) -> None:
    clients, defaults = counts

    low, high = Group("", clients, defaults).interval

    rate, squared = defaults / clients, 1.959964**2
    for end in (low, high):  # where the rate found is just 1.96 standard errors away
        assert (rate - end) ** 2 == pytest.approx(squared * end * (1 - end) / clients, abs=1e-6)
    assert 0 <= low <= rate <= high <= 1


@given(st.lists(st.integers(1, 40), max_size=12))
def test_rare_levels_are_merged_until_nobody_stands_out(sizes: list[int]) -> None:
    groups = [Group(str(place), size, size // 2) for place, size in enumerate(sizes)]

    merged = merge_rare(groups)

    assert all(group.clients >= SMALLEST_GROUP for group in merged)
    shown = sum(group.clients for group in merged)
    assert shown == sum(sizes) if sum(sizes) >= SMALLEST_GROUP else shown == 0


def test_a_few_clients_hide_in_the_next_larger_level() -> None:
    merged = merge_rare([Group("F", 60, 4), Group("M", 30, 4), Group("missing", 2, 1)])

    assert merged == [Group("F", 60, 4), Group("M or rarer", 32, 5)]


@given(NUMBERS)
def test_every_band_has_enough_clients_and_none_is_counted_twice(numbers: Numbers) -> None:
    defaulted = np.arange(len(numbers)) % 2 == 0

    bands = count_bands(numbers, defaulted, choose_deciles(numbers))

    assert all(band.clients >= SMALLEST_GROUP for band in bands)
    assert sum(band.clients for band in bands) <= len(numbers)
    assert len({band.label for band in bands}) == len(bands)


@given(NUMBERS)
def test_every_bin_has_enough_clients(numbers: Numbers) -> None:
    known = numbers[~np.isnan(numbers)]

    for histogram in measure_histograms([("all", numbers)]):
        counts, _ = np.histogram(known, histogram.edges)
        assert (counts >= SMALLEST_GROUP).all()
        assert (histogram.density * np.diff(histogram.edges)).sum() == pytest.approx(1)


def test_bands_of_counts_name_whole_numbers() -> None:
    rows = np.repeat([0.0, 1.0, 2.0, 3.0, 9.0], 10)

    bands = count_bands(rows, np.zeros(50, dtype=bool), (1, 2, 4), whole=True)

    assert [band.label for band in bands] == ["0", "1", "2 to 3", "4 and more"]


def test_missing_levels_are_a_group_of_their_own() -> None:
    codes = np.array([0, 0, -1, 1])

    groups = count_levels(codes, ("a", "b"), np.array([True, False, True, False]))

    assert groups == [Group("a", 2, 1), Group("b", 1, 0), Group("missing", 1, 1)]


def test_rows_are_looked_up_by_client() -> None:
    counted = RowsByClient(np.array([3.0, 7.0]), np.array([5, 2]), 0)

    assert counted.look_up(np.array([7.0, np.nan, 3.0, 8.0, 1.0])).tolist() == [2, 0, 5, 0, 0]


def test_small_counts_are_not_told() -> None:
    assert tell_count(0) == "0"
    assert tell_count(9) == "fewer than 10"
    assert tell_count(12_345) == "12,345"
    assert tell_share(9, 1000) == "fewer than 10 rows"
    assert tell_share(10, 1000) == "1.00%"


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0"), (0.12345, "0.123"), (123_456, "123,000"), (-2.5, "-2.5")]
)
def test_numbers_are_rounded_to_three_digits(number: float, told: str) -> None:
    assert tell_number(number) == told


def test_a_list_reads_as_a_sentence() -> None:
    assert tell_list([]) == ""
    assert tell_list(["a"]) == "a"
    assert tell_list(["a", "b", "c"]) == "a, b and c"
    assert tell_list(["a", "b", "c"], 2) == "a, b and 1 more"
