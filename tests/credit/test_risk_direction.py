"""Directions are true of applicants: what moves with an external score moves as it is declared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit.features.application import compute_application_features
from credit.features.catalog import HISTORY_FEATURES, RISK_DIRECTIONS
from credit.features.external_scores import SCORES
from credit.features.risk_direction import RiskDirection
from tests.credit.test_application_features import APPLICANT, draw_columns

Columns = dict[str, NDArray[np.float64]]
APPLICANTS = 60


def raise_score(columns: Columns, score: str, rise: float) -> Columns:
    """Return the same applicants with one score better, at most 1; a gap stays a gap."""
    return columns | {score: np.minimum(columns[score] + rise, 1.0)}


def compute(columns: Columns) -> dict[str, NDArray[np.float32]]:
    """Return the features as the model takes them."""
    features = compute_application_features(columns)
    return {name: values.astype(np.float32) for name, values in features.items()}


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(SCORES),
    st.sampled_from([5e-324, 1e-12, 1e-6, 0.01, 0.3, 1.0]),
)
def test_a_better_score_moves_features_in_their_direction_alone(
    seed: int, score: str, rise: float
) -> None:
    columns = draw_columns(seed, APPLICANTS)
    before, after = compute(columns), compute(raise_score(columns, score, rise))

    for name, direction in RISK_DIRECTIONS.items():
        if name not in before:
            continue
        np.testing.assert_array_equal(np.isnan(after[name]), np.isnan(before[name]), name)
        known = ~np.isnan(before[name])
        moved = after[name][known] - before[name][known]
        # It may rise where the PD falls with it, and must stay where nothing is promised.
        assert (moved >= 0).all(), name
        assert direction is RiskDirection.FALLS or not moved.any(), name


@pytest.mark.parametrize("score", SCORES)
def test_what_has_a_direction_moves_with_a_score(score: str) -> None:
    columns = {name: np.array([value]) for name, value in APPLICANT.items()}
    complete = {name: columns.get(name, np.array([np.nan])) for name in draw_columns(0, 1)}
    before, after = compute(complete), compute(raise_score(complete, score, 0.1))

    moved = {name for name in before if (after[name] > before[name]).any()}

    assert moved <= {name for name, way in RISK_DIRECTIONS.items() if way}
    assert {score, "ext_source_mean", "credit_term_times_ext_source_mean"} <= moved


def test_every_direction_belongs_to_what_some_score_moves() -> None:
    columns = draw_columns(7, 400)
    before = compute(columns)
    moved = {
        name
        for score in SCORES
        for name, values in compute(raise_score(columns, score, 0.2)).items()
        if (values > before[name]).any()
    }

    assert moved == {name for name, way in RISK_DIRECTIONS.items() if way}


def test_no_history_has_a_direction() -> None:
    assert {feature.risk_direction for feature in HISTORY_FEATURES} == {RiskDirection.FREE}
