"""A model of fewer features: chosen, trained on, registered with its list, and served the same."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray

from credit.bundle import MODEL_FILE, Bundle, compute_fingerprint
from credit.features.catalog import FEATURE_NAMES
from credit.prediction import find_columns, predict_pd
from road import read_applicant
from serving.booster import load_booster
from serving.decider import Decider
from serving.history_store import HistoryStore
from tests.cases import answer_with, make_case
from training.evidence.explanations import SampleSizes
from training.evidence.gather import EvidenceSettings
from training.feature_choice import ChoiceOrder, choose_features
from training.feature_list import FILE_NAME, FeatureList, read_feature_list
from training.feature_matrix import build_matrix
from training.fitting import FitSettings
from training.histories import build_histories
from training.order import TrainingOrder
from training.pipeline import TrainingResult, train
from training.selection import NullImportanceSettings
from training.tables import open_tables

QUICK = FitSettings(rounds_max=10)
FEW = SampleSizes(clients=300, refused=200, counterfactuals=10, neighbours=500)


@dataclass(frozen=True)
class Reduced:
    """A model trained on a chosen list."""

    data: Path
    chosen: FeatureList
    order: TrainingOrder
    result: TrainingResult
    model_file: Path


@pytest.fixture(scope="module")
def reduced(
    tmp_path_factory: pytest.TempPathFactory, many_clients: Path, empty_mlflow: Path
) -> Reduced:
    folder = tmp_path_factory.mktemp("reduced")
    (folder / "mlflow.db").write_bytes(empty_mlflow.read_bytes())
    settings = NullImportanceSettings(permutations=4, repeats=2, rounds=8, quantile=0.5)
    file = folder / FILE_NAME
    chosen = choose_features(
        ChoiceOrder(many_clients, file, top=5, fit=QUICK, settings=settings),
        lambda _: None,
        lambda *_: None,
    )
    order = TrainingOrder(
        data=many_clients,
        history_store=folder / "history.arrow",
        tracking_uri=f"sqlite:///{folder / 'mlflow.db'}",
        model_name="some_model",
        fit=QUICK,
        feature_list=file,
        evidence=EvidenceSettings(repetitions=20, explained=FEW),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.evidence.model_card.render_png", lambda _: b"")
        result = train(order, lambda _: None)
    (model_file,) = folder.glob(f"mlartifacts/**/{MODEL_FILE}")
    return Reduced(many_clients, chosen, order, result, model_file)


def read_bundle(reduced: Reduced) -> Bundle:
    """Return the facts of the registered version."""
    published = reduced.result.published
    client = mlflow.MlflowClient(reduced.order.tracking_uri)
    tags = client.get_model_version(published.model_name, published.version).tags
    return Bundle.from_metadata({**tags, "model_version": published.version})


def test_the_chosen_list_is_written_with_its_figures(reduced: Reduced) -> None:
    assert reduced.order.feature_list is not None
    assert read_feature_list(reduced.order.feature_list) == reduced.chosen
    assert 0 < len(reduced.chosen.names) < len(FEATURE_NAMES)
    assert [row.method for row in reduced.chosen.figures] == [
        "all",
        "null importance",
        "correlation",
    ]
    assert reduced.chosen.figures[-1].features == 5


def test_the_registered_model_is_of_the_chosen_features_alone(reduced: Reduced) -> None:
    booster = xgboost.Booster(model_file=reduced.model_file)

    assert tuple(booster.feature_names or ()) == reduced.chosen.names
    assert reduced.result.features == len(reduced.chosen.names)


def test_the_list_is_kept_with_the_run(reduced: Reduced) -> None:
    mlflow.set_tracking_uri(reduced.order.tracking_uri)
    kept = mlflow.artifacts.load_text(f"runs:/{reduced.result.published.run_id}/{FILE_NAME}")

    assert FeatureList.model_validate_json(kept) == reduced.chosen


def test_an_applicant_has_the_same_pd_online_and_offline(reduced: Reduced) -> None:
    applicant = read_applicant(reduced.data)
    booster = load_booster(reduced.model_file)
    columns = find_columns(booster)
    with open_tables(reduced.data) as tables:
        matrix = build_matrix(tables, "application_test", build_histories(tables))
    row = matrix.features[matrix.clients == applicant["SK_ID_CURR"]]
    names = np.isin(FEATURE_NAMES, reduced.chosen.names)

    async def predict(features: NDArray[np.float32]) -> NDArray[np.float64]:
        return predict_pd(booster, features, columns)

    store = HistoryStore.open(reduced.order.history_store, compute_fingerprint())
    asked = make_case(json.loads(json.dumps(applicant)))
    (online,) = asyncio.run(
        Decider(store, answer_with(predict), read_bundle(reduced)).decide([asked])
    )

    offline = booster.inplace_predict(row[:, names])
    assert online.pd == float(offline[0])
