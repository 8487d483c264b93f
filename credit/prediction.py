"""From the catalog's features to probabilities of default, by a booster that somebody loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES

Columns = NDArray[np.intp]


class Booster(Protocol):
    """What is asked of XGBoost's booster; the kernel does not import it."""

    @property
    def feature_names(self) -> Sequence[str] | None:
        """The columns it was fitted on; None if it carries no names."""

    def num_features(self) -> int:
        """Return how many they are."""

    def inplace_predict(self, data: Any, *, validate_features: bool) -> Any:  # noqa: ANN401
        """Return its predictions on an array."""


def require_catalog(booster: Booster, name: str) -> None:
    """Return if the booster was fitted on features of the catalog, in their order.

    Args:
        booster: The model.
        name: What an error calls it, such as its file.

    Raises:
        FingerprintMismatch: If it was not.
    """
    names = _list_names(booster)
    known = set(names)
    if names != [name for name in FEATURE_NAMES if name in known]:
        raise FingerprintMismatch(
            f"{name} was fitted on {booster.num_features()} features that are not of this code's "
            f"{len(FEATURE_NAMES)}, in their order. Train again with this code."
        )


def find_columns(booster: Booster) -> Columns | None:
    """Return the catalog's positions of the columns it was fitted on; None: on all of them."""
    names = set(_list_names(booster))
    if len(names) == len(FEATURE_NAMES):
        return None
    return np.array([place for place, name in enumerate(FEATURE_NAMES) if name in names], np.intp)


def predict_pd(
    booster: Booster, features: NDArray[np.float32], columns: Columns | None = None
) -> NDArray[np.float64]:
    """Return probabilities of default, shape (n,).

    Args:
        booster: The model.
        features: The catalog's features, shape (n, len(FEATURES)).
        columns: What `find_columns` answered: the features that the model takes.
    """
    taken = features if columns is None else features.take(columns, axis=1)
    pd = booster.inplace_predict(taken, validate_features=False)
    return np.asarray(pd, np.float64)


def _list_names(booster: Booster) -> list[str]:
    """Return the columns' names; a booster without names can only be one of all features."""
    if booster.feature_names:
        return list(booster.feature_names)
    return list(FEATURE_NAMES) if booster.num_features() == len(FEATURE_NAMES) else ["unknown"]
