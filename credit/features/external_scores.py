"""Features of the three external scores, which tell more than all else in the application."""

from __future__ import annotations

import numpy as np

from credit.features.formula import (
    ApplicationFeature,
    Columns,
    FloatArray,
    count_missing,
    divide,
    product,
    share,
)

SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
WEIGHTS = (2.0, 3.0, 4.0)
"""Weights by how well each score separates alone; EXT_SOURCE_3 does best."""


def _weigh(columns: Columns, weights: tuple[float, ...]) -> FloatArray:
    """Return the weighted mean of the external scores that are there."""
    total = np.zeros(len(columns[SCORES[0]]))
    weight_sum = np.zeros_like(total)
    for name, weight in zip(SCORES, weights, strict=True):
        present = ~np.isnan(columns[name])
        total += np.where(present, weight * columns[name], 0.0)
        weight_sum += np.where(present, weight, 0.0)
    return divide(total, weight_sum)


def compute_mean(columns: Columns) -> FloatArray:
    """Return the mean of the external scores that are there."""
    return _weigh(columns, (1.0, 1.0, 1.0))


def _spread(columns: Columns) -> FloatArray:
    """Return the standard deviation of the external scores that are there."""
    mean = compute_mean(columns)
    squares = np.zeros_like(mean)
    present_count = np.zeros_like(mean)
    for name in SCORES:
        present = ~np.isnan(columns[name])
        distance = columns[name] - mean
        squares += np.where(present, distance * distance, 0.0)
        present_count += present
    return np.sqrt(divide(squares, present_count))


def _smallest(columns: Columns) -> FloatArray:
    first, second, third = (columns[name] for name in SCORES)
    return np.fmin(np.fmin(first, second), third)


def _largest(columns: Columns) -> FloatArray:
    first, second, third = (columns[name] for name in SCORES)
    return np.fmax(np.fmax(first, second), third)


EXTERNAL_SCORES: tuple[ApplicationFeature, ...] = (
    ApplicationFeature("ext_source_mean", "Mean of the external scores", compute_mean),
    ApplicationFeature(
        "ext_source_weighted",
        "Mean of the external scores, weighted 2:3:4",
        lambda columns: _weigh(columns, WEIGHTS),
    ),
    ApplicationFeature("ext_source_min", "Smallest external score", _smallest),
    ApplicationFeature("ext_source_max", "Largest external score", _largest),
    ApplicationFeature(
        "ext_source_range",
        "Largest less smallest external score",
        lambda columns: _largest(columns) - _smallest(columns),
    ),
    ApplicationFeature("ext_source_std", "Standard deviation of the external scores", _spread),
    ApplicationFeature(
        "ext_source_product", "Product of the three external scores", product(*SCORES)
    ),
    *(
        ApplicationFeature(
            f"ext_source_{one}_times_{other}",
            f"Product of the external scores {one} and {other}",
            product(f"EXT_SOURCE_{one}", f"EXT_SOURCE_{other}"),
        )
        for one, other in ((1, 2), (1, 3), (2, 3))
    ),
    *(
        ApplicationFeature(
            f"ext_source_{one}_to_{other}",
            f"External score {one} / external score {other}",
            share(f"EXT_SOURCE_{one}", f"EXT_SOURCE_{other}"),
        )
        for one, other in ((1, 2), (1, 3), (2, 3))
    ),
    ApplicationFeature(
        "ext_source_missing_count",
        "How many external scores are missing",
        count_missing(*SCORES),
    ),
    ApplicationFeature(
        "ext_source_mean_times_age",
        "Mean of the external scores, times the age in days",
        lambda columns: compute_mean(columns) * -columns["DAYS_BIRTH"],
    ),
    ApplicationFeature(
        "ext_source_mean_times_employed",
        "Mean of the external scores, times the days employed",
        lambda columns: compute_mean(columns) * -columns["DAYS_EMPLOYED"],
    ),
    ApplicationFeature(
        "ext_source_1_to_age",
        "External score 1 / age in days",
        lambda columns: divide(columns["EXT_SOURCE_1"], -columns["DAYS_BIRTH"]),
    ),
)
