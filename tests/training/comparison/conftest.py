"""A small population with gaps, categories, and a column of each trouble."""

from __future__ import annotations

import numpy as np
import pytest

from training.comparison.prediction import Population
from training.comparison.preparation import Columns
from training.fitting import FitSettings, assign_folds

NAMES = (
    "CODE_GENDER",
    "AMT_CREDIT",
    "DAYS_BIRTH",
    "CNT_CHILDREN",
    "ORGANIZATION_TYPE",
    "EXT_SOURCE_1",
    "EXT_SOURCE_2",
    "EXT_SOURCE_3",
    "OWN_CAR_AGE",
    "ext_source_mean",
)
CLIENTS = 1_000
QUICK = FitSettings(rounds_max=15, patience=5, threads=1)


@pytest.fixture(scope="session")
def population() -> Population:
    """Clients who default the more the lower their scores; OWN_CAR_AGE nobody has."""
    generator = np.random.default_rng(5)
    risk = generator.normal(size=CLIENTS)
    defaulted = risk + generator.normal(size=CLIENTS) > 1.8
    scores = 1 / (1 + np.exp(risk[:, None] + generator.normal(size=(CLIENTS, 3))))
    scores[generator.random((CLIENTS, 3)) < 0.3] = np.nan
    scores[:20] = np.nan
    features = np.column_stack(
        [
            generator.integers(0, 2, CLIENTS),
            generator.lognormal(13, 0.5, CLIENTS),
            -generator.integers(7_000, 25_000, CLIENTS),
            np.zeros(CLIENTS),
            np.where(generator.random(CLIENTS) < 0.1, np.nan, generator.integers(0, 30, CLIENTS)),
            scores,
            np.full(CLIENTS, np.nan),
            np.nan_to_num(scores, nan=0.5).mean(axis=1),
        ]
    ).astype(np.float32)
    return Population(features, defaulted, assign_folds(defaulted, 0), Columns.of(NAMES))
