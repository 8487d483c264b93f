from __future__ import annotations

import sys

import pytest

from credit.errors import TrainingImpossible
from training.comparison.candidates import Candidate, list_candidates
from training.comparison.families import FAMILIES
from training.comparison.imbalance import Imbalance
from training.fitting import FitSettings


def find(name: str, candidates: list[Candidate]) -> Candidate:
    return next(candidate for candidate in candidates if candidate.name == name)


def test_the_served_model_comes_first_whatever_is_asked_for() -> None:
    for models in ((), ("dummy",), ("mlp", "xgboost")):
        candidates = list_candidates(models)

        assert candidates[0].is_served
        assert sum(candidate.is_served for candidate in candidates) == 1
        assert {candidate.family.name for candidate in candidates[1:]} >= set(models) - {"xgboost"}


def test_the_served_candidate_has_the_settings_that_training_has() -> None:
    assert tuple(list_candidates()[0].parameters.items()) == FitSettings().parameters


def test_all_strategies_that_apply_are_in_the_full_run() -> None:
    full = {candidate.name for candidate in list_candidates(full=True)}

    assert full >= {candidate.name for candidate in list_candidates()}
    assert len(full) == sum(len(family.strategies) for family in FAMILIES)
    assert {"mlp, SMOTE", "catboost, class weight", "naive_bayes, undersampling"} <= full
    assert "dummy, SMOTE" not in full


def test_nothing_bounds_the_full_run() -> None:
    assert {candidate.clients_max for candidate in list_candidates(full=True)} == {None}


def test_tuned_settings_take_the_place_of_all_default_ones() -> None:
    tuned: dict[str, dict[str, float]] = {"lightgbm": {"num_leaves": 7}, "xgboost": {"eta": 0.2}}

    candidates = list_candidates(parameters=tuned)

    for name in ("lightgbm", "lightgbm, class weight"):
        assert find(name, candidates).parameters == {"num_leaves": 7}
    assert candidates[0].parameters == {"eta": 0.2}
    assert find("catboost", candidates).parameters["depth"] == 4


@pytest.mark.parametrize("given", [{"models": ("xgbost",)}, {"parameters": {"xgbost": {}}}])
def test_an_unknown_family_is_named_with_those_there_are(given: dict[str, object]) -> None:
    with pytest.raises(TrainingImpossible, match=r"no model family xgbost; .*lightgbm, xgboost"):
        list_candidates(**given)  # type: ignore[arg-type]


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = list_candidates()
    assert {candidate.missing_package for candidate in candidates} == {None}
    monkeypatch.setitem(sys.modules, "catboost", None)
    monkeypatch.setitem(sys.modules, "imblearn", None)

    missing = {candidate.name: candidate.missing_package for candidate in candidates}

    assert missing["catboost"] == "catboost"
    assert missing["logistic_regression, SMOTE"] == "imblearn"
    assert missing["logistic_regression, class weight"] is None


def test_only_the_strategies_that_make_clients_up_or_leave_them_out_resample() -> None:
    assert [strategy for strategy in Imbalance if strategy.resamples] == [
        Imbalance.UNDERSAMPLING,
        Imbalance.SMOTE,
    ]
