from __future__ import annotations

import os
import tempfile
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from credit.contract import HISTORY_TABLES, TABLES
from credit.errors import ContractViolation, TableMissing
from training.check_report import (
    CheckReport,
    FindingKind,
    render_report,
)
from training.table_check import check_tables

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder


def summarize(report: CheckReport) -> list[tuple[str, str, FindingKind, int, int | None]]:
    return [
        (found.table, found.column, found.kind, found.count, found.example_row)
        for found in report.findings
    ]


def render(report: CheckReport, width: int = 200) -> str:
    printed = StringIO()
    Console(file=printed, width=width).print(render_report(report))
    return printed.getvalue()


def test_sound_tables_have_no_findings(folder: TableFolder) -> None:
    report = check_tables(folder.write_all())

    assert report.findings == ()
    assert report.rows == dict.fromkeys(TABLES, 6)
    report.raise_for_violations()


@pytest.mark.parametrize("texts", [False, True])
def test_sound_parquet_tables_have_no_findings(folder: TableFolder, texts: bool) -> None:  # noqa: FBT001
    for table in TABLES:
        folder.write_parquet(table, texts=texts)

    assert check_tables(folder.path).findings == ()


def test_sound_zipped_tables_have_no_findings_and_leave_nothing_behind(
    folder: TableFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in TABLES:
        folder.write_zipped(table)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(unpacked))

    assert check_tables(folder.path).findings == ()
    assert list(unpacked.iterdir()) == []


def test_tells_each_table_before_it_is_checked(folder: TableFolder) -> None:
    told: list[str] = []

    check_tables(folder.write_all(), on_table=told.append)

    assert told == list(TABLES)


def test_finds_a_missing_file(folder: TableFolder) -> None:
    folder.write_all()
    (folder.path / "credit_card_balance.csv").unlink()

    report = check_tables(folder.path)

    assert summarize(report) == [
        ("credit_card_balance", "", FindingKind.MISSING_TABLE, 0, None),
    ]
    with pytest.raises(ContractViolation, match="credit_card_balance: missing file"):
        report.raise_for_violations()


def test_a_missing_training_table_has_its_own_error(folder: TableFolder) -> None:
    folder.write_all()
    (folder.path / "application_train.csv").unlink()

    with pytest.raises(TableMissing, match=r"No application_train\.csv"):
        check_tables(folder.path, lenient=True).raise_for_violations()


def test_finds_a_missing_column_and_goes_on_with_the_others(folder: TableFolder) -> None:
    folder.rows["bureau"][1]["CREDIT_ACTIVE"] = "Frozen"
    for row in folder.rows["bureau"]:
        del row["CREDIT_TYPE"]

    assert summarize(check_tables(folder.write_all())) == [
        ("bureau", "CREDIT_TYPE", FindingKind.MISSING_COLUMN, 0, None),
        ("bureau", "CREDIT_ACTIVE", FindingKind.UNKNOWN_CATEGORY, 1, 2),
    ]


def test_reports_extra_columns_as_notes(folder: TableFolder) -> None:
    for row in folder.rows["bureau"]:
        row["[bold]comment"] = "x"

    report = check_tables(folder.write_all())

    assert summarize(report) == [
        ("bureau", "[bold]comment", FindingKind.EXTRA_COLUMN, 0, None),
    ]
    assert "[bold]comment" in render(report)
    report.raise_for_violations()


def test_reports_a_missing_newline_at_the_end_as_a_note(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))

    report = check_tables(folder.path)

    assert [found.kind for found in report.notes] == [FindingKind.NO_TRAILING_NEWLINE]
    assert not report.violations
    assert report.rows["bureau"] == 6


def test_reports_a_history_of_only_a_header_as_a_note(folder: TableFolder) -> None:
    folder.rows["installments_payments"] = []

    report = check_tables(folder.write_all())

    assert [found.kind for found in report.notes] == [FindingKind.NO_ROWS]
    assert not report.violations


def test_a_training_table_of_only_a_header_is_a_violation(folder: TableFolder) -> None:
    folder.write_all()
    folder.rows["application_train"] = []
    folder.write("application_train")

    found = check_tables(folder.path, lenient=True).violations[0]

    assert (found.table, found.kind) == ("application_train", FindingKind.NO_ROWS)


def test_reports_which_of_several_files_is_read(folder: TableFolder) -> None:
    folder.write_parquet("bureau")
    folder.write_all()

    report = check_tables(folder.path)

    assert [found.kind for found in report.notes] == [FindingKind.SEVERAL_FILES]
    assert "bureau.csv is read, bureau.parquet is not" in report.notes[0].message


def test_accepts_crlf_a_byte_order_mark_quotes_and_blank_lines_at_the_end(
    folder: TableFolder,
) -> None:
    path = folder.write_all() / "bureau.csv"
    text = path.read_text().replace("\n", "\r\n").replace("Closed", '"Closed"')
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n\r\n")

    report = check_tables(folder.path)

    assert report.findings == ()
    assert report.rows["bureau"] == 6


def test_an_absent_folder_is_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(TableMissing, match="does not exist"):
        check_tables(tmp_path / "nowhere")


def test_lenient_needs_neither_histories_nor_their_owners(folder: TableFolder) -> None:
    folder.write("application_train")
    folder.rows["bureau"][0]["SK_ID_CURR"] = "42"
    folder.write("application_test")
    folder.write("bureau")

    strict = check_tables(folder.path)
    lenient = check_tables(folder.path, lenient=True)

    assert {found.table for found in strict.violations} == set(HISTORY_TABLES)
    assert lenient.violations == ()
    assert summarize(lenient) == summarize(strict)


def test_lenient_still_finds_what_is_wrong_inside_a_table(folder: TableFolder) -> None:
    folder.rows["bureau"][0]["DAYS_CREDIT"] = "abc"

    report = check_tables(folder.write_all(), lenient=True)

    assert [found.kind for found in report.violations] == [FindingKind.WRONG_TYPE]


@pytest.mark.real
def test_the_real_tables_break_the_contract_only_by_clients_set_aside() -> None:
    home = os.environ.get("HOME_CREDIT_DIR")
    if home is None:
        pytest.skip("HOME_CREDIT_DIR is not set")

    report = check_tables(Path(home) / "relational")

    assert {found.kind for found in report.findings} == {FindingKind.ORPHAN_KEY}
    assert check_tables(Path(home) / "application", lenient=True).violations == ()
