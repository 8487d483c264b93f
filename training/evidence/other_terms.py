"""On which other terms refused clients of a matrix would be approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.counterfactual import Counterfactual, find_counterfactual
from credit.features.application import compute_application_features
from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES
from credit.features.formula import Columns, FloatArray


@dataclass(frozen=True, slots=True)
class CounterfactualSearch:
    """For how many refused clients other terms were found.

    Attributes:
        tried: Clients.
        sizes: Of the changes found, shape (found,).
    """

    tried: int
    sizes: NDArray[np.float64]

    @property
    def found_share(self) -> float:
        """Share for whom other terms were found; NaN of nobody."""
        return len(self.sizes) / self.tried if self.tried else float("nan")


@dataclass(frozen=True, slots=True)
class TermSearch:
    """Looks for other terms for the clients of a matrix, one by one.

    Attributes:
        booster: The model.
        features: Of all clients, shape (n, columns).
        names: Of the columns, out of the catalog.
        application: Encoded columns of the same clients' applications, each of shape (n,).
        threshold: At or above it a client is refused.
    """

    booster: xgb.Booster
    features: NDArray[np.float32]
    names: tuple[str, ...]
    application: Mapping[str, FloatArray]
    threshold: float

    def find(self, number: int) -> Counterfactual | None:
        """Return the smallest change of terms for the client of this number."""
        return find_counterfactual(
            self._take_application([number]),
            self._take_histories([number]),
            self._score,
            self.threshold,
        )

    def require_same_clients(self, numbers: Sequence[int] | NDArray[np.intp]) -> None:
        """Return if the applications give the features that the matrix has.

        Raises:
            ValueError: If they are of other clients, or in another order.
        """
        computed = compute_application_features(self._take_application(numbers))
        there = self.features[numbers]
        for position, name in enumerate(self.names):
            if name in computed and not np.array_equal(
                computed[name].astype(np.float32), there[:, position], equal_nan=True
            ):
                raise ValueError(
                    f"The applications do not give the features of these clients: {name} differs. "
                    "Pass the columns of the same table in the same order."
                )

    def _take_application(self, numbers: Sequence[int] | NDArray[np.intp]) -> Columns:
        return {name: values[numbers] for name, values in self.application.items()}

    def _take_histories(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Return history features; what the matrix lacks is NaN, which the model does not see."""
        histories = np.full((len(numbers), len(HISTORY_FEATURE_NAMES)), np.nan, np.float32)
        positions = {name: number for number, name in enumerate(self.names)}
        for place, name in enumerate(HISTORY_FEATURE_NAMES):
            if name in positions:
                histories[:, place] = self.features[numbers, positions[name]]
        return histories

    def _score(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        return predict_pd(self.booster, take_booster_columns(self.booster, features, FEATURE_NAMES))


def take_booster_columns(
    booster: xgb.Booster, features: NDArray[np.float32], names: Sequence[str]
) -> NDArray[np.float32]:
    """Return the columns of the booster, in its order.

    Raises:
        ValueError: If one of them is missing.
    """
    wanted = booster.feature_names or list(names)
    if missing := sorted(set(wanted) - set(names)):
        raise ValueError(f"The model needs columns that are not there: {', '.join(missing)}.")
    if wanted == list(names):
        return features
    positions = {name: number for number, name in enumerate(names)}
    return features[:, [positions[name] for name in wanted]]


def predict_pd(booster: xgb.Booster, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the probability of default of each row of the booster's columns."""
    return np.asarray(booster.inplace_predict(features), np.float64)
