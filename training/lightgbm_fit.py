"""Fits by LightGBM, stopped as XGBoost's are; tuning and comparing have the same."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from credit.cost import Flags, Probabilities
from credit.errors import TrainingImpossible
from training.fitting import FitSettings, Sample, split_held_out

if TYPE_CHECKING:
    import lightgbm


@dataclass(frozen=True, slots=True)
class StoppedLightGbm:
    """A LightGBM booster that has stopped."""

    booster: lightgbm.Booster

    @property
    def rounds(self) -> int:
        """Number of its trees."""
        return int(self.booster.best_iteration)

    def predict(self, features: NDArray[np.float32]) -> Probabilities:
        """Return the clients' probabilities of default, shape (n,)."""
        return np.asarray(self.booster.predict(features), np.float64)


def fit_lightgbm(
    features: NDArray[np.float32], defaulted: Flags, settings: FitSettings
) -> StoppedLightGbm:
    """Return a booster whose number of trees was decided by a part of these clients.

    Raises:
        TrainingImpossible: If LightGBM is not installed.
    """
    return grow_lightgbm(*split_held_out(features, defaulted, settings), settings)


def grow_lightgbm(fitted: Sample, held_out: Sample, settings: FitSettings) -> StoppedLightGbm:
    """Return a booster fitted on the first sample, stopped by the log loss of the second.

    Raises:
        TrainingImpossible: If LightGBM is not installed.
    """
    lightgbm = import_lightgbm()
    own = {
        "objective": "binary",
        "metric": "binary_logloss",
        "seed": settings.seed,
        "num_threads": settings.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **dict(settings.parameters),
    }
    matrix = lightgbm.Dataset(fitted.features, fitted.defaulted, weight=fitted.weights, params=own)
    stops_by = matrix.create_valid(held_out.features, held_out.defaulted, weight=held_out.weights)
    booster = lightgbm.train(
        own,
        matrix,
        num_boost_round=settings.rounds_max,
        valid_sets=[stops_by],
        callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
    )
    return StoppedLightGbm(booster)


def import_lightgbm() -> ModuleType:
    """Return LightGBM.

    Raises:
        TrainingImpossible: If it is not installed.
    """
    try:
        import lightgbm as package
    except ImportError:
        raise TrainingImpossible(
            "LightGBM is not installed. Install the extra: pip install 'credit-scoring[comparison]'"
        ) from None
    return package
