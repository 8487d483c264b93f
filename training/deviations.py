"""How far an applicant is from the mean of the group they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from credit.features.catalog import FEATURE_NAMES

GROUPS = {
    "education": "NAME_EDUCATION_TYPE",
    "occupation": "OCCUPATION_TYPE",
    "organization": "ORGANIZATION_TYPE",
    "income_type": "NAME_INCOME_TYPE",
}
"""What clients are grouped by; not by gender, age or family: a deviation there would be a proxy."""
VALUES = {
    "ext_source": "ext_source_mean",
    "income": "AMT_INCOME_TOTAL",
    "credit": "AMT_CREDIT",
    "annuity": "AMT_ANNUITY",
    "days_employed": "DAYS_EMPLOYED",
}
FEWEST = 30
"""Groups with fewer known values have no mean worth the name."""

NAMES = tuple(f"{value}_less_{group}_mean" for group in GROUPS for value in VALUES)

_LEVELS = {column.name: len(column.categories) for column in APPLICATION_COLUMNS}
_MOST_LEVELS = max(_LEVELS[column] for column in GROUPS.values())


@dataclass(frozen=True, slots=True)
class Deviations:
    """Means by group.

    Attributes:
        means: Of shape (groups, values, levels), NaN where a group is too small.
    """

    means: NDArray[np.float64]

    @classmethod
    def fit(cls, features: NDArray[np.float32]) -> Self:
        """Return the means of training clients' features, shape (n, len(FEATURES))."""
        means = np.full((len(GROUPS), len(VALUES), _MOST_LEVELS), np.nan)
        for group, codes in enumerate(_read(features, GROUPS)):
            for value, amounts in enumerate(_read(features, VALUES)):
                known = ~(np.isnan(codes) | np.isnan(amounts))
                levels = codes[known].astype(np.intp)
                counts = np.bincount(levels, minlength=_MOST_LEVELS)
                sums = np.bincount(levels, amounts[known], minlength=_MOST_LEVELS)
                enough = counts >= FEWEST
                means[group, value, enough] = sums[enough] / counts[enough]
        return cls(means)

    def compute(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the deviations of applicants, shape (n, len(NAMES)); NaN in unknown groups."""
        columns = []
        for group, codes in enumerate(_read(features, GROUPS)):
            known = ~np.isnan(codes)
            levels = np.where(known, codes, 0.0).astype(np.intp)
            for value, amounts in enumerate(_read(features, VALUES)):
                means = np.where(known, self.means[group, value][levels], np.nan)
                columns.append(amounts - means)
        return np.column_stack(columns).astype(np.float32)


def _read(features: NDArray[np.float32], columns: Mapping[str, str]) -> list[NDArray[np.float64]]:
    return [features[:, FEATURE_NAMES.index(name)].astype(np.float64) for name in columns.values()]
