from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from credit.contract import HISTORY_TABLES
from credit.errors import UnreadableTable
from training.check_report import FindingKind
from training.table_check import check_tables
from training.table_files import DOWNLOAD

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder


def write_histories(folder: TableFolder) -> Path:
    """Write the tables that are quick to check, and return the folder."""
    for table in HISTORY_TABLES:
        folder.write(table)
    return folder.path


def check_unreadable(folder: TableFolder, table: str, pattern: str) -> None:
    """Check that the table is unreadable for that reason and that the others are still checked."""
    report = check_tables(folder.path)
    (found,) = (each for each in report.violations if each.table == table)
    assert found.kind is FindingKind.UNREADABLE
    assert set(report.rows) == set(HISTORY_TABLES) - {table}
    with pytest.raises(UnreadableTable, match=pattern):
        report.raise_for_violations()


def test_a_table_cut_off_in_a_line_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_bytes(path.read_bytes()[:-40])

    check_unreadable(folder, "bureau", r"bureau\.csv: cut off: the last line has \d+ of 17 fields")


def test_a_table_cut_off_in_quotes_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_bytes(path.read_bytes() + b'100001,5000099,"Clo')

    check_unreadable(folder, "bureau", "cut off: the last line has a quotation mark")


def test_a_quote_that_is_never_closed_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_text(path.read_text().replace("Closed", '"Closed', 1))

    check_unreadable(folder, "bureau", "a quotation mark opens and nothing closes it")


def test_a_line_with_too_many_fields_is_unreadable(folder: TableFolder) -> None:
    lines = (write_histories(folder) / "bureau.csv").read_text().splitlines()
    lines[3] += ",1"
    (folder.path / "bureau.csv").write_text("\n".join(lines) + "\n")

    check_unreadable(folder, "bureau", "line 4: 18 fields where the header has 17")


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
def test_another_delimiter_is_unreadable(folder: TableFolder, delimiter: str, name: str) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_text(path.read_text().replace(",", delimiter))

    check_unreadable(folder, "bureau", f"fields are parted by {name}, expected commas")


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_unreadable(folder: TableFolder, content: bytes) -> None:
    (write_histories(folder) / "bureau.csv").write_bytes(content)

    check_unreadable(folder, "bureau", r"bureau\.csv is empty \(\d bytes\)")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_a_file_of_wide_characters_is_unreadable(folder: TableFolder, encoding: str) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_bytes(path.read_text().encode(encoding))

    check_unreadable(folder, "bureau", "not UTF-8")


def test_a_cell_that_is_not_utf8_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_bytes(path.read_text().replace("Closed", "Fermé", 1).encode("latin-1"))

    check_unreadable(folder, "bureau", r"bureau\.csv, line \d: not UTF-8")


def test_a_header_that_is_not_utf8_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_bytes(path.read_text().replace("CREDIT_TYPE", "CRÉDIT", 1).encode("latin-1"))

    check_unreadable(folder, "bureau", r"bureau\.csv, line 1: not UTF-8")


def test_a_file_without_a_header_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_text(path.read_text().split("\n", 1)[1])

    check_unreadable(folder, "bureau", "line 1 names no column of bureau")


def test_a_column_that_is_named_twice_is_unreadable(folder: TableFolder) -> None:
    path = write_histories(folder) / "bureau.csv"
    path.write_text(path.read_text().replace("CREDIT_CURRENCY", "CREDIT_ACTIVE", 1))

    check_unreadable(folder, "bureau", "the header names CREDIT_ACTIVE more than once")


def test_an_archive_under_a_csvs_name_is_unreadable(folder: TableFolder) -> None:
    write_histories(folder)
    folder.write_zipped("bureau").rename(folder.path / "bureau.csv")

    check_unreadable(folder, "bureau", r"is no CSV but a zip archive")


@pytest.mark.parametrize("kept", [0, 30, -30])
def test_a_zip_that_is_cut_off_is_unreadable(folder: TableFolder, kept: int) -> None:
    write_histories(folder)
    path = folder.write_zipped("bureau")
    path.write_bytes(path.read_bytes()[:kept])

    check_unreadable(folder, "bureau", r"bureau\.csv\.zip is not a whole zip archive")


def test_a_zip_with_a_damaged_member_is_unreadable(folder: TableFolder) -> None:
    write_histories(folder)
    path = folder.write_zipped("bureau")
    content = bytearray(path.read_bytes())
    content[100:110] = bytes(10)
    path.write_bytes(content)

    check_unreadable(folder, "bureau", r"bureau\.csv\.zip is not a whole zip archive")


def test_a_zip_of_something_else_is_unreadable(folder: TableFolder) -> None:
    write_histories(folder)
    (folder.path / "bureau.csv").unlink()
    with zipfile.ZipFile(folder.path / "bureau.csv.zip", "w") as archive:
        archive.writestr("readme.txt", "x")

    check_unreadable(folder, "bureau", r"holds no bureau\.csv; found readme\.txt")


def test_a_download_that_is_cut_off_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / DOWNLOAD).write_bytes(b"PK\x03\x04 and no more")

    with pytest.raises(UnreadableTable, match="is not a whole zip archive"):
        check_tables(tmp_path)


@pytest.mark.parametrize("kept", [0, 100, -30])
def test_parquet_that_is_cut_off_is_unreadable(folder: TableFolder, kept: int) -> None:
    write_histories(folder)
    path = folder.write_parquet("bureau")
    path.write_bytes(path.read_bytes()[:kept])

    check_unreadable(folder, "bureau", r"bureau\.parquet is (not a whole parquet file|empty)")


def test_parquet_with_damaged_pages_is_unreadable(folder: TableFolder) -> None:
    write_histories(folder)
    path = folder.write_parquet("bureau")
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)

    check_unreadable(folder, "bureau", r"bureau\.parquet: cannot be read as what its name says")
