from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from credit.contract import TABLES
from credit.errors import CreditError, TableMissing, UnreadableTable
from training.table_files import DOWNLOAD, find_tables, unpack
from training.tables import open_tables

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder

Rows = list[tuple[object, ...]]


def read_all(source: Path) -> dict[str, Rows]:
    with open_tables(source) as tables:
        return {name: tables.relation(name).fetchall() for name in tables.present}


def pack_download(folder: TableFolder) -> Path:
    folder.write_all()
    path = folder.path / DOWNLOAD
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("HomeCredit_columns_description.csv", "not,a,table\n")
        for table in TABLES:
            plain = folder.path / f"{table}.csv"
            archive.write(plain, plain.name)
            plain.unlink()
    return path


def test_zipped_tables_give_the_same_and_leave_nothing_behind(
    folder: TableFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_csv = read_all(folder.write_all())
    for table in TABLES:
        folder.write_zipped(table)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(unpacked))

    with open_tables(folder.path) as tables:
        (inside,) = unpacked.iterdir()
        assert len(list(inside.glob("*.csv"))) == len(TABLES)
        assert {name: tables.relation(name).fetchall() for name in tables.present} == from_csv
    assert list(unpacked.iterdir()) == []


def test_reads_the_whole_download_in_a_folder_and_by_itself(folder: TableFolder) -> None:
    from_csv = read_all(folder.write_all())
    download = pack_download(folder)

    assert read_all(folder.path) == from_csv
    assert read_all(download) == from_csv


def test_a_plain_file_goes_before_the_downloads(folder: TableFolder) -> None:
    pack_download(folder)
    folder.rows["bureau"] = folder.rows["bureau"][:2]
    folder.write("bureau")

    contents = read_all(folder.path)

    assert len(contents["bureau"]) == 2
    assert len(contents["previous_application"]) == 6


def test_paths_with_quotes_and_patterns_are_taken_literally(folder: TableFolder) -> None:
    from_csv = read_all(folder.write_all())
    odd = folder.path.with_name("it's [1] * ?")
    folder.path.rename(odd)
    decoy = odd.with_name("it's 1 x y")
    decoy.mkdir()
    (decoy / "bureau.csv").write_text("SK_ID_BUREAU\n1\n")

    assert read_all(odd) == from_csv


def test_an_absent_folder_is_said_to_be_absent(tmp_path: Path) -> None:
    with (
        pytest.raises(TableMissing, match=r"nowhere does not exist.*credit data make"),
        open_tables(tmp_path / "nowhere"),
    ):
        pass


def test_an_empty_folder_says_what_was_expected(tmp_path: Path) -> None:
    with (
        pytest.raises(TableMissing, match=r"found nothing. Expected application_train\.csv"),
        open_tables(tmp_path),
    ):
        pass


def test_a_folder_of_other_files_says_what_it_holds(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.txt").touch()

    with (
        pytest.raises(TableMissing, match=r"found 0\.txt, .*4\.txt and 2 more\."),
        open_tables(tmp_path),
    ):
        pass


def test_an_archive_without_tables_says_what_it_holds(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "a")

    with pytest.raises(TableMissing, match=r"found a\.txt"), open_tables(tmp_path / "other.zip"):
        pass


def test_a_full_disk_is_told_from_a_damaged_archive(folder: TableFolder, tmp_path: Path) -> None:
    folder.write_zipped("bureau")
    file = find_tables(folder.path)["bureau"]

    with pytest.raises(CreditError, match="Point TMPDIR to a disk with room") as caught:
        unpack(file, tmp_path / "gone")
    assert not isinstance(caught.value, UnreadableTable)
