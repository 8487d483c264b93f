"""What a feature is, and the few expressions the history tables share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import narwhals as nw

from credit.contract import Column, Table
from credit.features.risk_direction import RiskDirection

Rows = nw.LazyFrame[Any]
"""Rows of a table on any engine that narwhals drives lazily."""

CLIENT = "SK_ID_CURR"
HAS_HISTORY = "has_history"
LARGEST = 3.4e38
"""Just inside float32."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model.

    Attributes:
        name: Kaggle's name for a source column; lower case for a derived one.
        table: The table it is made from.
        meaning: What it says.
        when_absent: Its value for a client without rows in the table.
        risk_direction: How the PD may change with it.
    """

    name: str
    table: str
    meaning: str
    when_absent: float = float("nan")
    risk_direction: RiskDirection = RiskDirection.FREE


@dataclass(frozen=True, slots=True)
class HistoryFeature:
    """A feature of a history table: how many rows become one value.

    Attributes:
        feature: Its name and meaning.
        aggregate: Expression over the client's rows.
    """

    feature: Feature
    aggregate: nw.Expr


def _to_float32(name: str) -> nw.Expr:
    """Return the column as float32; null beyond its range, where engines differ."""
    value = nw.col(name)
    return nw.when(value.abs() <= LARGEST).then(value).cast(nw.Float32).alias(name)


@dataclass(frozen=True, slots=True)
class HistoryFamily:
    """Features made from the rows of one history table.

    Attributes:
        table: The table whose rows are aggregated.
        derive: Adds the columns that the aggregates use; may turn rows of months into loans.
        features: What is computed a client.
    """

    table: str
    derive: Callable[[Rows], Rows]
    features: tuple[HistoryFeature, ...]

    def aggregate(self, derived: Rows) -> Rows:
        """Return one row a client: SK_ID_CURR and the features, in order, as float32."""
        named = [item.aggregate.alias(item.feature.name) for item in self.features]
        grouped = derived.group_by(CLIENT).agg(*named)
        names = [item.feature.name for item in self.features]
        return grouped.select(CLIENT, *(_to_float32(name) for name in names))


class Sort(Enum):
    """What a measure is a quantity of."""

    AMOUNT = auto()
    COUNT = auto()
    DAY = auto()
    FLAG = auto()


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that every row has, and how a client's rows become one figure.

    Attributes:
        name: Its part of the features' names.
        meaning: Its part of their meanings; what words open them depends on its sort.
        value: Expression over a row.
        aggregates: Names out of `AGGREGATES`.
        sort: What it is a quantity of.
    """

    name: str
    meaning: str
    value: nw.Expr
    aggregates: tuple[str, ...]
    sort: Sort = Sort.AMOUNT


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of a client's rows.

    Attributes:
        name: Its part of the features' names.
        meaning: Its part of their meanings: what these rows are.
        condition: Expression that is true for these rows.
        last: True if its name stands at the end, as a window's does.
    """

    name: str
    meaning: str
    condition: nw.Expr
    last: bool = False


AGGREGATES: Mapping[str, Callable[[nw.Expr], nw.Expr]] = {
    "sum": nw.Expr.sum,
    "mean": nw.Expr.mean,
    "min": nw.Expr.min,
    "max": nw.Expr.max,
    "std": nw.Expr.std,
}
_WORDS = {"sum": "Total", "mean": "Mean", "std": "Standard deviation of the"}
_WORDS_OF_SORT: Mapping[Sort, Mapping[str, str]] = {
    Sort.AMOUNT: _WORDS | {"min": "Smallest", "max": "Largest"},
    Sort.COUNT: _WORDS | {"mean": "Mean number of", "min": "Fewest", "max": "Most"},
    Sort.DAY: _WORDS | {"min": "First", "max": "Latest"},
    Sort.FLAG: {"mean": "Share"},
}


class FeatureMaker:
    """Makes the features of one history table.

    A client without rows has 0 as `has_history` and NaN as everything else.

    Args:
        table: The table.
        prefix: Opens every feature's name.
        rows: What all rows are, in the meanings.
    """

    def __init__(self, table: str, prefix: str, rows: str) -> None:
        self._table = table
        self._prefix = prefix
        self._rows = rows

    def __call__(self, name: str, meaning: str, aggregate: nw.Expr) -> HistoryFeature:
        """Return the feature `<prefix>_<name>`."""
        when_absent = 0.0 if name == HAS_HISTORY else float("nan")
        feature = Feature(f"{self._prefix}_{name}", self._table, meaning, when_absent=when_absent)
        return HistoryFeature(feature, aggregate)

    def has_history(self, meaning: str) -> HistoryFeature:
        """Return the flag that is 1 for clients with rows."""
        return self(HAS_HISTORY, meaning, nw.len().clip(0, 1))

    def of_last_loan(self, name: str, meaning: str, column: str) -> HistoryFeature:
        """Return the column's value of the latest of the client's loans, one a row (`rank_latest`).

        The column ``nth_latest`` must say which that is.
        """
        value = only(nw.col(column), nw.col("nth_latest") == 1)
        return self(f"last_loan_{name}", f"{meaning}, last loan", value.max())

    def sum_up(
        self, measures: Iterable[Measure], slices: Iterable[Slice] = ()
    ) -> Iterator[HistoryFeature]:
        """Yield the features of every measure, over all rows or, if there are any, over slices."""
        for part in tuple(slices) or (None,):
            for measure in measures:
                for aggregate in measure.aggregates:
                    yield self._sum_up(measure, aggregate, part)

    def count(self, what: str, slices: Iterable[Slice]) -> Iterator[HistoryFeature]:
        """Yield how many rows each slice has; what is counted opens the meaning."""
        for part in slices:
            name = f"count_{part.name}" if part.last else f"{part.name}_count"
            yield self(name, f"{what} {part.meaning}", as_flag(part.condition).sum())

    def _sum_up(self, measure: Measure, aggregate: str, part: Slice | None) -> HistoryFeature:
        reduce = AGGREGATES[aggregate]
        name = f"{measure.name}_{aggregate}"
        meaning = f"{_WORDS_OF_SORT[measure.sort][aggregate]} {measure.meaning}"
        if part is None:
            return self(name, f"{meaning}, {self._rows}", reduce(measure.value))
        name = f"{name}_{part.name}" if part.last else f"{part.name}_{name}"
        return self(name, f"{meaning}, {part.meaning}", reduce(only(measure.value, part.condition)))


def replace_sentinels(rows: Rows, table: Table) -> Rows:
    """Return the rows with the contract's sentinels as nulls."""
    return rows.with_columns(
        _keep_unless(column) for column in table.columns if column.sentinel is not None
    )


def _keep_unless(column: Column) -> nw.Expr:
    value = nw.col(column.name)
    # A null compares to null, which is not true: it stays null.
    return nw.when(value != column.sentinel).then(value).alias(column.name)


def ratio(numerator: nw.Expr, denominator: nw.Expr) -> nw.Expr:
    """Return numerator / denominator; null where the denominator is not positive."""
    return nw.when(denominator > 0).then(numerator / denominator)


def only(value: nw.Expr, condition: nw.Expr) -> nw.Expr:
    """Return the value where the condition holds, else null, so that aggregates pass it over."""
    return nw.when(condition).then(value)


def in_last(window: int, time: str) -> nw.Expr:
    """Return the condition that a row lies in the window before the application.

    Args:
        window: Length, in the unit of the column.
        time: Column of days or months counted back from the application, so not positive.
    """
    return nw.col(time) >= -window


def as_flag(condition: nw.Expr) -> nw.Expr:
    """Return 1.0 where the condition holds, 0.0 where it doesn't, null where it is unknown."""
    return nw.when(condition).then(1.0).when(~condition).then(0.0)


def make_windows(meaning: str, time: str, unit: str, lengths: Iterable[int]) -> tuple[Slice, ...]:
    """Return the windows before the application, as slices.

    Args:
        meaning: What the rows in a window are, with ``{}`` for its length.
        time: Column of days or months counted back from the application, so not positive.
        unit: ``d`` for days, ``m`` for months.
        lengths: In that unit.
    """
    words = {"d": "days", "m": "months"}[unit]
    return tuple(
        Slice(
            f"{length}{unit}", meaning.format(f"{length} {words}"), in_last(length, time), last=True
        )
        for length in lengths
    )


def rank_latest(time: str, identifier: str) -> nw.Expr:
    """Return 1 for the client's latest row, 2 for the one before; ties go to the larger identifier.

    Args:
        time: Whole-numbered column, the larger the later.
        identifier: Column that tells a client's rows apart, at most eight digits.
    """
    # One exact float64 key: engines break ties of two keys differently.
    key = nw.col(time).cast(nw.Float64) * 1e8 + nw.col(identifier).cast(nw.Float64)
    return key.rank("ordinal", descending=True).over(CLIENT)
