"""What a feature is a measure of, read from the contract's unit or from the feature's own name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from credit.contract import APPLICATION_COLUMNS
from credit.features.feature import HAS_HISTORY, Feature


class Semantics(StrEnum):
    """What a feature is a measure of."""

    FLAG = "flag"  # has_history: 0 or 1 before anything is imputed, never missing
    MEAN = "mean"  # averages, shares, ratios, spreads, trends
    COUNT = "count"  # how many
    DAYS = "days"  # a date or a span, in days or months
    AMOUNT = "amount"  # money
    REST = "rest"  # scores, ranks, categories, whatever else


_UNITS = {
    "count": Semantics.COUNT,
    "days": Semantics.DAYS,
    "months": Semantics.DAYS,
    "currency": Semantics.AMOUNT,
    "share": Semantics.MEAN,
}
_RAW = {column.name: _UNITS.get(column.unit, Semantics.REST) for column in APPLICATION_COLUMNS}

_WINDOW = re.compile(r"_(last_?)?\d+[dmky]?$")
_RATIOS = {
    "a_day", "credit_term", "of", "per", "price", "rate", "ratio", "share", "times", "to",
    "utilisation",
}  # fmt: skip
_AVERAGES = {"mean", "median", "std", "var", "skew", "slope", "trend", "share", "deviation"}
_COUNTS = {
    "count",
    "late_loan",
    "made",
    "total",
    "number",
    "nunique",
    "prolonged",
    "remaining",
    "enquiries",
}
_DAYS = {
    "day", "days", "dpd", "enddate", "first_drawing", "first_due", "last_due", "month", "months",
    "term", "termination",
}  # fmt: skip
_AMOUNTS = {
    "amount", "annuity", "asked", "balance", "credit", "debt", "down", "drawings", "due", "goods",
    "granted", "income", "installment", "instalment", "interest", "limit", "overdue", "paid",
    "payment", "payments", "receivable", "repaid", "underpaid",
}  # fmt: skip


def read_semantics(feature: Feature) -> Semantics:
    """Return what the feature is a measure of.

    A source column says it by its unit in the contract. A derived feature says it by its name,
    `<table>_<what>_<aggregate>[_<window>]`: the first that holds, of having a history, of a mean
    or ratio, of ending in a count, of days or months, of money, decides. So the mean of days is a
    mean, and a number of months a count.
    """
    return _RAW.get(feature.name) or _read_name(
        feature.name.removeprefix(f"{feature.table}_")  # bureau_balance is no balance
    )


def group_by_semantics(features: Iterable[Feature]) -> dict[Semantics, tuple[str, ...]]:
    """Return the features' names by what they are a measure of, each under exactly one."""
    read = [(feature.name, read_semantics(feature)) for feature in features]
    return {kind: tuple(name for name, found in read if found is kind) for kind in Semantics}


def _read_name(name: str) -> Semantics:
    if name.endswith(HAS_HISTORY):
        return Semantics.FLAG
    stem = _WINDOW.sub("", name)
    words = stem.split("_")
    known = set(words) | {"_".join(pair) for pair in pairwise(words)}
    if words[-1] in _AVERAGES or known & _RATIOS:
        return Semantics.MEAN
    if words[-1] in _COUNTS or (words[-1] in {"sum", "max", "min"} and known & _COUNTS):
        return Semantics.COUNT
    for kind, vocabulary in ((Semantics.DAYS, _DAYS), (Semantics.AMOUNT, _AMOUNTS)):
        if known & vocabulary:
            return kind
    return Semantics.REST
