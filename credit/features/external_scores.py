"""Features of the three external scores, which tell more than all else in the application.

None falls when a score rises, so that the model can promise that a better score never raises the
PD; spreads and ratios of the scores cannot be among them (docs/adr/0022).
"""

from __future__ import annotations

import numpy as np

from credit.features.formula import (
    ApplicationFeature,
    Columns,
    FloatArray,
    Formula,
    count_missing,
    divide,
    product,
)
from credit.features.risk_direction import RiskDirection

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


def _smallest(columns: Columns) -> FloatArray:
    first, second, third = (columns[name] for name in SCORES)
    return np.fmin(np.fmin(first, second), third)


def _largest(columns: Columns) -> FloatArray:
    first, second, third = (columns[name] for name in SCORES)
    return np.fmax(np.fmax(first, second), third)


def _falling(name: str, meaning: str, compute: Formula) -> ApplicationFeature:
    """Return a feature that rises with each score, and whose rise must not raise the PD."""
    return ApplicationFeature(name, meaning, compute, RiskDirection.FALLS)


EXTERNAL_SCORES: tuple[ApplicationFeature, ...] = (
    _falling("ext_source_mean", "Mean of the external scores", compute_mean),
    _falling(
        "ext_source_weighted",
        "Mean of the external scores, weighted 2:3:4",
        lambda columns: _weigh(columns, WEIGHTS),
    ),
    _falling("ext_source_min", "Smallest external score", _smallest),
    _falling("ext_source_max", "Largest external score", _largest),
    _falling("ext_source_product", "Product of the three external scores", product(*SCORES)),
    *(
        _falling(
            f"ext_source_{one}_times_{other}",
            f"Product of the external scores {one} and {other}",
            product(f"EXT_SOURCE_{one}", f"EXT_SOURCE_{other}"),
        )
        for one, other in ((1, 2), (1, 3), (2, 3))
    ),
    ApplicationFeature(
        "ext_source_missing_count",
        "How many external scores are missing",
        count_missing(*SCORES),
    ),
    _falling(
        "ext_source_mean_times_age",
        "Mean of the external scores, times the age in days",
        lambda columns: compute_mean(columns) * -columns["DAYS_BIRTH"],
    ),
    _falling(
        "ext_source_mean_times_employed",
        "Mean of the external scores, times the days employed",
        lambda columns: compute_mean(columns) * -columns["DAYS_EMPLOYED"],
    ),
    _falling(
        "ext_source_1_to_age",
        "External score 1 / age in days",
        lambda columns: divide(columns["EXT_SOURCE_1"], -columns["DAYS_BIRTH"]),
    ),
)
