from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from credit.bundle import compute_fingerprint
from credit.contract import APPLICATION_COLUMNS
from credit.errors import FingerprintMismatch
from demo.tables import make_demo_tables
from serving.application_store import ApplicationStore
from training.applications import POPULATIONS, pack_applications
from training.source_hashes import hash_sources
from training.store_writing import write_application_store
from training.tables import open_tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.training.conftest import TableFolder

CLIENT = "SK_ID_CURR"


def read_rows(folder: Path, population: str) -> list[dict[str, object]]:
    names = ", ".join(f'"{column.name}"' for column in APPLICATION_COLUMNS)
    with open_tables(folder) as tables:
        rows: list[dict[str, object]] = (
            tables.relation(population).project(names).to_arrow_table().to_pylist()
        )
    return rows


def store(folder: Path, path: Path) -> ApplicationStore:
    with open_tables(folder) as tables:
        applications = pack_applications(tables)
    write_application_store(applications, path, hash_sources(folder, POPULATIONS))
    return ApplicationStore.open(path, compute_fingerprint())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "tables"
    make_demo_tables(folder, clients=300, seed=4, file_format="parquet")
    return folder


def test_every_cell_of_every_client_comes_back_as_its_table_has_it(
    demo: Path, tmp_path: Path
) -> None:
    expected = [row for population in POPULATIONS for row in read_rows(demo, population)]

    stored = store(demo, tmp_path / "applications.arrow")

    assert len(stored) == len(expected) == 300
    for row in expected:
        client = row[CLIENT]
        assert isinstance(client, int)
        assert stored.find(client) == row


def test_the_demo_s_tables_have_what_is_hard_to_store(demo: Path) -> None:
    rows = [row for population in POPULATIONS for row in read_rows(demo, population)]

    assert {row["DAYS_EMPLOYED"] for row in rows} >= {365_243}
    assert {row["ORGANIZATION_TYPE"] for row in rows} >= {"XNA"}
    assert {row["EXT_SOURCE_1"] for row in rows} >= {None}
    assert {row["OCCUPATION_TYPE"] for row in rows} >= {None}


def test_the_manifest_tells_from_which_files_the_store_was_made(
    folder: TableFolder, tmp_path: Path
) -> None:
    folder.write_all()

    manifest = store(folder.path, tmp_path / "applications.arrow").manifest

    assert set(manifest.sources) == set(POPULATIONS)
    assert manifest.sources["application_test"].file == "application_test.csv"
    assert manifest.fingerprint == compute_fingerprint()
    assert manifest.clients == 12


def test_of_a_client_in_both_tables_the_later_application_counts(
    folder: TableFolder, tmp_path: Path
) -> None:
    again = folder.rows["application_test"][0]
    again[CLIENT] = folder.rows["application_train"][3][CLIENT]
    folder.write_all()

    stored = store(folder.path, tmp_path / "applications.arrow")

    found = stored.find(int(again[CLIENT]))
    assert found is not None
    assert found["AMT_CREDIT"] == float(again["AMT_CREDIT"])
    assert len(stored) == 11


def test_without_later_applications_the_earlier_are_stored(
    folder: TableFolder, tmp_path: Path
) -> None:
    folder.write("application_train")

    assert len(store(folder.path, tmp_path / "applications.arrow")) == 6


def test_a_store_under_another_contract_is_refused(folder: TableFolder, tmp_path: Path) -> None:
    store(folder.write_all(), tmp_path / "applications.arrow")

    with pytest.raises(FingerprintMismatch, match="was made by other code"):
        ApplicationStore.open(tmp_path / "applications.arrow", "of another contract")


def test_a_lookup_reads_no_more_than_its_row(folder: TableFolder, tmp_path: Path) -> None:
    stored = store(folder.write_all(), tmp_path / "applications.arrow")

    packed = stored._packed
    assert packed.shape == (12, len(APPLICATION_COLUMNS))
    assert packed.flags.c_contiguous
    assert not packed.flags.owndata
    assert np.may_share_memory(packed[3], packed)
