from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost

from credit.errors import ExplanationWrong
from credit.features.catalog import FEATURE_NAMES
from serving.contributions import Contributions
from serving.leaf_tables import LeafTables

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAKEN = FEATURE_NAMES[5:400:7]


@pytest.fixture(scope="module")
def features() -> NDArray[np.float32]:
    return np.random.default_rng(4).normal(size=(200, len(FEATURE_NAMES))).astype(np.float32)


@pytest.fixture(scope="module")
def booster(features: NDArray[np.float32]) -> xgboost.Booster:
    """A booster fitted on some of the catalog's features."""
    taken = features[:, [FEATURE_NAMES.index(name) for name in TAKEN]]
    matrix = xgboost.DMatrix(taken, taken[:, 1] + taken[:, 5] > 1, feature_names=list(TAKEN))
    return xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, matrix, 9)


def test_the_model_s_own_columns_are_explained(
    booster: xgboost.Booster, features: NDArray[np.float32]
) -> None:
    explained = Contributions(booster).compute(features)

    assert explained.shape == (200, len(TAKEN) + 1)
    assert explained.dtype == np.float32
    strongest_first = np.argsort(-np.abs(explained[:, :-1]).mean(axis=0))
    assert set(strongest_first[:2].tolist()) == {1, 5}  # the columns that the outcome is made of


def test_xgboost_explains_what_tables_would_be_too_large_for(
    booster: xgboost.Booster, features: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_tables = Contributions(booster).compute(features)
    monkeypatch.setattr(LeafTables, "build", lambda _booster: None)

    by_xgboost = Contributions(booster).compute(features)

    np.testing.assert_allclose(by_tables, by_xgboost, atol=1e-6)


def test_contributions_of_another_model_are_refused(
    booster: xgboost.Booster, features: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = LeafTables.build(booster[:8])
    monkeypatch.setattr(LeafTables, "build", lambda _booster: shorter)

    with pytest.raises(ExplanationWrong, match="miss the model's margin by up to"):
        Contributions(booster).compute(features)
