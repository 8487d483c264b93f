from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from credit.errors import TuningUnusable
from training.fitting import FitSettings, fit_booster
from training.tuning.best_parameters import (
    BestParameters,
    TunedFamily,
    read_best_parameters,
    read_family_parameters,
    read_fit_settings,
    write_best_parameters,
)
from training.tuning.families import FAMILIES, XGBOOST, BoostedFamily
from training.tuning.family_name import SERVED, FamilyName

Change = Callable[[dict[str, Any]], None]


def make_tuned(**changes: object) -> TunedFamily:
    facts = {
        "parameters": {**XGBOOST.start, "eta": 0.07, "reg_alpha": 2.5},
        "method": "optuna",
        "objective": "log_loss",
        "incumbent_stays": False,
        "trials": 40,
        "pruned": 11,
        "seed": 0,
        "judged_on_seeds": (1, 2),
        "log_loss": 0.2451,
        "auc": 0.761,
        "cost": 0.5241,
        "clients": 60_301,
        "features": 172,
        "fingerprint": "0123456789abcdef",
        "tuned_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "sources": {"application_train": "0" * 64},
    }
    return TunedFamily.model_validate(facts | changes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sound file of the served family's parameters."""
    path = tmp_path / "best_parameters.json"
    write_best_parameters(BestParameters(families={FamilyName.XGBOOST: make_tuned()}), path)
    return path


def edit(file: Path, change: Change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_the_package_brings_parameters_that_the_served_family_takes() -> None:
    settings = read_fit_settings()
    features = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)

    booster = fit_booster(features, features[:, 0] > 0, 2, settings, ("a", "b", "c"))

    told = json.loads(booster.save_config())["learner"]["gradient_booster"]["tree_train_param"]
    given = dict(settings.parameters)
    assert float(told["eta"]) == pytest.approx(given["eta"])
    assert int(told["max_depth"]) == given["max_depth"]
    assert settings == replace(FitSettings(), parameters=settings.parameters)


def test_the_package_tells_how_its_parameters_were_found() -> None:
    best = read_best_parameters()

    for name, tuned in best.families.items():
        family = FAMILIES[name]
        searched = family.space if isinstance(family, BoostedFamily) else family.grid
        assert set(tuned.parameters) <= {*searched, *family.fixed}
        assert tuned.method == family.method.value
        assert tuned.clients > 50_000
        assert "application_train" in tuned.sources


def test_whoever_names_no_file_in_the_library_fits_as_before() -> None:
    assert dict(FitSettings().parameters) == {
        "eta": 0.05,
        "max_depth": 4,
        "colsample_bytree": 0.1,
        "subsample": 0.8,
        "reg_lambda": 50,
        "min_child_weight": 30,
        "max_bin": 128,
    }


def test_what_is_written_is_read_again(file: Path) -> None:
    best = read_best_parameters(file)

    assert best.families == {FamilyName.XGBOOST: make_tuned()}
    given = dict(read_fit_settings(file).parameters)
    assert given == make_tuned().parameters
    assert isinstance(given["max_depth"], int)


def test_another_family_is_added_beside_the_first(file: Path) -> None:
    tree = make_tuned(parameters={"max_depth": 5, "criterion": "gini"}, method="grid")

    best = read_best_parameters(file).replace_family(FamilyName.DECISION_TREE, tree)
    write_best_parameters(best, file)

    assert read_best_parameters(file).families == {
        FamilyName.XGBOOST: make_tuned(),
        FamilyName.DECISION_TREE: tree,
    }


def name_another_schema(content: dict[str, Any]) -> None:
    content["schema_version"] = 2


def lose_the_schema(content: dict[str, Any]) -> None:
    content["families"] = {"deep_forest": content["families"]["xgboost"]}


def misspell(content: dict[str, Any]) -> None:
    parameters = content["families"]["xgboost"]["parameters"]
    parameters["max_dept"] = parameters.pop("max_depth")


def put(name: str, value: object) -> Change:
    def change(content: dict[str, Any]) -> None:
        content["families"]["xgboost"]["parameters"][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (name_another_schema, "schema_version"),
        (lose_the_schema, "deep_forest"),
        (misspell, "max_depth"),
        (put("eta", 0), "eta"),
        (put("eta", "fast"), "eta"),
        (put("max_depth", 4.5), "max_depth"),
        (put("max_depth", -1), "max_depth"),
        (put("reg_lambda", float("nan")), "reg_lambda"),
        (put("verbosity", 3), "verbosity"),
    ],
)
def test_a_file_that_cannot_be_trained_with_is_told(file: Path, change: Change, words: str) -> None:
    edit(file, change)

    with pytest.raises(TuningUnusable, match=words) as error:
        read_fit_settings(file)

    assert str(file) in str(error.value)
    assert "credit tune" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00\xff", b'{"families": 3}'])
def test_a_file_that_is_something_else_is_told(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(TuningUnusable, match=r"best_parameters\.json holds no usable parameters"):
        read_best_parameters(file)


def test_a_file_without_the_served_family_is_told(file: Path) -> None:
    write_best_parameters(BestParameters(families={}), file)

    with pytest.raises(TuningUnusable, match="no parameters of xgboost"):
        read_fit_settings(file)


def test_a_comparison_is_given_the_parameters_of_the_served_family() -> None:
    parameters = read_family_parameters()

    assert parameters["xgboost"] == dict(read_fit_settings().parameters)


def test_a_comparison_is_given_whatever_was_tuned(file: Path) -> None:
    best = read_best_parameters(file)
    for name in FamilyName:
        best = best.replace_family(name, make_tuned(parameters=best.families[SERVED].parameters))
    write_best_parameters(best, file)

    assert set(read_family_parameters(file)) == set(FamilyName)
