"""The default rate among the training clients who resemble an applicant most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from credit.features.catalog import FEATURE_NAMES

COLUMNS = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "credit_term_months")
COUNT = 500
NAME = f"neighbours_default_rate_{COUNT}"

_POSITIONS = [FEATURE_NAMES.index(name) for name in COLUMNS]

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Training clients as points in external scores and loan term.

    Distances are Euclidean, each coordinate in its standard deviation; what is missing counts as
    the median. After the idea of the neighbours' mean target of Home Credit's winning models.

    Attributes:
        medians: Of the coordinates, shape (4,).
        scales: Standard deviations of the coordinates, shape (4,).
        defaulted: Outcomes of the training clients, shape (n,).
        tree: Their points, scaled.
    """

    medians: Points
    scales: Points
    defaulted: Points
    tree: KDTree

    @classmethod
    def fit(cls, features: NDArray[np.float32], defaulted: NDArray[np.bool_]) -> Self:
        """Return the neighbours-to-be.

        Args:
            features: The catalog's features of training clients, shape (n, len(FEATURES)).
            defaulted: Their outcomes, shape (n,).
        """
        points = features[:, _POSITIONS].astype(np.float64)
        known = ~np.isnan(points)
        medians = np.array(
            [
                np.median(column[mask]) if mask.any() else 0.0
                for column, mask in zip(points.T, known.T, strict=True)
            ]
        )
        filled = np.where(known, points, medians)
        scales = filled.std(axis=0)
        scales[scales == 0.0] = 1.0
        return cls(medians, scales, defaulted.astype(np.float64), KDTree(filled / scales))

    def compute(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the neighbours' default rate of applicants, shape (n, 1)."""
        points = features[:, _POSITIONS].astype(np.float64)
        filled = np.where(np.isnan(points), self.medians, points) / self.scales
        count = min(COUNT, len(self.defaulted))
        _, nearest = self.tree.query(filled, k=count)
        nearest = np.asarray(nearest).reshape(len(points), count)
        rates = self.defaulted[nearest].mean(axis=1, keepdims=True)
        return np.asarray(rates, np.float32)
