"""A fold's fit by LightGBM, stopped as XGBoost's is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from credit.cost import Flags, Probabilities
from credit.errors import TrainingImpossible
from training.fitting import FitSettings, hold_out

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
    try:
        import lightgbm
    except ImportError:
        raise TrainingImpossible(
            "LightGBM is not installed. Install the extra: pip install 'credit-scoring[comparison]'"
        ) from None
    fitted, held_out = hold_out(defaulted, settings)
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
    matrix = lightgbm.Dataset(features[fitted], defaulted[fitted], params=own)
    booster = lightgbm.train(
        own,
        matrix,
        num_boost_round=settings.rounds_max,
        valid_sets=[matrix.create_valid(features[held_out], defaulted[held_out])],
        callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
    )
    return StoppedLightGbm(booster)
