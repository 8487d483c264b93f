from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from credit.bundle import Bundle, compute_fingerprint
from credit.features.catalog import FEATURE_NAMES
from training.fitting import FitSettings, fit_booster
from training.publish import EXPERIMENT, PublishedVersion, TrainedModel, TrainingDataset, publish

if TYPE_CHECKING:
    from training.feature_matrix import FeatureMatrix

NAME = "some_model"
BUNDLE = Bundle(
    model_version="",
    threshold=0.1 + 0.2 - 0.2,  # not 0.1: every bit must survive
    false_negative_cost=10.0,
    false_positive_cost=1.0,
    fingerprint=compute_fingerprint(),
    trained_at="2026-01-01T00:00:00+00:00",
    oof_auc=2 / 3,
    training_tables=("application_train", "bureau"),
    model_sha256="5e" * 32,
    feature_count=5,
    git_commit="c0ffee",
)


@pytest.fixture(scope="module")
def model(matrix: FeatureMatrix) -> TrainedModel:
    assert matrix.defaulted is not None
    booster = fit_booster(matrix.features, matrix.defaulted, 5, FitSettings())
    digest = hashlib.sha256(booster.save_raw("ubj")).hexdigest()
    return TrainedModel(
        booster=booster,
        bundle=BUNDLE.model_copy(update={"model_sha256": digest}),
        parameters={"eta": 0.05, "rounds_of_folds": [4, 6]},
        metrics={"oof_auc": 0.75, "oof_log_loss": float("inf")},
        example=np.full(len(FEATURE_NAMES), 0.5, np.float32),
    )


def list_versions(tracking_uri: str) -> list[Any]:
    return list(MlflowClient(tracking_uri).search_model_versions(f"name='{NAME}'"))


def execute(tracking_uri: str, statement: str) -> None:
    with sqlite3.connect(tracking_uri.removeprefix("sqlite:///")) as connection:
        connection.execute(statement)
    connection.close()


def model_uri(published: PublishedVersion) -> str:
    return f"models:/{published.model_name}/{published.version}"


def test_threshold_costs_and_fingerprint_are_the_versions_tags(
    model: TrainedModel, tracking_uri: str
) -> None:
    published = publish(model, tracking_uri, NAME)

    (version,) = list_versions(tracking_uri)
    assert (published.version, str(version.version)) == ("1", "1")
    assert published.run_id == version.run_id
    assert Bundle.from_metadata(version.tags) == model.bundle


def test_no_version_is_there_if_its_tags_cannot_be_written(
    model: TrainedModel, tracking_uri: str
) -> None:
    execute(
        tracking_uri,
        "CREATE TRIGGER full BEFORE INSERT ON model_version_tags "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )

    with pytest.raises(mlflow.MlflowException, match="Model Version creation error"):
        publish(model, tracking_uri, NAME)

    assert list_versions(tracking_uri) == []


def test_an_interrupt_before_the_registration_leaves_no_version(
    model: TrainedModel, tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_model_version", interrupt)
        with pytest.raises(KeyboardInterrupt):
            publish(model, tracking_uri, NAME)
    left_behind = list_versions(tracking_uri)

    published = publish(model, tracking_uri, NAME)

    assert left_behind == []
    assert published.version == "1"
    assert mlflow.active_run() is None


def test_each_publication_is_a_version_of_its_own(model: TrainedModel, tracking_uri: str) -> None:
    first, second = (publish(model, tracking_uri, NAME) for _ in range(2))

    assert (first.version, second.version) == ("1", "2")
    assert first.run_id != second.run_id
    assert len(list_versions(tracking_uri)) == 2


def test_the_run_says_what_was_set_and_measured_and_skips_what_is_no_number(
    model: TrainedModel, tracking_uri: str
) -> None:
    published = publish(model, tracking_uri, NAME)

    client = MlflowClient(tracking_uri)
    run = client.get_run(published.run_id)
    assert run.data.params == {"eta": "0.05", "rounds_of_folds": "[4, 6]"}
    assert run.data.metrics == {"oof_auc": 0.75}
    assert run.info.status == "FINISHED"
    assert client.get_experiment(run.info.experiment_id).name == EXPERIMENT


def test_what_the_run_keeps_and_says_can_be_read_back(
    model: TrainedModel, tracking_uri: str
) -> None:
    features, defaulted = np.zeros((4, 2), np.float32), np.array([True, False, False, False])
    told = replace(
        model,
        files={"model_card/model_card.html": b"<p>", "sources.json": b"{}"},
        tags={"data_digest": "abc"},
        note="| AUC | 0.75 |",
        dataset=TrainingDataset("tables", "file:///tables", "abc", features, defaulted),
    )

    published = publish(told, tracking_uri, NAME)

    client = MlflowClient(tracking_uri)
    run = client.get_run(published.run_id)
    assert run.data.tags["mlflow.note.content"] == "| AUC | 0.75 |"
    assert run.data.tags["data_digest"] == "abc"
    assert list_versions(tracking_uri)[0].description == "| AUC | 0.75 |"
    assert run.inputs is not None
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("tables", "abc")
    assert {tag.value for tag in used.tags} == {"training"}
    files = {file.path for file in client.list_artifacts(published.run_id)}
    assert files >= {"model_card", "sources.json"}


def test_artifacts_lie_beside_the_database(model: TrainedModel, tracking_uri: str) -> None:
    publish(model, tracking_uri, NAME)

    beside = Path(tracking_uri.removeprefix("sqlite:///")).parent
    assert len(list(beside.glob("mlartifacts/**/model.ubj"))) == 1
