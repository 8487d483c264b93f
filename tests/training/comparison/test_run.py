from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from credit.cost import CostMatrix
from credit.errors import TrainingImpossible
from tests.conftest import make_demo_tables
from tests.training.comparison.conftest import QUICK
from training.comparison.prediction import Population
from training.comparison.report import Comparison
from training.comparison.run import ComparisonOrder, compare_models, compare_on
from training.publish import EXPERIMENT
from training.telling import Track

MODELS = ("dummy", "ext_source_rule", "naive_bayes")


def track_nothing(_work: str, _done: int, _total: int) -> None: ...


@pytest.fixture
def order(few_clients: Path, tracking_uri: str) -> ComparisonOrder:
    return ComparisonOrder(few_clients, tracking_uri, models=MODELS, fit=QUICK)


def list_runs(tracking_uri: str) -> dict[str, Run]:
    """Return the runs by their names."""
    client = MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = client.search_runs([experiment.experiment_id]) if experiment else []
    return {run.info.run_name: run for run in runs}


def compare(
    order: ComparisonOrder, population: Population, track: Track = track_nothing
) -> Comparison:
    return compare_on(population, order, lambda _line: None, track)[0]


def find_failure(comparison: Comparison, name: str) -> str:
    return next(row.failure for row in comparison.rows if row.candidate.name == name)


def test_a_run_a_candidate_stands_under_one_that_says_it_all(
    order: ComparisonOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    monkeypatch.chdir(cwd)
    tracked: list[tuple[str, int, int]] = []

    comparison = compare_models(
        replace(order, out=tmp_path / "new" / "out"),
        lambda _line: None,
        lambda *step: tracked.append(step),
    )

    runs = list_runs(order.tracking_uri)
    parent = runs.pop("compare")
    assert set(runs) == {"xgboost", *MODELS}
    for run in (parent, *runs.values()):
        assert run.info.status == "FINISHED"
    for run in runs.values():
        assert run.data.tags[MLFLOW_PARENT_RUN_ID] == parent.info.run_id
        assert {"auc", "cost", "score", "ece", "fit_s", "fit_cpu_s"} <= set(run.data.metrics)
        assert ("auc_minus_served" in run.data.metrics) == (run.info.run_name != "xgboost")
    assert runs["naive_bayes"].data.params["var_smoothing"] == "1.0"
    assert parent.data.metrics["served_auc"] == runs["xgboost"].data.metrics["auc"]
    assert parent.data.metrics["best_auc"] == max(r.data.metrics["auc"] for r in runs.values())
    assert parent.data.tags["best_by_cost"] == comparison.rows[0].candidate.name
    assert "| **xgboost** | 0." in parent.data.tags[MLFLOW_RUN_NOTE]
    files = {"comparison.md", "comparison.csv", "auc_difference.png", "cost_difference.png"}
    kept = MlflowClient(order.tracking_uri).list_artifacts(parent.info.run_id)
    assert {file.path for file in kept} == files
    assert {file.name for file in (tmp_path / "new" / "out").iterdir()} == files
    assert list(cwd.iterdir()) == []
    assert tracked[-1] == ("Models", 4, 4)
    table = pd.read_csv(tmp_path / "new" / "out" / "comparison.csv")
    assert list(table["cost"]) == sorted(table["cost"])


def test_a_family_that_fails_is_a_row_and_the_others_go_on(
    order: ComparisonOrder, population: Population
) -> None:
    spoilt = replace(order, parameters={"naive_bayes": {"var_smoothing": -1.0}})

    comparison = compare(spoilt, population)

    assert comparison.rows[-1].candidate.name == "naive_bayes"
    assert "var_smoothing" in find_failure(comparison, "naive_bayes")
    statuses = {name: run.info.status for name, run in list_runs(order.tracking_uri).items()}
    assert statuses.pop("naive_bayes") == "FAILED"
    assert set(statuses.values()) == {"FINISHED"}


def test_a_family_that_is_not_installed_is_a_row_that_says_what_to_do(
    order: ComparisonOrder, population: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "catboost", None)

    comparison = compare(replace(order, models=("catboost",)), population)

    said = find_failure(comparison, "catboost")
    assert said.startswith("catboost is not installed.")
    assert "credit-scoring[comparison]" in said


def test_ctrl_c_leaves_no_run_running(order: ComparisonOrder, population: Population) -> None:
    def interrupt(work: str, _done: int, _total: int) -> None:
        if work == "dummy":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(order, population, interrupt)

    statuses = {name: run.info.status for name, run in list_runs(order.tracking_uri).items()}
    assert statuses == {"compare": "KILLED", "xgboost": "FINISHED", "dummy": "KILLED"}


def test_a_ctrl_c_that_a_library_made_an_error_of_is_still_one(
    order: ComparisonOrder, population: Population
) -> None:
    def interrupt(work: str, _done: int, _total: int) -> None:
        if work == "dummy":
            raise RuntimeError("stopped") from KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        compare(order, population, interrupt)

    assert list_runs(order.tracking_uri)["dummy"].info.status == "KILLED"


def test_without_the_served_model_there_is_nothing_to_compare_with(
    order: ComparisonOrder, population: Population
) -> None:
    spoilt = replace(order, parameters={"xgboost": {"max_depth": -5}})

    with pytest.raises(TrainingImpossible, match="which all are set against, cannot be fitted"):
        compare(spoilt, population)

    assert {run.info.status for run in list_runs(order.tracking_uri).values()} == {"FAILED"}


def test_too_few_defaults_are_told_before_any_run(tracking_uri: str, tmp_path: Path) -> None:
    tables = make_demo_tables(tmp_path, 200)

    with pytest.raises(TrainingImpossible, match="needs at least 20 of each"):
        compare_models(ComparisonOrder(tables, tracking_uri), lambda _line: None, track_nothing)

    assert list_runs(tracking_uri) == {}


def test_two_runs_measure_the_same(order: ComparisonOrder, population: Population) -> None:
    timeless: list[list[Any]] = []
    for _ in range(2):
        rows = compare(order, population).rows
        timeless.append(
            [(row.measured.figures, row.measured.against_served) for row in rows if row.measured]
        )

    assert timeless[0] == timeless[1]


def test_prices_are_those_of_the_order(order: ComparisonOrder, population: Population) -> None:
    dear = replace(order, costs=CostMatrix(50.0, 1.0), models=("dummy",))

    comparison = compare(dear, population)

    dummy = next(row for row in comparison.rows if row.candidate.name == "dummy")
    assert dummy.measured is not None
    assert dummy.measured.figures.recall == 1
