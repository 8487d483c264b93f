"""Scores, ages, jobs, amounts and ratios: how they lie, and how defaults go along with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.features.household import DAYS_A_YEAR
from training.data_report.applicants import Applicants, Numbers
from training.data_report.bands import (
    Histogram,
    choose_deciles,
    count_bands,
    measure_histograms,
)
from training.data_report.rates import Group, count_flag

AGES = (25, 30, 35, 40, 45, 50, 55, 60, 65)
YEARS_EMPLOYED = (0.5, 1, 2, 3, 5, 8, 12, 20)
SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
REPAID, DEFAULTED, ALL = "repaid", "defaulted", "all clients"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is looked at.

    Attributes:
        name: For the page.
        unit: Of the axis.
        columns: The columns that it is computed from.
        compute: Of them.
        limits: Between its bands; empty: deciles.
        logarithmic: Whether the axis is.
    """

    name: str
    unit: str
    columns: tuple[str, ...]
    compute: Callable[..., Numbers]
    limits: tuple[float, ...] = ()
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredQuantity:
    """How a quantity lies.

    Attributes:
        quantity: Which.
        histograms: By outcome; of all clients where no outcome is known. Empty: nothing to draw.
        bands: Default rate by band, ascending, missing last; empty without outcomes.
        medians: Of those who repaid and those who defaulted; NaN of a few.
        clients: How many have a value.
    """

    quantity: Quantity
    histograms: tuple[Histogram, ...]
    bands: tuple[Group, ...]
    medians: tuple[float, float]
    clients: int


@dataclass(frozen=True, slots=True)
class Quantities:
    """All quantities of one chapter.

    Attributes:
        overall: All clients with a known outcome.
        measured: In order.
        absent: Names of those whose columns are not there.
    """

    overall: Group
    measured: tuple[MeasuredQuantity, ...]
    absent: tuple[str, ...]


def take_as_is(numbers: Numbers) -> Numbers:
    """Return the numbers."""
    return numbers


def count_years_since(days: Numbers) -> Numbers:
    """Return the years from days before the application, which are negative."""
    return -days / DAYS_A_YEAR


def divide(numerator: Numbers, denominator: Numbers) -> Numbers:
    """Return the ratio, NaN where it is of nothing."""
    ratio = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio


def _amount(name: str, column: str) -> Quantity:
    return Quantity(name, "currency, logarithmic", (column,), take_as_is, logarithmic=True)


def _ratio(name: str, over: str, under: str, unit: str) -> Quantity:
    return Quantity(name, unit, (over, under), divide)


EXTERNAL = tuple(Quantity(name, "score", (name,), take_as_is) for name in SCORES)
PERSON = (
    Quantity("Age", "years", ("DAYS_BIRTH",), count_years_since, AGES),
    Quantity(
        "Time in the present job", "years", ("DAYS_EMPLOYED",), count_years_since, YEARS_EMPLOYED
    ),
    Quantity(
        "Time since the registration changed", "years", ("DAYS_REGISTRATION",), count_years_since
    ),
    Quantity(
        "Time since the identity document changed", "years", ("DAYS_ID_PUBLISH",), count_years_since
    ),
)
LOAN = (
    _amount("Amount of the loan", "AMT_CREDIT"),
    _amount("Annuity", "AMT_ANNUITY"),
    _amount("Income", "AMT_INCOME_TOTAL"),
    _ratio("Credit over income", "AMT_CREDIT", "AMT_INCOME_TOTAL", "years of income"),
    _ratio("Annuity over income", "AMT_ANNUITY", "AMT_INCOME_TOTAL", "share of the income"),
    _ratio("Credit over annuity", "AMT_CREDIT", "AMT_ANNUITY", "number of annuities"),
    _ratio("Credit over price of the goods", "AMT_CREDIT", "AMT_GOODS_PRICE", "ratio"),
)


def measure_quantities(
    applicants: Applicants | None, quantities: Sequence[Quantity]
) -> Quantities | None:
    """Return how the quantities lie among the applicants; None without any."""
    if applicants is None:
        return None
    measured: list[MeasuredQuantity] = []
    absent: list[str] = []
    for quantity in quantities:
        if set(quantity.columns) <= set(applicants.columns):
            columns = [applicants.read_numbers(name) for name in quantity.columns]
            measured.append(_measure(quantity, quantity.compute(*columns), applicants))
        else:
            absent.append(quantity.name)
    overall = count_flag("all", applicants.known, applicants.defaulted)
    return Quantities(overall, tuple(measured), tuple(absent))


def correlate(
    applicants: Applicants, names: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the columns that vary, TARGET last, and their correlations where both are known.

    NaN where fewer than three clients have both.
    """
    columns: dict[str, Numbers] = {
        name: applicants.read_numbers(name) for name in names if name in applicants.columns
    }
    return _correlate(columns | {"TARGET": applicants.outcomes})


def _correlate(
    columns: Mapping[str, Numbers],
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    varying = {
        name: numbers
        for name, numbers in columns.items()
        if len(np.unique(numbers[~np.isnan(numbers)])) > 1
    }
    size = len(varying)
    found = np.eye(size)
    series = list(varying.values())
    for one in range(size):
        for other in range(one):
            both = ~np.isnan(series[one]) & ~np.isnan(series[other])
            found[one, other] = found[other, one] = _pearson(series[one][both], series[other][both])
    return tuple(varying), found


def _pearson(one: Numbers, other: Numbers) -> float:
    if len(one) < 10 or one.std() == 0 or other.std() == 0:  # noqa: PLR2004 # too few to show
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _measure(quantity: Quantity, numbers: Numbers, applicants: Applicants) -> MeasuredQuantity:
    known, defaulted = applicants.known, applicants.defaulted
    if known.any():
        series = [(REPAID, numbers[known & ~defaulted]), (DEFAULTED, numbers[defaulted])]
        limits = quantity.limits or choose_deciles(numbers[known])
        bands = count_bands(numbers[known], defaulted[known], limits)
    else:
        series, bands = [(ALL, numbers)], []
    medians = [_find_median(values) for _, values in series]
    return MeasuredQuantity(
        quantity,
        tuple(measure_histograms(series, logarithmic=quantity.logarithmic)),
        tuple(bands),
        (medians[0], medians[-1]),
        int(np.count_nonzero(~np.isnan(numbers))),
    )


def _find_median(numbers: Numbers) -> float:
    known = numbers[~np.isnan(numbers)]
    return float(np.median(known)) if len(known) >= 10 else float("nan")  # noqa: PLR2004
