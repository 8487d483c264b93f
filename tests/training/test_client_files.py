"""What a run publishes of its clients: enough to judge the version, and nobody's identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.features.application import compute_application_features
from credit.features.catalog import assemble_features
from credit.prediction import find_columns, predict_pd
from credit.pseudonym import PseudonymKey
from credit.run_evidence import (
    APPLICANT_COLUMNS,
    APPLICANTS_FILE,
    HISTORY,
    KEY_ID,
    PREDICTION_COLUMNS,
    PREDICTIONS_FILE,
    RAW_COLUMNS,
)
from training.fitting import FOLDS

if TYPE_CHECKING:
    from tests.conftest import Trained
    from training.feature_matrix import FeatureMatrix


def read(trained: Trained, name: str) -> pa.Table:
    mlflow.set_tracking_uri(trained.order.tracking_uri)
    uri = f"{trained.result.published.artifacts}/{name}"
    return pq.read_table(mlflow.artifacts.download_artifacts(uri))


@pytest.fixture
def key(trained: Trained) -> PseudonymKey:
    assert trained.order.pseudonym_key is not None
    return trained.order.pseudonym_key


@pytest.fixture
def places(matrix: FeatureMatrix, key: PseudonymKey) -> dict[bytes, int]:
    """Where each pseudonym's client stands in the matrix."""
    return {name: place for place, name in enumerate(key.name(matrix.clients.tolist()))}


def test_every_client_is_predicted_under_a_pseudonym(
    trained: Trained, matrix: FeatureMatrix, key: PseudonymKey, places: dict[bytes, int]
) -> None:
    table = read(trained, PREDICTIONS_FILE)
    assert matrix.defaulted is not None

    clients = table["client"].to_pylist()
    order = [places[client] for client in clients]
    booster = trained.load_booster()
    served = predict_pd(booster, matrix.features, find_columns(booster))

    assert table.column_names == list(PREDICTION_COLUMNS)
    assert table.schema.metadata[KEY_ID] == key.id.encode()
    assert sorted(order) == list(range(len(matrix.clients)))
    assert clients == sorted(clients)
    np.testing.assert_array_equal(table["defaulted"].to_numpy(), matrix.defaulted[order])
    np.testing.assert_array_equal(table["pd_served"].to_numpy(), served[order])
    assert not np.array_equal(table["pd_out_of_fold"].to_numpy(), served[order])


def test_out_of_fold_figures_are_those_of_the_run(trained: Trained) -> None:
    from sklearn.metrics import roc_auc_score

    table = read(trained, PREDICTIONS_FILE)
    defaulted, refused = table["defaulted"].to_numpy(), table["decided_refused"].to_numpy()
    costs, metrics = trained.order.costs, trained.result.metrics

    cost = costs.false_negative * (defaulted & ~refused) + costs.false_positive * (
        ~defaulted & refused
    )

    assert roc_auc_score(defaulted, table["pd_out_of_fold"].to_numpy()) == pytest.approx(
        trained.result.evaluation.auc
    )
    assert cost.mean() == pytest.approx(metrics["nested_cost"])
    assert set(table["fold"].to_pylist()) == set(range(FOLDS))


def test_raw_applications_give_the_served_pd_to_the_last_bit(
    trained: Trained, places: dict[bytes, int]
) -> None:
    table = read(trained, APPLICANTS_FILE)

    cells = {name: table[name].to_pylist() for name in RAW_COLUMNS}
    history = np.array(table[HISTORY].to_pylist(), np.float32)
    columns = encode_columns(TABLES["application_test"], cells)
    features = assemble_features(compute_application_features(columns), history)
    booster = trained.load_booster()

    assert table.column_names == list(APPLICANT_COLUMNS)
    assert table.num_rows == 1_000
    assert len({places[client] for client in table["client"].to_pylist()}) == 1_000
    np.testing.assert_array_equal(
        predict_pd(booster, features, find_columns(booster)), table["pd_served"].to_numpy()
    )


def test_sentinels_and_gaps_stay_as_the_source_wrote_them(trained: Trained) -> None:
    table = read(trained, APPLICANTS_FILE)

    assert 365243 in table["DAYS_EMPLOYED"].to_pylist()
    assert table["EXT_SOURCE_1"].null_count > 0
    assert pa.types.is_string(table["NAME_CONTRACT_TYPE"].type)


@pytest.mark.parametrize("name", [PREDICTIONS_FILE, APPLICANTS_FILE])
def test_neither_identifiers_nor_their_order_are_published(
    trained: Trained, places: dict[bytes, int], name: str
) -> None:
    table = read(trained, name)
    order = [places[client] for client in table["client"].to_pylist()]

    assert not any(column.startswith("SK_ID") for column in table.column_names)
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.1


def test_applicants_carry_no_outcome(trained: Trained) -> None:
    assert not {"TARGET", "defaulted"} & set(read(trained, APPLICANTS_FILE).column_names)
