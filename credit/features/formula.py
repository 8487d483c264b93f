"""Formulas over columns of applications: numpy, the same for 300,000 rows and for one.

Only operations that IEEE 754 defines exactly (+ - * / sqrt, comparisons) are used: transcendental
functions may differ in the last bit between a long array and a single value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.features.risk_direction import RiskDirection

FloatArray = NDArray[np.float64]
Columns = Mapping[str, FloatArray]
Formula = Callable[[Columns], FloatArray]

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class ApplicationFeature:
    """A derived feature and its formula: columns of shape (n,) to values of shape (n,)."""

    name: str
    meaning: str
    compute: Formula
    risk_direction: RiskDirection = RiskDirection.FREE


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator; NaN where the denominator is zero or missing.

    A quotient that float32, the model's type, cannot hold is NaN too.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = numerator / denominator
        return np.where(np.abs(quotient) <= LARGEST, quotient, np.nan)


def share(numerator: str, denominator: str) -> Formula:
    """Return the formula numerator / denominator."""
    return lambda columns: divide(columns[numerator], columns[denominator])


def difference(minuend: str, subtrahend: str) -> Formula:
    """Return the formula minuend - subtrahend."""
    return lambda columns: columns[minuend] - columns[subtrahend]


def product(*names: str) -> Formula:
    """Return the formula that multiplies columns, from left to right."""

    def multiply(columns: Columns) -> FloatArray:
        result = columns[names[0]]
        for name in names[1:]:
            result = result * columns[name]
        return result

    return multiply


def total(*names: str) -> Formula:
    """Return the formula that adds columns up; missing if one of them is."""

    def add(columns: Columns) -> FloatArray:
        result = np.zeros_like(columns[names[0]])
        for name in names:  # in a fixed order, so that one row and many add up alike
            result = result + columns[name]
        return result

    return add


def count_missing(*names: str) -> Formula:
    """Return the formula that counts which of the columns are missing."""

    def count(columns: Columns) -> FloatArray:
        missing = np.zeros(len(columns[names[0]]))
        for name in names:
            missing += np.isnan(columns[name])
        return missing

    return count
