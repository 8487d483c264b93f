"""Features of the application itself: numpy over columns, the same for 300,000 rows and for one.

Only operations that IEEE 754 defines exactly (+ - * / sqrt, comparisons) are used: transcendental
functions may differ in the last bit between a long array and a single value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from credit.features.feature import CLIENT, Feature

FloatArray = NDArray[np.float64]
Columns = Mapping[str, FloatArray]

TABLE = "application"
DAYS_A_YEAR = 365.25

EXTERNAL_SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
EXTERNAL_WEIGHTS = (2.0, 3.0, 4.0)
"""Weights by how well each score separates alone; EXT_SOURCE_3 does best."""

ENQUIRIES = tuple(
    f"AMT_REQ_CREDIT_BUREAU_{window}" for window in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")
)
DOCUMENTS = tuple(f"FLAG_DOCUMENT_{number}" for number in range(2, 22))
HOUSING = tuple(
    column.name
    for column in APPLICATION_COLUMNS
    if column.name.endswith(("_AVG", "_MODE", "_MEDI"))
)


@dataclass(frozen=True, slots=True)
class ApplicationFeature:
    """A derived feature and its formula: columns of shape (n,) to values of shape (n,)."""

    name: str
    meaning: str
    compute: Callable[[Columns], FloatArray]


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator; NaN where the denominator is zero or missing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator != 0, numerator / denominator, np.nan)


def _share(numerator: str, denominator: str) -> Callable[[Columns], FloatArray]:
    return lambda columns: divide(columns[numerator], columns[denominator])


def _sum(names: tuple[str, ...]) -> Callable[[Columns], FloatArray]:
    def add(columns: Columns) -> FloatArray:
        total = np.zeros_like(columns[names[0]])
        for name in names:  # in a fixed order, so that one row and many add up alike
            total = total + columns[name]
        return total

    return add


def _count_missing(names: tuple[str, ...]) -> Callable[[Columns], FloatArray]:
    def count(columns: Columns) -> FloatArray:
        missing = np.zeros(len(columns[names[0]]))
        for name in names:
            missing += np.isnan(columns[name])
        return missing

    return count


def _weigh_external(columns: Columns, weights: tuple[float, ...]) -> FloatArray:
    """Return the weighted mean of the external scores that are there."""
    total = np.zeros(len(columns[EXTERNAL_SCORES[0]]))
    weight_sum = np.zeros_like(total)
    for name, weight in zip(EXTERNAL_SCORES, weights, strict=True):
        present = ~np.isnan(columns[name])
        total += np.where(present, weight * columns[name], 0.0)
        weight_sum += np.where(present, weight, 0.0)
    return divide(total, weight_sum)


def _mean_external(columns: Columns) -> FloatArray:
    return _weigh_external(columns, (1.0, 1.0, 1.0))


def _spread_external(columns: Columns) -> FloatArray:
    """Return the standard deviation of the external scores that are there."""
    mean = _mean_external(columns)
    squares = np.zeros_like(mean)
    present_count = np.zeros_like(mean)
    for name in EXTERNAL_SCORES:
        present = ~np.isnan(columns[name])
        difference = columns[name] - mean
        squares += np.where(present, difference * difference, 0.0)
        present_count += present
    return np.sqrt(divide(squares, present_count))


def _smallest_external(columns: Columns) -> FloatArray:
    first, second, third = (columns[name] for name in EXTERNAL_SCORES)
    return np.fmin(np.fmin(first, second), third)


def _largest_external(columns: Columns) -> FloatArray:
    first, second, third = (columns[name] for name in EXTERNAL_SCORES)
    return np.fmax(np.fmax(first, second), third)


DERIVED: tuple[ApplicationFeature, ...] = (
    # External scores
    ApplicationFeature("ext_source_mean", "Mean of the external scores", _mean_external),
    ApplicationFeature(
        "ext_source_weighted",
        "Mean of the external scores, weighted 2:3:4",
        lambda columns: _weigh_external(columns, EXTERNAL_WEIGHTS),
    ),
    ApplicationFeature("ext_source_min", "Smallest external score", _smallest_external),
    ApplicationFeature("ext_source_max", "Largest external score", _largest_external),
    ApplicationFeature(
        "ext_source_std", "Standard deviation of the external scores", _spread_external
    ),
    ApplicationFeature(
        "ext_source_product",
        "Product of the three external scores",
        lambda columns: columns["EXT_SOURCE_1"] * columns["EXT_SOURCE_2"] * columns["EXT_SOURCE_3"],
    ),
    ApplicationFeature(
        "ext_source_2_times_3",
        "Product of the external scores 2 and 3",
        lambda columns: columns["EXT_SOURCE_2"] * columns["EXT_SOURCE_3"],
    ),
    ApplicationFeature(
        "ext_source_missing_count",
        "How many external scores are missing",
        _count_missing(EXTERNAL_SCORES),
    ),
    # Price of the loan
    ApplicationFeature(
        "credit_term_months", "Credit / annuity", _share("AMT_CREDIT", "AMT_ANNUITY")
    ),
    ApplicationFeature(
        "credit_to_goods", "Credit / price of the goods", _share("AMT_CREDIT", "AMT_GOODS_PRICE")
    ),
    ApplicationFeature(
        "goods_to_annuity", "Price of the goods / annuity", _share("AMT_GOODS_PRICE", "AMT_ANNUITY")
    ),
    ApplicationFeature(
        "credit_minus_goods",
        "Credit beyond the price of the goods",
        lambda columns: columns["AMT_CREDIT"] - columns["AMT_GOODS_PRICE"],
    ),
    # Burden on the income
    ApplicationFeature(
        "credit_to_income", "Credit / income", _share("AMT_CREDIT", "AMT_INCOME_TOTAL")
    ),
    ApplicationFeature(
        "annuity_to_income", "Annuity / income", _share("AMT_ANNUITY", "AMT_INCOME_TOTAL")
    ),
    ApplicationFeature(
        "goods_to_income", "Price of goods / income", _share("AMT_GOODS_PRICE", "AMT_INCOME_TOTAL")
    ),
    ApplicationFeature(
        "income_per_person",
        "Income / family members",
        _share("AMT_INCOME_TOTAL", "CNT_FAM_MEMBERS"),
    ),
    ApplicationFeature(
        "income_after_annuity",
        "Income less annuity",
        lambda columns: columns["AMT_INCOME_TOTAL"] - columns["AMT_ANNUITY"],
    ),
    ApplicationFeature(
        "children_share",
        "Children / family members",
        _share("CNT_CHILDREN", "CNT_FAM_MEMBERS"),
    ),
    # Age and tenure
    ApplicationFeature(
        "employed_share_of_life",
        "Days employed / days lived",
        _share("DAYS_EMPLOYED", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "registration_share_of_life",
        "Days since the registration changed / days lived",
        _share("DAYS_REGISTRATION", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "id_published_share_of_life",
        "Days since the identity document changed / days lived",
        _share("DAYS_ID_PUBLISH", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "phone_changed_share_of_life",
        "Days since the phone changed / days lived",
        _share("DAYS_LAST_PHONE_CHANGE", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "age_at_end_years",
        "Age when the loan is paid back, by credit / annuity",
        lambda columns: (
            -columns["DAYS_BIRTH"] / DAYS_A_YEAR
            + divide(columns["AMT_CREDIT"], columns["AMT_ANNUITY"]) / 12.0
        ),
    ),
    ApplicationFeature(
        "car_age_to_age",
        "Age of the car / age of the client",
        lambda columns: divide(columns["OWN_CAR_AGE"], -columns["DAYS_BIRTH"] / DAYS_A_YEAR),
    ),
    # Credit against the external view of the client
    ApplicationFeature(
        "credit_term_times_ext_source_mean",
        "Credit / annuity, times the mean external score",
        lambda columns: (
            divide(columns["AMT_CREDIT"], columns["AMT_ANNUITY"]) * _mean_external(columns)
        ),
    ),
    # Surroundings, paperwork, what is not known
    ApplicationFeature(
        "social_circle_default_share",
        "Share of the social circle that is 30 days past due",
        _share("DEF_30_CNT_SOCIAL_CIRCLE", "OBS_30_CNT_SOCIAL_CIRCLE"),
    ),
    ApplicationFeature("enquiries_total", "Enquiries at the bureau in the year", _sum(ENQUIRIES)),
    ApplicationFeature("documents_count", "Documents handed in", _sum(DOCUMENTS)),
    ApplicationFeature(
        "housing_missing_count",
        "How many facts about the building are missing",
        _count_missing(HOUSING),
    ),
)

_RAW = tuple(column for column in APPLICATION_COLUMNS if column.name != CLIENT)

APPLICATION_FEATURES: tuple[Feature, ...] = (
    *(Feature(column.name, TABLE, column.meaning) for column in _RAW),
    *(Feature(feature.name, TABLE, feature.meaning) for feature in DERIVED),
)


def compute_application_features(columns: Columns) -> dict[str, FloatArray]:
    """Return every application feature by name, in the catalog's order, each of shape (n,).

    Args:
        columns: The encoded application columns (`credit.contract.encoding`), each of shape (n,).
    """
    features = {column.name: columns[column.name] for column in _RAW}
    for feature in DERIVED:
        features[feature.name] = feature.compute(columns)
    return features
