"""Which columns lie otherwise in test than in train."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.contract import Kind
from credit.disclosure import SMALLEST_GROUP
from credit.drift import LARGE, NOTABLE, Drift, compare_columns
from training.data_report.applicants import UNKNOWN, Applicants, Numbers
from training.data_report.bands import Histogram, measure_histograms
from training.data_report.page import Chapter, Grid, Part, Picture, picture, tell_only
from training.data_report.plots import draw_bars, draw_histograms
from training.data_report.words import tell_list, tell_number, tell_percent, tell_share
from training.evidence.drawing import BLUE, GREY, ORANGE, RED

ANCHOR, TITLE = "shift", "Train against test"
_MOST_BARS = 25
_MOST_HISTOGRAMS = 4


@dataclass(frozen=True, slots=True)
class Shift:
    """How one column differs.

    Attributes:
        name: Of the column.
        drift: By tenths of train, or levels; missing is one.
        typical: In train and in test: the mean, or the share of train's commonest level.
        level: That level; empty for numbers.
        missing: Share without a value in train and in test.
        histograms: Of a number.
    """

    name: str
    drift: Drift
    typical: tuple[str, str]
    level: str
    missing: tuple[str, str]
    histograms: tuple[Histogram, ...]


def measure_shifts(train: Applicants | None, test: Applicants | None) -> tuple[Shift, ...] | None:
    """Return how each column differs, the most different first; None without both tables."""
    if train is None or test is None or min(len(train), len(test)) < SMALLEST_GROUP:
        return None
    shared = [name for name in train.columns if name in test.columns]
    shifts = [
        _compare_levels(name, train, test, len(shared))
        if train.columns[name].kind is Kind.CATEGORY
        else _compare_numbers(name, train, test, len(shared))
        for name in shared
    ]
    return tuple(sorted(shifts, key=lambda shift: shift.drift.psi, reverse=True))


def describe_shifts(shifts: tuple[Shift, ...] | None) -> Chapter:
    """Return the chapter: the columns by their index, and those that differ most."""
    if shifts is None:
        why = f"There are not both a train and a test table with {SMALLEST_GROUP} clients each."
        return tell_only(ANCHOR, TITLE, why)
    if not shifts:
        return tell_only(ANCHOR, TITLE, "The two tables share no column.")
    shown = shifts[:_MOST_BARS]
    figure = draw_bars(
        "Population stability index of train against test",
        [shift.name for shift in shown],
        [shift.drift.psi for shift in shown],
        f"index; orange from {NOTABLE}, red from {LARGE}; right: what chance reaches",
        colours=[_choose_colour(shift) for shift in shown],
        texts=[f"{shift.drift.chance:.4f}" for shift in shown],
    )
    alt = f"Bars of the stability index of the {len(shown)} columns that differ most."
    first = Part(
        paragraphs=(_tell(shifts),),
        pictures=(picture(figure, alt, _tell_first(shown[0])),),
        grids=(_list_shifts(shown),),
    )
    drawn = [shift for shift in shown if len(shift.histograms) > 1][:_MOST_HISTOGRAMS]
    return Chapter(ANCHOR, TITLE, (first, Part(pictures=tuple(_draw(shift) for shift in drawn))))


def _tell(shifts: tuple[Shift, ...]) -> str:
    large = [shift.name for shift in shifts if shift.drift.reaches(LARGE)]
    notable = [
        shift.name
        for shift in shifts
        if shift.drift.reaches(NOTABLE) and not shift.drift.reaches(LARGE)
    ]
    by_chance = sum(not shift.drift.reaches(0) for shift in shifts)
    told = (
        f"By the usual reading an index from {NOTABLE} on is a notable difference and one from "
        f"{LARGE} on a large one, provided it is above what chance reaches: what any of the "
        "columns of two samples of the same clients would exceed 1 time in 20. "
    )
    told += f"Large: {tell_list(large)}. " if large else "No column differs largely. "
    told += f"Notable: {tell_list(notable)}. " if notable else "None differs notably. "
    return told + f"{by_chance} of {len(shifts)} columns differ by no more than chance explains."


def _tell_first(shift: Shift) -> str:
    what = f"share of {shift.level}" if shift.level else "mean"
    return (
        f"{shift.name} differs most, with {shift.drift.psi:.3f}: its {what} is {shift.typical[0]} "
        f"in train and {shift.typical[1]} in test, {shift.missing[0]} and {shift.missing[1]} are "
        "missing."
    )


def _list_shifts(shown: tuple[Shift, ...]) -> Grid:
    return Grid(
        f"The {len(shown)} columns that differ most",
        (
            "column",
            "index",
            "by chance",
            "typical",
            "train",
            "test",
            "missing in train",
            "missing in test",
        ),
        tuple(
            (
                shift.name,
                f"{shift.drift.psi:.4f}",
                f"{shift.drift.chance:.4f}",
                f"share of {shift.level}" if shift.level else "mean",
                *shift.typical,
                *shift.missing,
            )
            for shift in shown
        ),
        folded=True,
        wordy=("typical",),
    )


def _draw(shift: Shift) -> Picture:
    figure = draw_histograms(shift.name, shift.histograms, "value", colours=(GREY, ORANGE))
    return picture(
        figure,
        f"Distribution of {shift.name} in train and in test.",
        f"Mean {shift.typical[0]} in train, {shift.typical[1]} in test.",
    )


def _choose_colour(shift: Shift) -> str:
    if shift.drift.reaches(LARGE):
        return RED
    return ORANGE if shift.drift.reaches(NOTABLE) else BLUE


def _compare_numbers(name: str, train: Applicants, test: Applicants, compared: int) -> Shift:
    numbers, tested = train.read_numbers(name), test.read_numbers(name)
    return Shift(
        name,
        _compare(numbers, tested, compared, categorical=False),
        (_tell_mean(numbers), _tell_mean(tested)),
        "",
        (_tell_missing(np.isnan(numbers)), _tell_missing(np.isnan(tested))),
        tuple(measure_histograms([("train", numbers), ("test", tested)])),
    )


def _compare_levels(name: str, train: Applicants, test: Applicants, compared: int) -> Shift:
    codes, names = train.read_levels(name)
    tested, test_names = test.read_levels(name)
    every = [*dict.fromkeys([*names, *test_names])]
    places = np.array([every.index(level) for level in test_names] + [UNKNOWN], dtype=np.int64)
    tested = places[tested]
    size = len(every) + 1
    counts = np.bincount(codes % size, minlength=size), np.bincount(tested % size, minlength=size)
    coded, coded_test = (np.where(each == UNKNOWN, np.nan, each) for each in (codes, tested))
    common = int(np.argmax(counts[0][: len(every)])) if every else 0
    return Shift(
        name,
        _compare(coded, coded_test, compared, categorical=True),
        (
            tell_share(int(counts[0][common]), len(codes)),
            tell_share(int(counts[1][common]), len(tested)),
        ),
        every[common] if every else "missing",
        (_tell_missing(codes == UNKNOWN), _tell_missing(tested == UNKNOWN)),
        (),
    )


def _compare(train: Numbers, test: Numbers, compared: int, *, categorical: bool) -> Drift:
    flags = np.array([categorical])
    (drift,) = compare_columns(train[:, None], test[:, None], flags, compared)
    return drift


def _tell_mean(numbers: Numbers) -> str:
    known = numbers[~np.isnan(numbers)]
    return tell_number(float(known.mean())) if len(known) >= SMALLEST_GROUP else "unknown"


def _tell_missing(missing: NDArray[np.bool_]) -> str:
    count = int(np.count_nonzero(missing))
    return (
        tell_share(count, len(missing))
        if count >= SMALLEST_GROUP
        else tell_percent(0.0)
        if not count
        else f"fewer than {SMALLEST_GROUP}"
    )
