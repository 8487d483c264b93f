from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from credit.contract import HISTORY_TABLES, TABLES
from training.source_hashes import hash_sources
from training.table_files import DOWNLOAD

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder


def sum_sha256(path: Path) -> str:
    """Return what an auditor's own tool says."""
    done = subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True)  # noqa: S607
    return done.stdout.removeprefix("\\").split()[0]


def test_every_history_tables_file_is_hashed_as_it_lies_on_disk(folder: TableFolder) -> None:
    folder.write_all()
    (folder.path / "bureau.csv").unlink()
    files = {
        "bureau_balance": folder.path / "bureau_balance.csv",
        "POS_CASH_balance": folder.write_zipped("POS_CASH_balance"),
        "credit_card_balance": folder.write_parquet("credit_card_balance"),
    }

    sources = hash_sources(folder.path)

    assert set(sources) == set(HISTORY_TABLES) - {"bureau"}
    for table, path in files.items():
        assert sources[table].file == path.name
        assert sources[table].sha256 == sum_sha256(path)


def test_applications_are_hashed_where_they_are_asked_for(folder: TableFolder) -> None:
    folder.write_all()

    sources = hash_sources(folder.path, ("application_train", "bureau"))

    assert set(sources) == {"application_train", "bureau"}
    own = folder.path / "application_train.csv"
    assert sources["application_train"].sha256 == sum_sha256(own)


def test_of_kaggles_download_the_archive_is_hashed(folder: TableFolder) -> None:
    folder.write_all()
    download = folder.path.parent / DOWNLOAD
    with zipfile.ZipFile(download, "w") as archive:
        for table in TABLES:
            archive.write(folder.path / f"{table}.csv", f"{table}.csv")

    sources = hash_sources(download)

    assert set(sources) == set(HISTORY_TABLES)
    assert {source.file for source in sources.values()} == {DOWNLOAD}
    assert {source.sha256 for source in sources.values()} == {sum_sha256(download)}
