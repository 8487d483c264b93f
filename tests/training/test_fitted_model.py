"""A model is recalibrated where that is shown to help, and only if the order stays."""

from __future__ import annotations

import numpy as np
import pytest

from credit.cost import CostMatrix
from training.fitted_model import FittedModel, fit_model
from training.fitting import FitSettings

SMALL_LEAVES = FitSettings(
    parameters=(("eta", 0.3), ("max_depth", 6), ("min_child_weight", 1)), rounds_max=40
)
NAMES = ("a", "b", "c", "d")


def fit(seed: int, strength: float, settings: FitSettings, clients: int = 300) -> FittedModel:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(clients, 4)).astype(np.float32)
    odds = np.exp(strength * features[:, 0] - 1.5)
    defaulted = generator.random(clients) < odds / (1 + odds)
    return fit_model(
        features,
        defaulted,
        NAMES,
        CostMatrix(),
        settings,
        lambda _: None,
        lambda *_: None,
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_model_of_noise_is_never_turned_round(seed: int) -> None:
    fitted = fit(seed, 0.0, SMALL_LEAVES)

    assert fitted.applied is None or fitted.applied.slope > 0


def test_a_shrunk_model_is_recalibrated_and_its_thresholds_are_told_as_served() -> None:
    few_trees = FitSettings(parameters=(("eta", 0.02), ("max_depth", 2)), rounds_max=15)

    fitted = fit(0, 1.5, few_trees, clients=3_000)

    assert fitted.applied is not None
    assert fitted.applied.slope > 1
    own = np.array(fitted.nested.thresholds)[fitted.validation.folds]
    agreed = (fitted.validation.pd >= own) == fitted.nested.refused
    assert agreed.mean() > 0.9  # the folds' own maps differ a little from the served one
    assert np.mean(fitted.nested.thresholds) == pytest.approx(1 / 11, rel=0.5)
