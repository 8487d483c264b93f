"""What each feature adds to the model's estimate: exact TreeSHAP, checked to add up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xgboost
from numpy.typing import NDArray

from credit.errors import ExplanationWrong
from credit.features.catalog import FEATURE_NAMES
from credit.prediction import Columns, find_columns
from credit.reasons.choice import sum_by_reason
from serving.leaf_tables import LeafTables

TOLERANCE = 1e-3
"""In log-odds. XGBoost adds up hundreds of trees in float32; what is not rounding would be far
larger. The same as training's (`training.evidence.contributions`)."""

Explain = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""Takes what the model takes, shape (n, columns); returns contributions and bias, one more."""


class Contributions:
    """Explains a booster: by tables of its leaves, or, where they would be too large, by itself.

    Args:
        booster: The model; it keeps its number of threads.
    """

    def __init__(self, booster: xgboost.Booster) -> None:
        self._booster = booster
        self._columns: Columns | None = find_columns(booster)
        self._names = tuple(booster.feature_names or FEATURE_NAMES)
        tables = LeafTables.build(booster)
        self._explain: Explain = self._ask_xgboost if tables is None else tables.explain

    def compute(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return contributions and, last, the bias, in log-odds of default.

        Shape (n, columns + 1), where columns are those the model was fitted on, in its order.

        Args:
            features: The catalog's features, shape (n, len(FEATURES)).

        Raises:
            ExplanationWrong: If they do not add up to the model's margin.
        """
        taken = features if self._columns is None else features.take(self._columns, axis=1)
        explained = self._explain(taken)
        margins = self._booster.inplace_predict(
            taken, predict_type="margin", validate_features=False
        )
        require_sums(explained, margins)
        return explained.astype(np.float32)

    def sum_by_reason(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return contributions summed by reason, shape (n, reasons + 1), protected ones last.

        Args:
            features: The catalog's features, shape (n, len(FEATURES)).

        Raises:
            ExplanationWrong: If the contributions do not add up to the model's margin.
        """
        return sum_by_reason(self.compute(features)[:, :-1], self._names)

    def _ask_xgboost(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        matrix = xgboost.DMatrix(taken, nthread=1)  # more than the threads' start costs is saved
        contributions: NDArray[np.float32] = self._booster.predict(
            matrix, pred_contribs=True, validate_features=False
        )
        return contributions


def require_sums(explained: NDArray[np.floating], margins: NDArray[np.floating]) -> None:
    """Return if contributions and bias add up to the margins.

    Raises:
        ExplanationWrong: If they do not, so that they explain another model than this one.
    """
    error = float(np.abs(explained.sum(axis=1, dtype=np.float64) - margins).max(initial=0.0))
    if not error <= TOLERANCE:
        raise ExplanationWrong(
            f"Contributions and bias miss the model's margin by up to {error:.2g}; expected at "
            f"most {TOLERANCE:g}. They explain another model: check the version of XGBoost."
        )
