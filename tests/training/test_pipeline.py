from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from credit.bundle import Bundle, compute_fingerprint
from credit.contract import TABLES
from credit.cost import CostMatrix
from credit.errors import ContractViolation, CreditError, TableMissing, TrainingImpossible
from credit.features.catalog import FAMILIES, FEATURE_NAMES
from serving.application_store import ApplicationStore
from serving.history_store import HistoryStore
from training.evidence.gather import EvidenceSettings
from training.fitting import FitSettings
from training.order import TrainingOrder
from training.pipeline import train
from training.run_files import digest_sources
from training.source_hashes import hash_sources

if TYPE_CHECKING:
    from tests.conftest import Trained
    from training.feature_matrix import FeatureMatrix

NAME = "some_model"
STEPS = [
    "Checking the tables",
    "Computing features",
    "Looking for columns",
    "Fitting on folds",
    "Choosing thresholds",
    "Fitting the model",
    "Measuring performance",
    "Explaining",
    "Auditing fairness",
    "Comparing with application_test",
    "Registering",
]


@pytest.fixture
def order(
    few_clients: Path,
    tmp_path: Path,
    tracking_uri: str,
    undrawn: None,  # noqa: ARG001
) -> TrainingOrder:
    """Training on tables that the test may change, a few trees, everything in its own folder."""
    return TrainingOrder(
        data=Path(shutil.copytree(few_clients, tmp_path / "tables")),
        history_store=tmp_path / "history.arrow",
        tracking_uri=tracking_uri,
        model_name=NAME,
        fit=FitSettings(rounds_max=3),
        evidence=EvidenceSettings(repetitions=20),
    )


def count_versions(order: TrainingOrder) -> int:
    return len(MlflowClient(order.tracking_uri).search_model_versions(f"name='{NAME}'"))


def be_silent(_: str) -> None:
    pass


def test_the_version_carries_the_threshold_that_was_chosen_and_the_prices(
    trained: Trained,
) -> None:
    published = trained.result.published
    client = MlflowClient(trained.order.tracking_uri)
    version = client.get_model_version(published.model_name, published.version)

    bundle = Bundle.from_metadata(version.tags)

    assert bundle.threshold == trained.result.evaluation.choice.threshold
    assert bundle.costs == trained.order.costs == CostMatrix(8.0, 1.5)
    assert bundle.fingerprint == compute_fingerprint()
    assert bundle.oof_auc == trained.result.evaluation.auc
    assert bundle.training_tables == tuple(TABLES)


def test_the_run_is_told_how_the_model_was_fitted(trained: Trained) -> None:
    client = MlflowClient(trained.order.tracking_uri)
    data = client.get_run(trained.result.published.run_id).data

    assert data.params["clients"] == str(trained.result.clients)
    assert data.params["false_negative_cost"] == "8.0"
    assert data.params["rounds"] == str(trained.load_booster().num_boosted_rounds())
    assert data.metrics == pytest.approx(trained.result.metrics)
    assert trained.result.metrics.items() >= trained.result.evaluation.to_metrics().items()


def test_the_run_keeps_the_card_its_plots_and_all_that_is_behind_it(trained: Trained) -> None:
    client = MlflowClient(trained.order.tracking_uri)
    run_id = trained.result.published.run_id
    kept = {
        file.path
        for folder in ("", "model_card", "model_card/plots", "tables")
        for file in client.list_artifacts(run_id, folder)
    }

    assert kept >= {
        "environment.txt",
        "fairness.json",
        "model_card/model_card.html",
        "model_card/model_card.md",
        "model_card/plots/cost_curve.png",
        "model_card/plots/shap_beeswarm.png",
        "reference_sample.parquet",
        "sources.json",
        "tables/price_sensitivity.csv",
    }
    card = Path(
        mlflow.artifacts.download_artifacts(
            run_id=run_id,
            artifact_path="model_card/model_card.md",
            tracking_uri=trained.order.tracking_uri,
        )
    ).read_text()
    assert f"{trained.result.evaluation.choice.threshold:.4f}" in card
    assert compute_fingerprint() in card
    assert hashlib.sha256(trained.model_file.read_bytes()).hexdigest() in card
    clients = pq.read_table(trained.order.data / "application_train.parquet")["SK_ID_CURR"]
    assert not any(str(client) in card for client in clients.to_pylist())


def test_the_reference_sample_names_nobody(trained: Trained) -> None:
    path = mlflow.artifacts.download_artifacts(
        run_id=trained.result.published.run_id,
        artifact_path="reference_sample.parquet",
        tracking_uri=trained.order.tracking_uri,
    )
    sample = pq.read_table(path)
    assert sample.column_names == [*(trained.load_booster().feature_names or ()), "pd"]
    assert sample.num_rows == trained.result.clients


def test_the_run_tells_its_data_to_the_byte(trained: Trained) -> None:
    run = MlflowClient(trained.order.tracking_uri).get_run(trained.result.published.run_id)
    assert run.inputs is not None
    (used,) = run.inputs.dataset_inputs
    assert used.dataset.digest == run.data.tags["data_digest"]
    assert digest_sources(hash_sources(trained.order.data, TABLES)) == used.dataset.digest
    assert f"{trained.result.clients:,} clients" in run.data.tags["mlflow.note.content"]


def test_a_share_of_applicants_can_be_referred_to_a_person(order: TrainingOrder) -> None:
    result = train(replace(order, refer_share=0.2), be_silent)

    version = MlflowClient(order.tracking_uri).get_model_version(NAME, result.published.version)
    bundle = Bundle.from_metadata(version.tags)
    assert bundle.refer_from is not None
    assert bundle.refer_to is not None
    assert bundle.refer_from <= bundle.refer_to
    card = mlflow.artifacts.load_text(f"runs:/{result.published.run_id}/model_card/model_card.md")
    assert f"PD from {bundle.refer_from:.4f} to {bundle.refer_to:.4f} is marked" in card


def test_the_model_foretells_defaults_of_clients_it_has_not_seen(trained: Trained) -> None:
    assert trained.result.evaluation.auc > 0.65


def test_all_tables_being_there_none_is_said_to_be_missing(trained: Trained) -> None:
    assert trained.result.missing == ()
    assert not any("missing" in line for line in trained.said)


def test_every_step_is_said(trained: Trained) -> None:
    others = ("A logistic recalibration", "Note: ")  # sixty trees are too few to be calibrated
    said = [line for line in trained.said if not line.startswith(others)]
    assert all(line.startswith(step) for step, line in zip(STEPS, said, strict=True))


def test_the_store_knows_the_clients_histories_and_the_code_they_were_made_with(
    trained: Trained, matrix: FeatureMatrix
) -> None:
    store = HistoryStore.open(trained.order.history_store, compute_fingerprint())

    looked_up = store.lookup(matrix.clients)

    np.testing.assert_array_equal(
        looked_up.features, matrix.features[:, -looked_up.features.shape[1] :]
    )
    assert looked_up.found.any()


def test_the_applications_of_all_clients_are_stored_beside_their_histories(
    trained: Trained, matrix: FeatureMatrix
) -> None:
    path = trained.order.history_store.with_name("applications.arrow")

    store = ApplicationStore.open(path, compute_fingerprint())

    assert set(store.manifest.sources) == {"application_train", "application_test"}
    assert len(store) > len(matrix.clients)
    first = store.find(int(matrix.clients[0]))
    assert first is not None
    assert first["AMT_CREDIT"] == matrix.columns["AMT_CREDIT"][0]


def test_the_example_row_is_nobodys(trained: Trained, matrix: FeatureMatrix) -> None:
    path = trained.model_file.parents[1] / "input_example.json"
    (cells,) = json.loads(path.read_text())["data"]
    example = np.array([np.nan if cell is None else cell for cell in cells], np.float32)

    names = trained.load_booster().feature_names
    assert names is not None
    seen = matrix.features[:, np.isin(FEATURE_NAMES, names)]
    same = (seen == example) | (np.isnan(seen) & np.isnan(example))

    assert example.shape == (len(names),)
    assert np.isfinite(example).any()
    assert same.all(axis=1).sum() == 0


def test_missing_history_tables_are_said_and_done_without(order: TrainingOrder) -> None:
    for table in ("bureau", "installments_payments"):
        (order.data / f"{table}.parquet").unlink()
    said: list[str] = []

    result = train(order, said.append)

    assert result.missing == ("bureau", "installments_payments")
    for table in result.missing:
        assert any(f"{table}: missing" in line for line in said)
    (told,) = (line for line in said if line.startswith("Fitting on folds"))
    assert f"{result.features} features" in told
    assert result.features <= len(FEATURE_NAMES) - sum(
        len(FAMILIES[table]) for table in result.missing
    )
    assert count_versions(order) == 1


def test_the_application_table_alone_is_enough(order: TrainingOrder) -> None:
    for path in order.data.iterdir():
        if path.stem != "application_train":
            path.unlink()

    result = train(order, be_silent)

    assert result.published.version == "1"
    assert len(HistoryStore.open(order.history_store, compute_fingerprint())) == 0


def test_an_interrupt_up_to_the_last_step_leaves_no_version_and_the_old_store(
    order: TrainingOrder,
) -> None:
    order.history_store.write_text("the old store")
    order.written_application_store.write_text("the old applications")

    def interrupt(line: str) -> None:
        if line.startswith(STEPS[-1]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(order, interrupt)

    assert count_versions(order) == 0
    assert order.history_store.read_text() == "the old store"
    assert order.written_application_store.read_text() == "the old applications"


def test_the_same_tables_and_seed_give_the_same_model(order: TrainingOrder) -> None:
    for _ in range(2):
        train(order, be_silent)

    artifacts = Path(order.tracking_uri.removeprefix("sqlite:///")).parent / "mlartifacts"
    first, second = (path.read_bytes() for path in artifacts.glob("**/model.ubj"))
    assert first == second


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


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (leave_few_defaults, TrainingImpossible, "0 defaults"),
        (lose_applications, TableMissing, "application_train"),
        (lose_a_column, ContractViolation, "AMT_CREDIT"),
    ],
)
def test_tables_that_will_not_do_leave_no_version_and_no_store(
    order: TrainingOrder,
    spoil: Callable[[Path], None],
    error: type[CreditError],
    message: str,
) -> None:
    spoil(order.data)

    with pytest.raises(error, match=message):
        train(order, be_silent)

    assert count_versions(order) == 0
    assert not order.history_store.exists()
