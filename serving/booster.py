"""The model itself: XGBoost, read from its own file format, which runs no code when loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xgboost
from numpy.typing import NDArray

from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES

Columns = NDArray[np.intp]


def load_booster(path: Path) -> xgboost.Booster:
    """Return the booster, set to one thread: for small batches more are slower.

    Raises:
        FingerprintMismatch: If it was not fitted on features of the catalog, in their order.
    """
    booster = xgboost.Booster(model_file=path)
    booster.set_param({"nthread": 1})
    names = _list_names(booster)
    known = set(names)
    if names != [name for name in FEATURE_NAMES if name in known]:
        raise FingerprintMismatch(
            f"{path} was fitted on {booster.num_features()} features that are not of this code's "
            f"{len(FEATURE_NAMES)}, in their order. Train again with this code."
        )
    return booster


def find_columns(booster: xgboost.Booster) -> Columns | None:
    """Return the catalog's positions of the columns it was fitted on; None: on all of them."""
    names = set(_list_names(booster))
    if len(names) == len(FEATURE_NAMES):
        return None
    return np.array([place for place, name in enumerate(FEATURE_NAMES) if name in names], np.intp)


def predict_pd(
    booster: xgboost.Booster, features: NDArray[np.float32], columns: Columns | None = None
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


def _list_names(booster: xgboost.Booster) -> list[str]:
    """Return the columns' names; a booster without names can only be one of all features."""
    if booster.feature_names:
        return list(booster.feature_names)
    return list(FEATURE_NAMES) if booster.num_features() == len(FEATURE_NAMES) else ["unknown"]
