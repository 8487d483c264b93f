from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from credit.bundle import compute_fingerprint
from credit.errors import (
    ContractViolation,
    CreditError,
    RegistryError,
    TableMissing,
    TargetLeak,
    TrainingImpossible,
    TuningUnusable,
)
from training.fitting import FitSettings
from training.publish import EXPERIMENT
from training.tuning.best_parameters import read_best_parameters, read_fit_settings
from training.tuning.family_name import FamilyName
from training.tuning.tune import TuningOrder, tune


@dataclass
class Told:
    said: list[str] = field(default_factory=list)
    done: list[tuple[str, int, int]] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.said.append(line)

    def track(self, work: str, done: int, of: int) -> None:
        self.done.append((work, done, of))


@pytest.fixture
def order(few_clients: Path, tmp_path: Path, tracking_uri: str) -> TuningOrder:
    """A short search on tables that the test may change, everything in its own folder."""
    return TuningOrder(
        data=Path(shutil.copytree(few_clients, tmp_path / "tables")),
        family=FamilyName.XGBOOST,
        out=tmp_path / "new folder" / "best.json",
        study=tmp_path / "studies.db",
        tracking_uri=tracking_uri,
        trials=2,
        fit=FitSettings(rounds_max=2, threads=1),
    )


def find_runs(order: TuningOrder) -> list[Run]:
    client = MlflowClient(order.tracking_uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def test_what_was_found_is_written_for_training_and_kept_in_mlflow(order: TuningOrder) -> None:
    told = Told()

    tuned = tune(order, told.say, told.track)

    assert read_best_parameters(order.out).families[FamilyName.XGBOOST] == tuned
    assert read_fit_settings(order.out).parameters == tuple(tuned.parameters.items())
    stays = any("the incumbent, which stays" in line for line in told.said)
    assert tuned.incumbent_stays == stays
    assert (tuned.trials, tuned.seed, tuned.judged_on_seeds) == (2, 0, (1, 2))
    assert tuned.fingerprint == compute_fingerprint()
    assert set(tuned.sources) >= {"application_train", "bureau"}
    assert str(order.data) not in order.out.read_text()
    (run,) = find_runs(order)
    assert run.data.params["eta"] == str(tuned.parameters["eta"])
    assert run.data.metrics["tuned_auc"] == tuned.auc
    kept = {item.path for item in MlflowClient(order.tracking_uri).list_artifacts(run.info.run_id)}
    assert kept >= {"best_parameters.json", "trials.csv", "judged_again.csv"}
    assert "optimisation_history.png" in kept
    assert told.done[:2] == [("Trials", 1, 2), ("Trials", 2, 2)]
    assert told.done[-1][1] == told.done[-1][2]


def test_a_small_model_is_tuned_beside_it_and_needs_no_study(order: TuningOrder) -> None:
    tree = replace(order, family=FamilyName.DECISION_TREE)
    told = Told()
    tune(order, told.say, told.track)
    order.study.unlink()

    tuned = tune(tree, told.say, told.track)

    assert tuned.method == "grid"
    assert set(read_best_parameters(order.out).families) >= {
        FamilyName.XGBOOST,
        FamilyName.DECISION_TREE,
    }
    assert not order.study.exists()


def test_tuned_again_the_study_goes_on(order: TuningOrder) -> None:
    told = Told()
    tune(order, told.say, told.track)

    tuned = tune(replace(order, trials=3), told.say, told.track)

    assert tuned.trials == 3
    assert any("2 of 3 trials done" in line for line in told.said)


def leave_few_defaults(data: Path) -> None:
    path = data / "application_train.parquet"
    rows = pq.read_table(path)
    repaid = [row for row, target in enumerate(rows["TARGET"].to_pylist()) if target == 0]
    pq.write_table(rows.take(repaid), path)


def lose_applications(data: Path) -> None:
    (data / "application_train.parquet").unlink()


def lose_a_column(data: Path) -> None:
    path = data / "application_train.parquet"
    pq.write_table(pq.read_table(path).drop_columns("AMT_CREDIT"), path)


def leak(data: Path) -> None:
    path = data / "application_train.parquet"
    rows = pq.read_table(path)
    place = rows.column_names.index("EXT_SOURCE_2")
    known = rows["TARGET"].cast("float64")
    pq.write_table(rows.set_column(place, "EXT_SOURCE_2", known), path)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (leave_few_defaults, TrainingImpossible),
        (lose_applications, TableMissing),
        (lose_a_column, ContractViolation),
        (leak, TargetLeak),
    ],
)
def test_tables_that_are_not_trained_on_are_not_tuned_on(
    order: TuningOrder, spoil: Callable[[Path], None], error: type[CreditError]
) -> None:
    spoil(order.data)
    told = Told()

    with pytest.raises(error):
        tune(order, told.say, told.track)

    assert not order.out.exists()
    assert not order.study.exists()
    assert find_runs(order) == []


def test_a_file_that_would_be_lost_is_refused_before_the_work(order: TuningOrder) -> None:
    order.out.parent.mkdir()
    order.out.write_text("a letter")
    told = Told()

    with pytest.raises(TuningUnusable, match=r"best\.json"):
        tune(order, told.say, told.track)

    assert order.out.read_text() == "a letter"
    assert told.said == []


def test_an_mlflow_that_cannot_be_used_is_told_before_the_work(order: TuningOrder) -> None:
    told = Told()

    with pytest.raises(RegistryError):
        tune(replace(order, tracking_uri="nonsense://"), told.say, told.track)

    assert told.said == []
