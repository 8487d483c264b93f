"""A recalibrated booster gives the mapped probabilities, and exact Shapley values, by itself."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost as xgb

from training.recalibration import (
    LogisticMap,
    fit_logistic_map,
    recalibrate_booster,
    to_log_odds,
)

GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(800, 5)).astype(np.float32)
FEATURES[GENERATOR.random(FEATURES.shape) < 0.1] = np.nan
DEFAULTED = GENERATOR.random(800) < 1 / (1 + np.exp(2 - np.nan_to_num(FEATURES[:, 0])))
NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture(scope="module")
def booster() -> xgb.Booster:
    matrix = xgb.DMatrix(FEATURES, DEFAULTED, feature_names=NAMES)
    return xgb.train({"objective": "binary:logistic", "max_depth": 3}, matrix, 30)


def test_the_booster_gives_the_mapped_probabilities(booster: xgb.Booster) -> None:
    before = booster.inplace_predict(FEATURES).astype(np.float64)
    using = LogisticMap(slope=0.7, intercept=-0.4)
    after = recalibrate_booster(booster, using).inplace_predict(FEATURES)
    assert after == pytest.approx(using.apply(before), abs=1e-6)
    assert np.abs(after - before).max() > 0.05


def test_its_contributions_still_sum_to_its_log_odds(booster: xgb.Booster) -> None:
    moved = recalibrate_booster(booster, LogisticMap(1.3, 0.2))
    matrix = xgb.DMatrix(FEATURES, feature_names=NAMES)
    contributions = moved.predict(matrix, pred_contribs=True)
    margin = moved.predict(matrix, output_margin=True)
    assert contributions.sum(axis=1) == pytest.approx(margin, abs=1e-4)


def test_it_survives_being_stored(booster: xgb.Booster) -> None:
    moved = recalibrate_booster(booster, LogisticMap(1.3, 0.2))
    again = xgb.Booster(model_file=moved.save_raw("ubj"))
    assert again.feature_names == NAMES
    assert np.array_equal(again.inplace_predict(FEATURES), moved.inplace_predict(FEATURES))


def test_a_map_that_turns_the_order_round_is_refused(booster: xgb.Booster) -> None:
    with pytest.raises(ValueError, match="slope"):
        recalibrate_booster(booster, LogisticMap(-1, 0))


def test_the_map_of_distorted_probabilities_brings_them_back() -> None:
    generator = np.random.default_rng(1)
    pd = generator.beta(1, 8, size=20_000)
    defaulted = generator.random(20_000) < pd
    distorted = LogisticMap(2.0, 0.5).apply(pd)
    found = fit_logistic_map(defaulted, distorted)
    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.intercept == pytest.approx(-0.25, abs=0.08)
    assert np.isfinite(to_log_odds(np.array([0.0, 1.0]))).all()
