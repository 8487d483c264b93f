"""The model itself: XGBoost, read from its own file format, which runs no code when loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xgboost
from numpy.typing import NDArray

from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES


def load_booster(path: Path) -> xgboost.Booster:
    """Return the booster, set to one thread: for small batches more are slower.

    Raises:
        FingerprintMismatch: If it was not fitted on the catalog's features, in their order.
    """
    booster = xgboost.Booster(model_file=path)
    booster.set_param({"nthread": 1})
    names = booster.feature_names
    if booster.num_features() != len(FEATURE_NAMES) or (names and tuple(names) != FEATURE_NAMES):
        raise FingerprintMismatch(
            f"{path} was fitted on {booster.num_features()} features that are not this code's "
            f"{len(FEATURE_NAMES)}. Train again with this code."
        )
    return booster


def predict_pd(booster: xgboost.Booster, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return probabilities of default, shape (n,), of features of shape (n, features)."""
    pd = booster.inplace_predict(features, validate_features=False)
    return np.asarray(pd, np.float64)
