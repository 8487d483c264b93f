"""Which columns alone separate defaults from repaid loans best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.contract import Kind
from credit.disclosure import SMALLEST_GROUP
from training.column_auc import compute_auc, compute_auc_error
from training.data_report.applicants import Applicants, Flags, Numbers
from training.data_report.joins import RowsByClient
from training.data_report.page import Chapter, Grid, Part, picture, tell_only
from training.data_report.plots import draw_intervals
from training.data_report.quantities import LOAN, divide
from training.data_report.words import tell_list, tell_percent
from training.evidence.drawing import BLUE, GREEN, RED

ANCHOR, TITLE = "ranking", "The columns that tell most"
MOST = 30
FOLDS = 5
_QUANTILE = 1.96
HIGHER, LOWER, LEVELS = "higher values default more", "lower values default more", "by level"
_COLOURS = {HIGHER: RED, LOWER: BLUE, LEVELS: GREEN}


@dataclass(frozen=True, slots=True)
class Told:
    """What a column tells alone.

    Attributes:
        name: Of the column, or what is computed.
        direction: Which values default more.
        separation: AUC among clients with a value, turned so that it is at least one half for
            numbers.
        error: Its standard error.
        share: Share of the clients who have a value.
    """

    name: str
    direction: str
    separation: float
    error: float
    share: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the separation."""
        return self.separation - _QUANTILE * self.error, self.separation + _QUANTILE * self.error


def measure_ranking(
    train: Applicants | None, histories: dict[str, RowsByClient]
) -> tuple[Told, ...] | None:
    """Return what each column tells, the most first; None without enough of both outcomes."""
    if train is None:
        return None
    known = train.known
    defaulted = train.defaulted[known]
    if min(np.count_nonzero(defaulted), np.count_nonzero(~defaulted)) < SMALLEST_GROUP:
        return None
    told = []
    for name, numbers in _list_numbers(train, histories):
        told.append(_judge_number(name, numbers[known], defaulted))
    for name, column in train.columns.items():
        if column.kind is Kind.CATEGORY:
            codes, names = train.read_levels(name)
            told.append(_judge_levels(name, codes[known], len(names), defaulted))
    sound = [one for one in told if one is not None]
    return tuple(sorted(sound, key=lambda one: one.separation, reverse=True))


def describe_ranking(ranking: tuple[Told, ...] | None) -> Chapter:
    """Return the chapter: the best columns with intervals."""
    if not ranking:
        why = (
            f"There are not {SMALLEST_GROUP} defaults and as many repaid loans: how well a column "
            "separates them cannot be told."
        )
        return tell_only(ANCHOR, TITLE, why)
    shown = ranking[:MOST]
    figure = draw_intervals(
        f"The {len(shown)} columns that tell most, each alone",
        [told.name for told in shown],
        [(told.separation, *told.interval) for told in shown],
        "AUC alone, among clients who have a value, with 95 % interval",
        colours=[_COLOURS[told.direction] for told in shown],
        legend=list(_COLOURS.items()),
        centre=0.5,
    )
    nothing = sum(told.interval[0] <= 0.5 for told in ranking)  # noqa: PLR2004 # a coin's AUC
    words = (
        f"Best alone: {tell_list([f'{told.name} ({told.separation:.3f})' for told in shown[:3]])}. "
        f"The intervals of {nothing} of {len(ranking)} columns reach 0.5, where a column tells "
        "nothing."
    )
    how = (
        "The AUC is the share of pairs of a defaulted and a repaid loan that the column puts in "
        f"the right order. Levels of a category are ordered by their default rate on {FOLDS - 1} "
        f"of {FOLDS} folds and judged on the other, so that a column of many levels gains nothing "
        "by their number. Ratios and numbers of history rows are ranked with the columns."
    )
    alt = f"AUC with interval of the {len(shown)} best columns."
    part = Part(
        paragraphs=(how,), pictures=(picture(figure, alt, words),), grids=(_list_ranking(ranking),)
    )
    return Chapter(ANCHOR, TITLE, (part,))


def _list_ranking(ranking: tuple[Told, ...]) -> Grid:
    return Grid(
        f"All {len(ranking)} columns",
        ("column", "which values default more", "AUC", "low", "high", "clients with a value"),
        tuple(
            (
                told.name,
                told.direction,
                f"{told.separation:.4f}",
                f"{told.interval[0]:.4f}",
                f"{told.interval[1]:.4f}",
                tell_percent(told.share),
            )
            for told in ranking
        ),
        folded=True,
        wordy=("which values default more",),
    )


def _list_numbers(
    train: Applicants, histories: dict[str, RowsByClient]
) -> Iterator[tuple[str, Numbers]]:
    for name, column in train.columns.items():
        if column.kind is not Kind.CATEGORY:
            yield name, train.read_numbers(name)
    for quantity in LOAN:
        if quantity.compute is divide and set(quantity.columns) <= set(train.columns):
            yield (
                quantity.name,
                divide(*(train.read_numbers(column) for column in quantity.columns)),
            )
    for table, counted in histories.items():
        yield f"rows in {table}", counted.look_up(train.clients).astype(np.float64)


def _judge_number(name: str, numbers: Numbers, defaulted: Flags) -> Told | None:
    auc, bad, good = compute_auc(numbers, defaulted)
    values = numbers[~np.isnan(numbers)]
    if min(bad, good) < SMALLEST_GROUP or (values == values[0]).all():
        return None
    direction = HIGHER if auc >= 0.5 else LOWER  # noqa: PLR2004 # a coin's AUC
    separation = max(auc, 1 - auc)
    error = compute_auc_error(separation, bad, good)
    return Told(name, direction, separation, error, len(values) / len(numbers))


def _judge_levels(
    name: str, codes: NDArray[np.int64], levels: int, defaulted: Flags
) -> Told | None:
    """Return what the levels tell clients whose outcomes did not order them."""
    present = codes >= 0
    judged, outcomes = codes[present], defaulted[present]
    bad, good = int(np.count_nonzero(outcomes)), int(np.count_nonzero(~outcomes))
    if min(bad, good) < SMALLEST_GROUP or len(np.unique(judged)) < 2:  # noqa: PLR2004
        return None
    folds = np.random.default_rng(0).integers(FOLDS, size=len(judged))
    found = []
    for fold in range(FOLDS):
        fitted = folds != fold
        clients = np.bincount(judged[fitted], minlength=levels)
        defaults = np.bincount(judged[fitted & outcomes], minlength=levels)
        overall = outcomes[fitted].mean()
        rates = (defaults + SMALLEST_GROUP * overall) / (clients + SMALLEST_GROUP)
        auc, _, _ = compute_auc(rates[judged[~fitted]], outcomes[~fitted])
        found.append(auc)
    if np.isnan(found).all():
        return None
    separation = float(np.nanmean(found))
    error = compute_auc_error(separation, bad, good)
    return Told(name, LEVELS, separation, error, len(judged) / len(codes))
