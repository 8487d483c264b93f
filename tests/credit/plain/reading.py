"""Reads a history feature's name in plain Python, without the engine and without its expressions.

A name is read from its ends inwards: the window at its end and the kind of row at its beginning
leave some of the client's rows, what remains is a measure and how its values become one. So
`approved_annuity_mean_last3` is the mean annuity of the approved among the last three applications.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import fmean, stdev
from typing import Any

Row = Mapping[str, Any]
Rows = Sequence[Row]
Value = float | None

_WINDOW = re.compile(r"(.+)_(\d+)[dm]")
_LATEST = re.compile(r"(.+)_last(\d+)")
_TREND = re.compile(r"(.+)_trend_(\w+)")


class UnknownFeature(LookupError):
    """The name says nothing to the reader."""


@dataclass(frozen=True)
class Reading:
    """What the words in the feature names of one table mean.

    Attributes:
        time: Column of the days or months that windows look back on.
        identifier: Column that decides which of two rows, or loans, of one time is the later.
        measures: What a row says; None where it doesn't.
        kinds: Whether a row is of the kind; None where that is not known.
        whole: What all the rows say together, for names that are no measure and aggregate.
        trends: What is compared of the recent rows and of all, and how.
    """

    time: str
    identifier: str
    measures: Mapping[str, Callable[[Row], Value]]
    kinds: Mapping[str, Callable[[Row], bool | None]]
    whole: Mapping[str, Callable[[Rows], Value]]
    trends: Mapping[str, tuple[str, Callable[[Value, Value], Value]]] = field(default_factory=dict)

    def read(self, name: str, rows: Rows) -> Value:
        """Return what the feature, named without its table, must be for a client of these rows.

        Raises:
            UnknownFeature: If the name is neither in the tables above nor made of their words.
        """
        if name in self.whole:
            return self.whole[name](rows)
        if name == "has_history":
            return 1.0
        if name == "count":
            return len(rows)
        if match := _TREND.fullmatch(name):
            return self._read_trend(match[1], match[2], rows)
        shorter, fewer = self._narrow(name, rows)
        return self._read_measure(name, rows) if shorter == name else self.read(shorter, fewer)

    def _narrow(self, name: str, rows: Rows) -> tuple[str, Rows]:
        """Return the name without its window or last loan, and the rows in it."""
        if match := _WINDOW.fullmatch(name):
            return match[1], [row for row in rows if -row[self.time] <= int(match[2])]
        if match := _LATEST.fullmatch(name):
            return match[1], self._latest_first(rows)[: int(match[2])]
        if name.startswith("last_loan_"):
            return name.removeprefix("last_loan_"), self.find_last_loan(rows)
        return name, rows

    def find_last_loan(self, rows: Rows) -> Rows:
        """Return the rows of the loan that began last."""

        def begin(loan: Rows) -> tuple[int, int]:
            return min(row[self.time] for row in loan), loan[0][self.identifier]

        return max(split(rows, self.identifier), key=begin)

    def _latest_first(self, rows: Rows) -> Rows:
        return sorted(rows, key=lambda row: (row[self.time], row[self.identifier]), reverse=True)

    def _read_trend(self, stem: str, window: str, rows: Rows) -> Value:
        feature, compare = self.trends[stem]
        return compare(self.read(f"{feature}_{window}", rows), self.read(feature, rows))

    def _read_measure(self, name: str, rows: Rows) -> Value:
        what, _, how = name.rpartition("_")
        if how in AGGREGATES and what in self.measures:
            return AGGREGATES[how]([self.measures[what](row) for row in rows])
        kind = name.removesuffix("_mean").removesuffix("_share")
        if kind != name and kind in self.kinds:
            return mean([self.kinds[kind](row) for row in rows])
        if how in AGGREGATES and what.startswith("loan_"):
            what = what.removeprefix("loan_")
            loans = split(rows, self.identifier)
            return AGGREGATES[how]([self.read(what, loan) for loan in loans])
        return self._read_kind(name, rows)

    def _read_kind(self, name: str, rows: Rows) -> Value:
        for kind in sorted(self.kinds, key=len, reverse=True):
            if name.startswith(f"{kind}_"):
                of_kind = [row for row in rows if self.kinds[kind](row)]
                return self.read(name.removeprefix(f"{kind}_"), of_kind)
        raise UnknownFeature(f"{name!r} has no reading: say what it means in tests/credit/plain.")


def column(name: str) -> Callable[[Row], Value]:
    """Return the measure that a column is."""
    return lambda row: row[name]


def split(rows: Rows, identifier: str) -> list[Rows]:
    """Return the rows of each loan."""

    def tell(row: Row) -> int:
        return int(row[identifier])

    return [list(loan) for _, loan in groupby(sorted(rows, key=tell), tell)]


def gaps(days: Collection[int]) -> list[int]:
    """Return the days from each to the one after."""
    ordered = sorted(days)
    return [later - earlier for earlier, later in pairwise(ordered)]


def divide(amount: Value, by: Value) -> Value:
    """Return the quotient; None if one is not known or there is nothing to divide by."""
    if amount is None or by is None or by <= 0:
        return None
    return amount / by


def less(amount: Value, other: Value) -> Value:
    """Return the difference; None if one is not known."""
    return None if amount is None or other is None else amount - other


def times(amount: Value, other: Value) -> Value:
    """Return the product; None if one is not known."""
    return None if amount is None or other is None else amount * other


def exceeds(amount: Value, other: Value) -> bool | None:
    """Return whether the amount is the larger one; None if one is not known."""
    return None if amount is None or other is None else amount > other


def says(name: str, *answers: str) -> Callable[[Row], bool | None]:
    """Return the kind of rows whose column has one of the answers."""
    return lambda row: None if row[name] is None else row[name] in answers


def known(values: Collection[Value]) -> list[float]:
    """Return the values that are there."""
    return [value for value in values if value is not None]


def mean(values: Collection[Value]) -> Value:
    """Return the mean of the values that are there."""
    return fmean(known(values)) if known(values) else None


def _spread(values: Collection[Value]) -> Value:
    return stdev(known(values)) if len(known(values)) > 1 else None


AGGREGATES: Mapping[str, Callable[[Collection[Value]], Value]] = {
    "sum": lambda values: sum(known(values)),
    "mean": mean,
    "min": lambda values: min(known(values), default=None),
    "max": lambda values: max(known(values), default=None),
    "std": _spread,
}
