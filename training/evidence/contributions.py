"""What each feature adds to each client's estimate: exact TreeSHAP, checked to add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.errors import ExplanationWrong

TOLERANCE = 1e-3
"""In log-odds. XGBoost adds up hundreds of trees in float32, in another order than when it
predicts; what is not rounding would be far larger."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """Exact contributions of some clients, in log-odds of default.

    Attributes:
        names: Of the columns.
        features: What the model was given, shape (n, columns).
        values: A contribution a feature, shape (n, columns).
        bias: What an estimate starts from: the mean margin of the clients fitted on.
        margins: Log-odds of default, shape (n,).
        sum_error: Largest distance of contributions and bias from the margin.
    """

    names: tuple[str, ...]
    features: NDArray[np.float32]
    values: NDArray[np.float64]
    bias: float
    margins: NDArray[np.float64]
    sum_error: float

    @property
    def importance(self) -> NDArray[np.float64]:
        """Mean absolute contribution of each feature, shape (columns,)."""
        return np.asarray(np.abs(self.values).mean(axis=0))


def compute_contributions(
    booster: xgb.Booster, features: NDArray[np.float32], names: Sequence[str]
) -> Contributions:
    """Return the exact contributions of every client's features.

    Source: Lundberg et al., From local explanations to global understanding with explainable AI for
    trees (2020); XGBoost's own `pred_contribs`, which is TreeSHAP over the trees' own covers.

    Args:
        booster: Fitted on these columns.
        features: Shape (n, columns).
        names: Of the columns, the booster's own in its order.

    Raises:
        ExplanationWrong: If contributions and bias do not add up to the margin.
    """
    matrix = xgb.DMatrix(features, feature_names=list(names))
    shares = booster.predict(matrix, pred_contribs=True).astype(np.float64)
    margins = booster.predict(matrix, output_margin=True).astype(np.float64)
    error = float(np.abs(shares.sum(axis=1) - margins).max())
    require_sums(error)
    return Contributions(
        tuple(names), features, shares[:, :-1], float(shares[0, -1]), margins, error
    )


def require_sums(error: float, tolerance: float = TOLERANCE) -> None:
    """Return if contributions and bias add up to the margin.

    Raises:
        ExplanationWrong: If they do not, so that they explain another model than this one.
    """
    if not error <= tolerance:
        raise ExplanationWrong(
            f"Contributions and bias miss the model's margin by up to {error:.2g}; expected "
            f"at most {tolerance:g}. They explain another model: check that the columns are the "
            "booster's own, and the version of XGBoost."
        )
