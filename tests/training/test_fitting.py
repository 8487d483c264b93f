from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from training.fitting import (
    FEWEST_OF_A_CLASS,
    FOLDS,
    CrossValidation,
    FitSettings,
    cross_validate,
    fit_booster,
    fit_until_it_stops,
)

if TYPE_CHECKING:
    from training.feature_matrix import FeatureMatrix

Features = NDArray[np.float32]

QUICK = FitSettings(rounds_max=12, patience=4)
GREEDY = FitSettings(
    parameters=(("eta", 0.3), ("max_depth", 8), ("min_child_weight", 1)), rounds_max=12
)
"""Learns its clients by heart, so that it shows if it is asked about one whom it has seen."""


def make_clients(count: int, defaults: int) -> tuple[Features, NDArray[np.bool_]]:
    """Return clients of whom the first feature tells a little, in no order."""
    generator = np.random.default_rng(3)
    defaulted = generator.permutation(np.arange(count) < defaults)
    features = generator.normal(size=(count, len(FEATURE_NAMES))).astype(np.float32)
    features[:, 0] += defaulted
    return features, defaulted


@pytest.fixture(scope="module")
def validation() -> CrossValidation:
    return cross_validate(*make_clients(603, 152), QUICK)


def test_every_client_is_left_out_of_exactly_one_fold(validation: CrossValidation) -> None:
    counts = np.bincount(validation.folds, minlength=FOLDS)

    assert len(counts) == FOLDS
    assert counts.sum() == 603
    assert counts.max() - counts.min() <= 1


def test_folds_hold_as_many_defaults_as_they_can(validation: CrossValidation) -> None:
    _, defaulted = make_clients(603, 152)

    defaults = np.bincount(validation.folds, weights=defaulted)

    assert defaults.max() - defaults.min() <= 1


def test_every_client_gets_a_probability(validation: CrossValidation) -> None:
    assert validation.pd.shape == (603,)
    assert validation.pd.dtype == np.float64
    assert ((validation.pd > 0) & (validation.pd < 1)).all()


def test_no_fold_grows_more_trees_than_it_may(validation: CrossValidation) -> None:
    assert len(validation.rounds) == FOLDS
    assert all(1 <= rounds <= QUICK.rounds_max for rounds in validation.rounds)


def test_a_fold_stops_where_more_trees_do_not_help() -> None:
    features, defaulted = make_clients(300, 100)
    endless = FitSettings(parameters=GREEDY.parameters, rounds_max=1000, patience=3)

    validation = cross_validate(features, defaulted, endless)

    assert max(validation.rounds) < 200


def test_shuffled_outcomes_cannot_be_foretold(matrix: FeatureMatrix) -> None:
    assert matrix.defaulted is not None
    defaulted = np.random.default_rng(8).permutation(matrix.defaulted)

    validation = cross_validate(matrix.features, defaulted, GREEDY)

    bad, good = np.count_nonzero(defaulted), np.count_nonzero(~defaulted)
    standard_error = ((bad + good + 1) / (12 * bad * good)) ** 0.5  # of an AUC without any signal
    assert abs(roc_auc_score(defaulted, validation.pd) - 0.5) < 3 * standard_error


def test_clients_have_no_part_in_the_fit_that_they_are_judged_by() -> None:
    features, defaulted = make_clients(300, 100)
    before = cross_validate(features, defaulted, GREEDY)
    left_out = np.flatnonzero(before.folds == 2)
    mixed = np.random.default_rng(4).permutation(left_out)
    others = features.copy()
    others[left_out] = features[mixed]  # same people, other outcomes: folds stay, since those do

    after = cross_validate(others, defaulted, GREEDY)

    np.testing.assert_array_equal(after.folds, before.folds)
    np.testing.assert_array_equal(after.pd[left_out], before.pd[mixed])
    assert after.rounds[2] == before.rounds[2]


def test_says_how_many_folds_are_done() -> None:
    told: list[tuple[int, int]] = []

    cross_validate(*make_clients(200, 60), QUICK, lambda done, of: told.append((done, of)))

    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("flip", [np.asarray, np.logical_not], ids=["defaults", "repaid loans"])
def test_too_few_of_an_outcome_cannot_be_learned_from(
    flip: Callable[[NDArray[np.bool_]], NDArray[np.bool_]],
) -> None:
    features, defaulted = make_clients(200, FEWEST_OF_A_CLASS - 1)

    with pytest.raises(TrainingImpossible, match=r"19 .*181 .*at least 20 of each|181 .*19 "):
        cross_validate(features, flip(defaulted), QUICK)


def test_as_few_defaults_as_are_needed_are_enough() -> None:
    features, defaulted = make_clients(200, FEWEST_OF_A_CLASS)

    assert len(cross_validate(features, defaulted, QUICK).pd) == 200


def test_the_same_seed_fits_the_same_model_to_the_last_byte() -> None:
    clients = make_clients(400, 100)

    first = fit_booster(*clients, 10, FitSettings(seed=5)).save_raw("ubj")

    assert fit_booster(*clients, 10, FitSettings(seed=5)).save_raw("ubj") == first
    assert fit_booster(*clients, 10, FitSettings(seed=6)).save_raw("ubj") != first


def test_the_same_seed_leaves_out_the_same_clients() -> None:
    clients = make_clients(200, 60)
    first = cross_validate(*clients, QUICK)

    second = cross_validate(*clients, QUICK)

    np.testing.assert_array_equal(second.folds, first.folds)
    np.testing.assert_array_equal(second.pd, first.pd)
    other = cross_validate(*clients, FitSettings(rounds_max=1, seed=1))
    assert (other.folds != first.folds).any()


def test_the_model_has_as_many_trees_as_asked_for_and_knows_its_columns() -> None:
    booster = fit_booster(*make_clients(200, 60), 7, QUICK)

    assert booster.num_boosted_rounds() == 7
    assert tuple(booster.feature_names or ()) == FEATURE_NAMES


SCORED = ("AMT_CREDIT", "EXT_SOURCE_2", "a column of another model")
EAGER = FitSettings(parameters=(("eta", 0.2), ("max_depth", 3), ("min_child_weight", 9)))


def make_bent_clients() -> tuple[Features, NDArray[np.bool_]]:
    """Return clients who default at both ends of each column, gaps among them."""
    generator = np.random.default_rng(6)
    features = generator.random((2_000, len(SCORED))).astype(np.float32)
    defaulted = generator.random(2_000) < (4 * (features - 0.5) ** 2).mean(axis=1)
    features[generator.random(features.shape) < 0.1] = np.nan
    return features, defaulted


def find_largest_rise(booster: xgb.Booster, features: Features, column: int) -> float:
    """Return by how much, at most, the margin rises as the column does, all else as it is."""
    raised = np.repeat(features[:200], 50, axis=0)
    raised[:, column] = np.tile(np.linspace(0, 1, 50, dtype=np.float32), 200)
    margins = booster.inplace_predict(raised, predict_type="margin").reshape(200, 50)
    return float(np.diff(margins).max())


def test_the_pd_never_rises_with_a_feature_that_lowers_risk() -> None:
    features, defaulted = make_bent_clients()

    booster = fit_booster(features, defaulted, 40, EAGER.constrain(SCORED), SCORED)
    free = fit_booster(features, defaulted, 40, EAGER, SCORED)

    assert find_largest_rise(booster, features, 1) == 0
    assert find_largest_rise(free, features, 1) > 0.1
    assert find_largest_rise(booster, features, 0) > 0.1
    assert find_largest_rise(booster, features, 2) > 0.1


def test_directions_follow_the_names_wherever_they_stand() -> None:
    features, defaulted = make_bent_clients()
    settings = EAGER.constrain(SCORED[::-1])

    assert settings.directions == (0, -1, 0)
    assert EAGER.constrain(SCORED[1:]).directions == (-1, 0)
    stopped = fit_until_it_stops(features[:, 1:], defaulted, EAGER.constrain(SCORED[1:]))

    assert stopped.rounds > 1
    assert find_largest_rise(stopped.booster, features[:, 1:], 0) == 0


def test_columns_behind_the_last_direction_are_free() -> None:
    features, defaulted = make_bent_clients()

    booster = fit_booster(features, defaulted, 40, EAGER.constrain(SCORED[:2]), SCORED)

    assert find_largest_rise(booster, features, 1) == 0
    assert find_largest_rise(booster, features, 2) > 0.1


def test_a_model_of_something_else_knows_no_direction() -> None:
    assert "monotone_constraints" not in FitSettings().to_parameters()
    assert "monotone_constraints" not in FitSettings().constrain(("income_to_age",)).to_parameters()
