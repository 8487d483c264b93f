from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from credit.bundle import compute_fingerprint
from credit.contract import HISTORY_TABLES
from credit.errors import ContractViolation, TableMissing
from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES, empty_history
from credit.features.history import ClientHistories
from serving.history_store import HistoryStore
from training.feature_export import export_features
from training.feature_matrix import FeatureMatrix, build_matrix
from training.histories import build_histories
from training.replacing import replacing
from training.tables import open_tables

WIDTH = len(HISTORY_FEATURE_NAMES)


@pytest.fixture
def tables_folder(few_clients: Path, tmp_path: Path) -> Path:
    """Demo tables that a test may change."""
    return Path(shutil.copytree(few_clients, tmp_path / "tables"))


def build(
    folder: Path, population: str = "application_train"
) -> tuple[FeatureMatrix, ClientHistories]:
    with open_tables(folder) as tables:
        histories = build_histories(tables)
        return build_matrix(tables, population, histories), histories


@pytest.fixture(scope="module")
def built(few_clients: Path) -> tuple[FeatureMatrix, ClientHistories]:
    """The matrix of the clients with outcomes, and the histories, of unchanged demo tables."""
    return build(few_clients)


@pytest.fixture
def matrix(built: tuple[FeatureMatrix, ClientHistories]) -> FeatureMatrix:
    return built[0]


@pytest.fixture
def histories(built: tuple[FeatureMatrix, ClientHistories]) -> ClientHistories:
    return built[1]


def test_clients_ascend_and_their_outcomes_are_theirs(
    few_clients: Path, matrix: FeatureMatrix
) -> None:
    source = pq.read_table(few_clients / "application_train.parquet")
    targets = dict(
        zip(*(source[name].to_pylist() for name in ("SK_ID_CURR", "TARGET")), strict=True)
    )

    assert matrix.clients.tolist() == sorted(targets)
    assert matrix.defaulted is not None
    assert matrix.defaulted.tolist() == [targets[client] == 1 for client in matrix.clients.tolist()]
    assert matrix.features.shape == (len(targets), len(FEATURE_NAMES))
    assert matrix.features.dtype == np.float32


def test_a_source_column_is_the_tables_own(few_clients: Path, matrix: FeatureMatrix) -> None:
    source = pq.read_table(few_clients / "application_train.parquet").sort_by("SK_ID_CURR")

    column = matrix.features[:, FEATURE_NAMES.index("AMT_CREDIT")]
    np.testing.assert_array_equal(column, source["AMT_CREDIT"].to_numpy().astype(np.float32))


def test_the_order_of_the_rows_in_the_file_does_not_matter(tables_folder: Path) -> None:
    before, _ = build(tables_folder)
    path = tables_folder / "application_train.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.take(pa.array(range(len(rows) - 1, -1, -1))), path)

    after, _ = build(tables_folder)

    np.testing.assert_array_equal(after.clients, before.clients)
    np.testing.assert_array_equal(after.features, before.features)
    np.testing.assert_array_equal(after.defaulted, before.defaulted)


def test_applications_without_outcome_have_none(few_clients: Path) -> None:
    matrix, _ = build(few_clients, "application_test")

    assert matrix.defaulted is None
    assert len(matrix.clients) > 0


def test_a_population_that_is_not_there_is_said(tables_folder: Path) -> None:
    (tables_folder / "application_test.parquet").unlink()

    with pytest.raises(TableMissing, match="application_test"):
        build(tables_folder, "application_test")


def test_clients_whose_outcome_is_missing_are_counted_and_not_guessed(tables_folder: Path) -> None:
    path = tables_folder / "application_train.parquet"
    rows = pq.read_table(path)
    gaps = pc.if_else(pa.array([True] * 3 + [False] * (len(rows) - 3)), None, rows["TARGET"])
    position = rows.column_names.index("TARGET")
    pq.write_table(rows.set_column(position, "TARGET", gaps), path)

    with pytest.raises(ContractViolation, match="TARGET is missing for 3 clients"):
        build(tables_folder)


def test_each_client_has_the_histories_row_or_the_empty_one(
    histories: ClientHistories, matrix: FeatureMatrix
) -> None:

    known = histories.clients.tolist()
    found = [known.index(client) if client in known else None for client in matrix.clients.tolist()]
    nothing = empty_history(1)[0]
    expected = [nothing if row is None else histories.features[row] for row in found]
    np.testing.assert_array_equal(matrix.features[:, -WIDTH:], expected)
    assert None in found
    assert len(set(found)) > 1


def test_histories_are_of_ascending_clients(histories: ClientHistories) -> None:
    assert (np.diff(histories.clients) > 0).all()
    assert histories.features.shape == (len(histories.clients), WIDTH)
    assert histories.features.dtype == np.float32


def test_without_history_tables_every_client_has_the_empty_history(tables_folder: Path) -> None:
    for table in HISTORY_TABLES:
        (tables_folder / f"{table}.parquet").unlink()

    matrix, histories = build(tables_folder)

    assert len(histories.clients) == 0
    np.testing.assert_array_equal(matrix.features[:, -WIDTH:], empty_history(len(matrix.clients)))


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "store" / "file"
    path.parent.mkdir()
    path.write_text("whole")

    def write_half() -> None:
        with replacing(path) as part:
            part.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_exported_features_are_those_of_both_populations(
    few_clients: Path, tmp_path: Path, histories: ClientHistories, matrix: FeatureMatrix
) -> None:
    said: list[str] = []

    exported = export_features(few_clients, tmp_path, memory_limit=None, say=said.append)

    rows = pq.read_table(tmp_path / "features.parquet")
    unknown, _ = build(few_clients, "application_test")
    features = np.column_stack([rows[name].to_numpy() for name in FEATURE_NAMES])
    assert rows.column_names == ["SK_ID_CURR", "TARGET", *FEATURE_NAMES]
    assert (exported.rows, exported.columns) == features.shape
    np.testing.assert_array_equal(features, np.concatenate([matrix.features, unknown.features]))
    assert matrix.defaulted is not None
    assert rows["TARGET"].to_pylist() == [*matrix.defaulted, *[None] * len(unknown.clients)]
    store = HistoryStore.open(tmp_path / "history.arrow", compute_fingerprint())
    assert len(store) == len(histories.clients)
    assert store.manifest is not None
    assert set(store.manifest.sources) == set(HISTORY_TABLES)
    assert said == []


def test_exporting_says_which_tables_are_missing(tables_folder: Path, tmp_path: Path) -> None:
    (tables_folder / "bureau.parquet").unlink()
    (tables_folder / "application_test.parquet").unlink()
    said: list[str] = []

    export_features(tables_folder, tmp_path / "out", memory_limit=None, say=said.append)

    assert [line.split()[0] for line in said] == ["application_test", "bureau"]
