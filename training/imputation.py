"""Missing values for models that cannot take them: the linear and neural challengers only."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from credit.features.feature import Feature
from training.semantics import Semantics, read_semantics

logger = logging.getLogger("credit.training")

NOTHING = 0.0
NO_DAY = -999.0
_CONSTANTS = {
    Semantics.FLAG: NOTHING,
    Semantics.COUNT: NOTHING,
    Semantics.AMOUNT: NOTHING,
    Semantics.DAYS: NO_DAY,
}


class SemanticImputer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Puts in what a missing value means: amounts and counts 0, days -999, all else the median.

    What a feature is a measure of is read by `training.semantics`. The has-history flags tell a
    client without rows from one whose rows say 0; they are features, made before this, and must
    be there. A column that needs a median and has no value at all gets 0, and is told in the log.

    Args:
        features: What the columns are, in their order.

    Attributes:
        fill_values_: What is put in, shape (features,).
        empty_: Names of the columns without any value to take a median of.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = features

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 -- scikit-learn's call
        """Return itself, with the medians of these rows.

        Raises:
            ValueError: If the columns are not those of `features`, or a flag is missing.
        """
        columns = self._check(X, reset=True)
        kinds = [read_semantics(feature) for feature in self.features]
        medians = _find_medians(columns)
        constants = np.array([_CONSTANTS.get(kind, np.nan) for kind in kinds])
        fill_values = np.where(np.isnan(constants), medians, constants)
        self.empty_ = tuple(
            feature.name
            for feature, value in zip(self.features, fill_values, strict=True)
            if np.isnan(value)
        )
        if self.empty_:
            logger.warning("No value at all, so 0 is put in: %s", ", ".join(self.empty_))
        self.fill_values_ = np.nan_to_num(fill_values, nan=NOTHING)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the rows, of the same type, with nothing missing.

        Raises:
            NotFittedError: If it is not fitted.
            ValueError: If the columns are not those it was fitted on, or a flag is missing.
        """
        check_is_fitted(self)
        columns = self._check(X, reset=False)
        return np.where(np.isnan(columns), self.fill_values_.astype(columns.dtype), columns)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the features' names: no column is added or lost.

        Raises:
            ValueError: If `input_features` are others.
        """
        check_is_fitted(self)
        names = np.array([feature.name for feature in self.features], dtype=object)
        if input_features is not None and not np.array_equal(np.asarray(input_features), names):
            raise ValueError("input_features are not the features this imputer was made for.")
        return names

    def _check(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        columns = validate_data(
            self, X, reset=reset, dtype=[np.float32, np.float64], ensure_all_finite="allow-nan"
        )
        names = [feature.name for feature in self.features]
        told = getattr(self, "feature_names_in_", names)
        if columns.shape[1] != len(names) or list(told) != names:
            raise ValueError(
                f"Got {columns.shape[1]} columns that are not the {len(names)} features this "
                "imputer was made for, in their order."
            )
        self._require_flags(columns)
        return np.asarray(columns)

    def _require_flags(self, columns: NDArray[Any]) -> None:
        for position, feature in enumerate(self.features):
            if read_semantics(feature) is Semantics.FLAG and np.isnan(columns[:, position]).any():
                raise ValueError(
                    f"{feature.name} is missing for some clients. It must be 0 or 1 before "
                    "imputation, or nobody can tell who has no history."
                )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _find_medians(columns: NDArray[Any]) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        return np.asarray(np.nanmedian(columns, axis=0), np.float64)
