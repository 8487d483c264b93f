"""The model itself: XGBoost, read from its own file format, which runs no code when loaded."""

from __future__ import annotations

from pathlib import Path

import xgboost

from credit.prediction import require_catalog


def load_booster(path: Path) -> xgboost.Booster:
    """Return the booster, set to one thread: for small batches more are slower.

    Raises:
        FingerprintMismatch: If it was not fitted on features of the catalog, in their order.
    """
    booster = xgboost.Booster(model_file=path)
    booster.set_param({"nthread": 1})
    require_catalog(booster, str(path))
    return booster
