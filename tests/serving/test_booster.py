from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost

from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES
from credit.prediction import find_columns, predict_pd
from serving.booster import load_booster

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def save_booster(folder: Path, names: Sequence[str] | None, width: int) -> Path:
    generator = np.random.default_rng(5)
    features = generator.normal(size=(200, width)).astype(np.float32)
    matrix = xgboost.DMatrix(features, features[:, 0] > 0, feature_names=names)
    booster = xgboost.train({"objective": "binary:logistic"}, matrix, num_boost_round=3)
    path = folder / "model.ubj"
    booster.save_model(path)
    return path


@pytest.mark.parametrize("names", [None, FEATURE_NAMES])
def test_a_booster_gives_probabilities(tmp_path: Path, names: Sequence[str] | None) -> None:
    booster = load_booster(save_booster(tmp_path, names, len(FEATURE_NAMES)))
    features = np.full((3, len(FEATURE_NAMES)), np.nan, np.float32)
    features[:, 0] = [-2, 2, np.nan]

    pd = predict_pd(booster, features)

    assert pd.dtype == np.float64
    assert pd.shape == (3,)
    assert 0 < pd[0] < 0.5 < pd[1] < 1


def test_a_single_row_has_the_same_probability_as_among_others(tmp_path: Path) -> None:
    booster = load_booster(save_booster(tmp_path, None, len(FEATURE_NAMES)))
    features = np.random.default_rng(6).normal(size=(50, len(FEATURE_NAMES))).astype(np.float32)

    together = predict_pd(booster, features)

    assert [predict_pd(booster, row[None])[0] for row in features] == together.tolist()


@pytest.mark.parametrize(
    ("names", "width"),
    [(None, 3), (FEATURE_NAMES[::-1], len(FEATURE_NAMES)), (("AMT_CREDIT", "new"), 2)],
)
def test_a_booster_of_other_features_is_refused(
    tmp_path: Path, names: Sequence[str] | None, width: int
) -> None:
    with pytest.raises(FingerprintMismatch, match="fitted on"):
        load_booster(save_booster(tmp_path, names, width))


def test_a_booster_of_some_features_picks_them_from_all(tmp_path: Path) -> None:
    kept = FEATURE_NAMES[3::5]
    booster = load_booster(save_booster(tmp_path, kept, len(kept)))
    features = np.random.default_rng(6).normal(size=(50, len(FEATURE_NAMES))).astype(np.float32)
    columns = find_columns(booster)

    together = predict_pd(booster, features, columns)

    expected = booster.inplace_predict(np.ascontiguousarray(features[:, 3::5]))
    assert together.tolist() == expected.astype(np.float64).tolist()
    assert np.ptp(together) > 0
    assert [predict_pd(booster, row[None], columns)[0] for row in features] == together.tolist()


def test_a_booster_of_some_features_does_not_answer_about_all(tmp_path: Path) -> None:
    booster = load_booster(save_booster(tmp_path, FEATURE_NAMES[:50], 50))

    with pytest.raises(xgboost.core.XGBoostError):
        predict_pd(booster, np.zeros((1, len(FEATURE_NAMES)), np.float32))


@pytest.mark.parametrize("names", [None, FEATURE_NAMES])
def test_a_booster_of_all_features_picks_none(tmp_path: Path, names: Sequence[str] | None) -> None:
    assert find_columns(load_booster(save_booster(tmp_path, names, len(FEATURE_NAMES)))) is None
