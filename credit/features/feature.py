"""What a feature is, and the few expressions the history tables share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import narwhals as nw

from credit.contract import Column, Table

Rows = nw.LazyFrame[Any]
"""Rows of a table on any engine that narwhals drives lazily."""

CLIENT = "SK_ID_CURR"
HAS_HISTORY = "has_history"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model.

    Attributes:
        name: Kaggle's name for a source column; lower case for a derived one.
        table: The table it is made from.
        meaning: What it says.
        when_absent: Its value for a client without rows in the table.
    """

    name: str
    table: str
    meaning: str
    when_absent: float = float("nan")


@dataclass(frozen=True, slots=True)
class HistoryFeature:
    """A feature of a history table: how many rows become one value.

    Attributes:
        feature: Its name and meaning.
        aggregate: Expression over the client's rows.
    """

    feature: Feature
    aggregate: nw.Expr


@dataclass(frozen=True, slots=True)
class HistoryFamily:
    """The features of one history table.

    Attributes:
        table: The table whose rows are aggregated.
        derive: Adds the columns that the aggregates use, row by row.
        features: What is computed a client.
    """

    table: str
    derive: Callable[[Rows], Rows]
    features: tuple[HistoryFeature, ...]

    def aggregate(self, rows: Rows) -> Rows:
        """Return one row a client: SK_ID_CURR and the features, in order, as float32."""
        named = [item.aggregate.alias(item.feature.name) for item in self.features]
        grouped = self.derive(rows).group_by(CLIENT).agg(*named)
        names = [item.feature.name for item in self.features]
        return grouped.select(CLIENT, nw.col(*names).cast(nw.Float32))


class FeatureMaker(Protocol):
    """Makes the features of one table."""

    def __call__(self, name: str, meaning: str, aggregate: nw.Expr, /) -> HistoryFeature:
        """Return the feature `<prefix>_<name>`."""
        ...


def make_features_of(table: str, prefix: str) -> FeatureMaker:
    """Return a maker of features; its has_history is 0, all else NaN, for clients without rows."""

    def make(name: str, meaning: str, aggregate: nw.Expr, /) -> HistoryFeature:
        when_absent = 0.0 if name == HAS_HISTORY else float("nan")
        feature = Feature(f"{prefix}_{name}", table, meaning, when_absent=when_absent)
        return HistoryFeature(feature, aggregate)

    return make


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
