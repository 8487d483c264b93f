from __future__ import annotations

import logging
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from credit.cost import CostMatrix
from tests.training.comparison.conftest import QUICK
from training.comparison.candidates import Candidate, list_candidates
from training.comparison.prediction import LONGEST_NOTE, Population, predict_out_of_fold, shorten
from training.fitting import FOLDS, cross_validate
from training.tuning.families import FAMILIES, LIGHTGBM, XGBOOST, BoostedFamily, GridFamily
from training.tuning.grid import search_grid
from training.tuning.judging import judge
from training.tuning.problem import Problem

GRIDS = [family for family in FAMILIES.values() if isinstance(family, GridFamily)]
STATUS = Path("/proc/self/status")
EVERY = {candidate.name: candidate for candidate in list_candidates(full=True)}
LIGHT: dict[str, dict[str, Any]] = {
    "random_forest": {"n_estimators": 10},
    "woe_scorecard": {"columns_max": 4, "max_n_prebins": 5},
    "hist_gradient_boosting": {"max_features": 1.0, "min_samples_leaf": 20},
    "lightgbm": {"colsample_bytree": 1.0, "min_child_weight": 1},
    "xgboost": {"colsample_bytree": 1.0, "min_child_weight": 1},
    "catboost": {"rsm": 1.0},
    "decision_tree": {"min_samples_leaf": 20},
    "mlp": {"batch_size": 64},
}
"""For a thousand clients and ten columns."""


def make_problem(population: Population) -> Problem:
    """Return the same clients, to be tuned on."""
    names = population.columns.names
    return Problem(population.features, names, population.defaulted, CostMatrix(), "", {})


def find(name: str, **parameters: object) -> Candidate:
    candidate = EVERY[name]
    light = LIGHT.get(candidate.family.name, {})
    return replace(candidate, parameters={**candidate.parameters, **light, **parameters})


@pytest.mark.parametrize("name", EVERY)
def test_every_candidate_gives_probabilities_that_tell_something(
    name: str,
    population: Population,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    prediction = predict_out_of_fold(find(name), population, QUICK)

    least = 0.4 if name == "dummy" else 0.55
    assert roc_auc_score(population.defaulted, prediction.pd) > least
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_served_candidate_is_what_training_fits(population: Population) -> None:
    prediction = predict_out_of_fold(EVERY["xgboost"], population, QUICK)

    settings = QUICK.constrain(population.columns.names)
    served = cross_validate(population.features, population.defaulted, settings)
    np.testing.assert_array_equal(prediction.pd, served.pd)
    np.testing.assert_array_equal(population.folds, served.folds)
    assert prediction.rounds == served.rounds


@pytest.mark.parametrize("family", [XGBOOST, LIGHTGBM], ids=lambda family: family.name)
def test_what_was_tuned_is_what_is_compared(family: BoostedFamily, population: Population) -> None:
    eager = {"min_child_weight": 1, "min_child_samples": 20, "colsample_bytree": 0.6}
    tuned = {name: eager.get(name, value) for name, value in family.start.items()}
    named = family.name.value
    problem = make_problem(population)
    candidates = list_candidates([named], parameters={named: tuned})
    candidate = next(one for one in candidates if one.name == named)

    compared = predict_out_of_fold(candidate, population, QUICK)

    judged = judge(problem, family, tuned, QUICK)
    np.testing.assert_array_equal(compared.pd, judged.pd)
    assert np.mean(compared.rounds) == judged.rounds
    assert len(np.unique(judged.pd)) > 100


@pytest.mark.parametrize("family", GRIDS, ids=lambda family: family.name)
def test_the_setting_that_a_grid_found_can_be_compared(
    family: GridFamily, population: Population
) -> None:
    problem = make_problem(population)
    found = search_grid(problem, family, seed=0).cells[0].parameters
    candidates = list_candidates([family.name.value], parameters={family.name.value: found})
    candidate = next(one for one in candidates if one.name == family.name.value)

    prediction = predict_out_of_fold(candidate, population, QUICK)

    assert candidate.parameters == found
    assert roc_auc_score(population.defaulted, prediction.pd) > 0.7


@pytest.mark.parametrize("name", ["xgboost, SMOTE", "mlp", "lightgbm", "catboost"])
def test_the_same_seed_gives_the_same_probabilities(name: str, population: Population) -> None:
    first, second = (predict_out_of_fold(find(name), population, QUICK).pd for _ in range(2))

    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "name", ["logistic_regression", "logistic_regression, SMOTE", "xgboost", "woe_scorecard"]
)
def test_who_is_left_out_has_no_part_in_what_is_learned(name: str, population: Population) -> None:
    left_out = population.folds == 2
    lied_about = replace(population, defaulted=population.defaulted ^ left_out)

    honest = predict_out_of_fold(find(name), population, QUICK).pd
    other = predict_out_of_fold(find(name), lied_about, QUICK).pd

    np.testing.assert_array_equal(honest[left_out], other[left_out])
    assert not np.array_equal(honest[~left_out], other[~left_out])


def test_a_weighted_model_believes_that_half_default(population: Population) -> None:
    plain = predict_out_of_fold(find("logistic_regression"), population, QUICK).pd
    weighted = predict_out_of_fold(find("logistic_regression, class weight"), population, QUICK).pd

    assert plain.mean() == pytest.approx(population.defaulted.mean(), abs=0.02)
    assert weighted.mean() > 2 * plain.mean()


def test_a_library_s_warning_is_a_note(population: Population) -> None:
    hasty = find("logistic_regression", max_iter=1, solver="lbfgs")

    prediction = predict_out_of_fold(hasty, population, QUICK)

    assert any("ConvergenceWarning" in note for note in prediction.notes)
    assert len(set(prediction.notes)) == len(prediction.notes)


def test_a_column_without_any_value_is_a_note_of_the_imputer(population: Population) -> None:
    prediction = predict_out_of_fold(find("logistic_regression"), population, QUICK)

    assert "No value at all, so 0 is put in: OWN_CAR_AGE" in prediction.notes


def test_a_bounded_fit_says_how_many_clients_it_is_on(population: Population) -> None:
    bounded = replace(find("logistic_regression"), clients_max=300)
    folds_done: list[tuple[int, int]] = []

    prediction = predict_out_of_fold(
        bounded, population, QUICK, lambda done, of: folds_done.append((done, of))
    )

    assert prediction.fitted_on == (300, 800)
    assert folds_done == [(done, FOLDS) for done in range(1, FOLDS + 1)]


def test_the_rule_needs_external_scores(population: Population) -> None:
    without = replace(
        population,
        features=population.features[:, :5],
        columns=type(population.columns)(population.columns.features[:5]),
    )

    with pytest.raises(ValueError, match="no EXT_SOURCE column"):
        predict_out_of_fold(find("ext_source_rule"), without, QUICK)


def test_a_message_is_one_line_that_a_table_bears() -> None:
    assert shorten("  first   line\nsecond") == "first line"
    assert len(shorten("x" * 1_000)) == LONGEST_NOTE


@pytest.mark.skipif(not STATUS.exists(), reason="Only Linux tells which signals are caught.")
def test_a_scorecard_leaves_the_log_as_quiet_as_it_was(population: Population) -> None:
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)

    try:
        predict_out_of_fold(find("woe_scorecard"), population, QUICK)
        left = logging.root.manager.disable
    finally:
        logging.disable(previous)

    assert left == logging.WARNING


@pytest.mark.parametrize("name", ["woe_scorecard", "lightgbm", "catboost", "random_forest"])
def test_a_library_leaves_ctrl_c_to_us(name: str, population: Population) -> None:
    predict_out_of_fold(find(name), population, QUICK)

    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("SigCgt"))
    assert int(line.split()[1], 16) & (1 << (signal.SIGINT - 1))
