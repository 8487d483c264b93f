from __future__ import annotations

import json
import os
import tempfile
import zipfile
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from credit.contract import HISTORY_TABLES, TABLES
from credit.errors import ContractViolation, TableMissing, UnreadableTable
from training.check_report import (
    CheckReport,
    Finding,
    FindingKind,
    Severity,
    render_report,
)
from training.table_check import check_tables
from training.table_files import DOWNLOAD

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder


def check_one_violation(source: Path) -> Finding:
    report = check_tables(source)
    (found,) = report.violations
    return found


def summarize(report: CheckReport) -> list[tuple[str, str, FindingKind, int, int | None]]:
    return [
        (found.table, found.column, found.kind, found.count, found.example_row)
        for found in report.findings
    ]


def render(report: CheckReport, width: int = 200) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(render_report(report))
    return console.file.getvalue()  # type: ignore[attr-defined]


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
    with pytest.raises(ContractViolation, match="credit_card_balance, missing file"):
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


@pytest.mark.parametrize(
    "cell", ["abc", "12.5", "-12.000001", "NaN", "inf", "-Infinity", "1e400", "0x1F", "1;2", "true"]
)
def test_finds_what_is_no_whole_number(folder: TableFolder, cell: str) -> None:
    folder.rows["bureau"][3]["DAYS_CREDIT"] = cell

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("DAYS_CREDIT", FindingKind.WRONG_TYPE)
    assert (found.count, found.example_row) == (1, 4)
    assert "whole number" in found.message


def test_finds_what_is_no_number(folder: TableFolder) -> None:
    folder.rows["bureau"][4]["AMT_CREDIT_SUM"] = "1 000"
    folder.rows["bureau"][5]["AMT_CREDIT_SUM"] = "nan"

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("AMT_CREDIT_SUM", FindingKind.WRONG_TYPE)
    assert (found.count, found.example_row) == (2, 5)


def test_finds_fractions_and_not_a_number_in_parquet(folder: TableFolder) -> None:
    folder.write_all()
    folder.rows["bureau"][3]["DAYS_CREDIT_ENDDATE"] = "-0.5"
    folder.rows["bureau"][4]["AMT_CREDIT_SUM"] = "nan"
    folder.write_parquet("bureau")

    assert summarize(check_tables(folder.path)) == [
        ("bureau", "DAYS_CREDIT_ENDDATE", FindingKind.WRONG_TYPE, 1, 4),
        ("bureau", "AMT_CREDIT_SUM", FindingKind.WRONG_TYPE, 1, 5),
    ]


def test_finds_an_empty_cell_where_there_must_be_a_value(folder: TableFolder) -> None:
    folder.rows["bureau"][3]["CREDIT_ACTIVE"] = ""

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("CREDIT_ACTIVE", FindingKind.NULL)
    assert (found.count, found.example_row) == (1, 4)


def test_finds_an_unknown_category_and_names_the_first(folder: TableFolder) -> None:
    folder.rows["bureau"][2]["CREDIT_ACTIVE"] = "Frozen"
    folder.rows["bureau"][4]["CREDIT_ACTIVE"] = "active"

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("CREDIT_ACTIVE", FindingKind.UNKNOWN_CATEGORY)
    assert (found.count, found.example_row) == (2, 3)
    assert "'Frozen'" in found.message


def test_finds_a_value_out_of_range(folder: TableFolder) -> None:
    folder.rows["application_train"][1]["DAYS_BIRTH"] = "12"
    folder.rows["application_train"][3]["DAYS_BIRTH"] = "-99999"

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("DAYS_BIRTH", FindingKind.OUT_OF_RANGE)
    assert (found.count, found.example_row) == (2, 2)
    assert "-36,525 to -6,570 days" in found.message


def test_the_limits_of_a_range_belong_to_it(folder: TableFolder) -> None:
    folder.rows["application_train"][0]["DAYS_BIRTH"] = "-36525"
    folder.rows["application_train"][1]["DAYS_BIRTH"] = "-6570"

    assert check_tables(folder.write_all()).findings == ()


def test_a_sentinel_is_neither_out_of_range_nor_unknown(folder: TableFolder) -> None:
    folder.rows["application_train"][0]["DAYS_EMPLOYED"] = "365243"
    folder.rows["application_train"][0]["CODE_GENDER"] = "XNA"
    folder.rows["previous_application"][0]["SELLERPLACE_AREA"] = "-1"

    assert check_tables(folder.write_all()).findings == ()


def test_another_columns_sentinel_is_out_of_range(folder: TableFolder) -> None:
    folder.rows["bureau"][0]["DAYS_CREDIT_ENDDATE"] = "365243"

    assert check_one_violation(folder.write_all()).kind is FindingKind.OUT_OF_RANGE


def test_finds_duplicate_keys(folder: TableFolder) -> None:
    folder.rows["bureau"] += [folder.rows["bureau"][2], folder.rows["bureau"][0]]

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("SK_ID_BUREAU", FindingKind.DUPLICATE_KEY)
    assert (found.count, found.example_row) == (2, 7)


def test_finds_duplicates_of_a_key_of_two_columns(folder: TableFolder) -> None:
    first = folder.rows["bureau_balance"][0]
    another_month = first | {"MONTHS_BALANCE": "-1"}
    folder.rows["bureau_balance"] += [another_month, first, first]

    found = check_one_violation(folder.write_all())

    assert found.column == "SK_ID_BUREAU, MONTHS_BALANCE"
    assert (found.count, found.example_row) == (2, 8)


def test_keys_that_are_written_differently_are_duplicates_all_the_same(folder: TableFolder) -> None:
    repeated = dict(folder.rows["bureau"][0])
    repeated["SK_ID_BUREAU"] += ".0"
    folder.rows["bureau"].append(repeated)

    assert check_one_violation(folder.write_all()).kind is FindingKind.DUPLICATE_KEY


def test_payments_may_occur_twice(folder: TableFolder) -> None:
    folder.rows["installments_payments"] *= 2

    assert check_tables(folder.write_all()).findings == ()


def test_finds_orphan_keys(folder: TableFolder) -> None:
    folder.rows["POS_CASH_balance"][2]["SK_ID_PREV"] = "42"
    folder.rows["POS_CASH_balance"][4]["SK_ID_PREV"] = "43"

    found = check_one_violation(folder.write_all())

    assert (found.column, found.kind) == ("SK_ID_PREV", FindingKind.ORPHAN_KEY)
    assert (found.count, found.example_row) == (2, 3)
    assert "previous_application" in found.message


def test_a_client_of_either_application_table_is_no_orphan(folder: TableFolder) -> None:
    of_test = folder.rows["application_test"][0]["SK_ID_CURR"]
    folder.rows["bureau"][0]["SK_ID_CURR"] = of_test

    assert check_tables(folder.write_all()).findings == ()


def test_orphans_are_not_looked_for_where_the_keys_are_missing(folder: TableFolder) -> None:
    folder.write_all()
    (folder.path / "previous_application.csv").write_bytes(b"")

    report = check_tables(folder.path)

    assert [found.table for found in report.notes] == [
        "POS_CASH_balance",
        "credit_card_balance",
        "installments_payments",
    ]
    assert {found.kind for found in report.notes} == {FindingKind.NOT_CHECKED}


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


def check_unreadable(folder: TableFolder, table: str, pattern: str) -> None:
    """Check that the table is unreadable for that reason and that the others are still checked."""
    report = check_tables(folder.path)
    (found,) = (each for each in report.violations if each.table == table)
    assert found.kind is FindingKind.UNREADABLE
    assert set(report.rows) == set(TABLES) - {table}
    with pytest.raises(UnreadableTable, match=pattern):
        report.raise_for_violations()


def test_a_table_cut_off_in_a_line_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_bytes(path.read_bytes()[:-40])

    check_unreadable(folder, "bureau", r"bureau\.csv: cut off: the last line has \d+ of 17 fields")


def test_a_table_cut_off_in_quotes_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_bytes(path.read_bytes() + b'100001,5000099,"Clo')

    check_unreadable(folder, "bureau", "cut off: the last line has a quotation mark")


def test_a_quote_that_is_never_closed_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_text(path.read_text().replace("Closed", '"Closed', 1))

    check_unreadable(folder, "bureau", "a quotation mark opens and nothing closes it")


def test_a_line_with_too_many_fields_is_unreadable(folder: TableFolder) -> None:
    lines = (folder.write_all() / "bureau.csv").read_text().splitlines()
    lines[3] += ",1"
    (folder.path / "bureau.csv").write_text("\n".join(lines) + "\n")

    check_unreadable(folder, "bureau", "line 4: 18 fields where the header has 17")


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
def test_another_delimiter_is_unreadable(folder: TableFolder, delimiter: str, name: str) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_text(path.read_text().replace(",", delimiter))

    check_unreadable(folder, "bureau", f"fields are parted by {name}, expected commas")


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_unreadable(folder: TableFolder, content: bytes) -> None:
    (folder.write_all() / "bureau.csv").write_bytes(content)

    check_unreadable(folder, "bureau", r"bureau\.csv is empty \(\d bytes\)")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_a_file_of_wide_characters_is_unreadable(folder: TableFolder, encoding: str) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_bytes(path.read_text().encode(encoding))

    check_unreadable(folder, "bureau", "not UTF-8")


def test_a_cell_that_is_not_utf8_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_bytes(path.read_text().replace("Closed", "Fermé", 1).encode("latin-1"))

    check_unreadable(folder, "bureau", r"bureau\.csv, line \d: not UTF-8")


def test_a_header_that_is_not_utf8_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_bytes(path.read_text().replace("CREDIT_TYPE", "CRÉDIT", 1).encode("latin-1"))

    check_unreadable(folder, "bureau", r"bureau\.csv, line 1: not UTF-8")


def test_a_file_without_a_header_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_text(path.read_text().split("\n", 1)[1])

    check_unreadable(folder, "bureau", "line 1 names no column of bureau")


def test_a_column_that_is_named_twice_is_unreadable(folder: TableFolder) -> None:
    path = folder.write_all() / "bureau.csv"
    path.write_text(path.read_text().replace("CREDIT_CURRENCY", "CREDIT_ACTIVE", 1))

    check_unreadable(folder, "bureau", "the header names CREDIT_ACTIVE more than once")


def test_an_archive_under_a_csvs_name_is_unreadable(folder: TableFolder) -> None:
    folder.write_all()
    folder.write_zipped("bureau").rename(folder.path / "bureau.csv")

    check_unreadable(folder, "bureau", r"is no CSV but a zip archive")


@pytest.mark.parametrize("kept", [0, 30, -30])
def test_a_zip_that_is_cut_off_is_unreadable(folder: TableFolder, kept: int) -> None:
    folder.write_all()
    path = folder.write_zipped("bureau")
    path.write_bytes(path.read_bytes()[:kept])

    check_unreadable(folder, "bureau", r"bureau\.csv\.zip is not a whole zip archive")


def test_a_zip_with_a_damaged_member_is_unreadable(folder: TableFolder) -> None:
    folder.write_all()
    path = folder.write_zipped("bureau")
    content = bytearray(path.read_bytes())
    content[100:110] = bytes(10)
    path.write_bytes(content)

    check_unreadable(folder, "bureau", r"bureau\.csv\.zip is not a whole zip archive")


def test_a_zip_of_something_else_is_unreadable(folder: TableFolder) -> None:
    folder.write_all()
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
    folder.write_all()
    path = folder.write_parquet("bureau")
    path.write_bytes(path.read_bytes()[:kept])

    check_unreadable(folder, "bureau", r"bureau\.parquet is (not a whole parquet file|empty)")


def test_parquet_with_damaged_pages_is_unreadable(folder: TableFolder) -> None:
    folder.write_all()
    path = folder.write_parquet("bureau")
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)

    check_unreadable(folder, "bureau", r"bureau\.parquet: cannot be read as what its name says")


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


def test_the_json_report_holds_every_finding(folder: TableFolder) -> None:
    folder.rows["bureau"][2]["CREDIT_ACTIVE"] = "Gelöscht"
    content = json.loads(check_tables(folder.write_all()).to_json())

    assert content["source"] == str(folder.path)
    assert content["sound"] is False
    assert content["rows"]["bureau"] == 6
    assert content["findings"] == [
        {
            "table": "bureau",
            "column": "CREDIT_ACTIVE",
            "kind": "unknown category",
            "severity": "violation",
            "count": 1,
            "example_row": 3,
            "message": "'Gelöscht' is none of its 4 categories.",
        }
    ]


def test_the_printed_report_names_table_column_count_and_row(folder: TableFolder) -> None:
    folder.rows["bureau"][2]["CREDIT_ACTIVE"] = "Frozen"
    folder.rows["bureau"][4]["CREDIT_ACTIVE"] = "Frozen"

    printed = render(check_tables(folder.write_all()))

    (line,) = (line for line in printed.splitlines() if "none of its 4 categories" in line)
    assert line.split()[:6] == ["bureau", "CREDIT_ACTIVE", "unknown", "category", "2", "3"]
    assert "The tables break the data contract: 1 violations in bureau." in printed


def test_the_printed_report_loses_nothing_on_a_narrow_screen(folder: TableFolder) -> None:
    folder.write_all()
    (folder.path / "bureau.csv").unlink()

    squeezed = "".join(render(check_tables(folder.path), width=60).split())

    assert "Nobureau.csv,.csv.zipor.parquet." in squeezed


def test_the_printed_report_of_sound_tables_says_so(folder: TableFolder) -> None:
    printed = render(check_tables(folder.write_all()))

    assert "The tables keep the data contract." in printed
    assert "Violations" not in printed


def test_the_worst_finding_decides_the_error() -> None:
    broken = Finding(table="bureau", kind=FindingKind.NULL, message="empty")
    missing = Finding(table="application_train", kind=FindingKind.MISSING_TABLE, message="none")
    unreadable = Finding(table="bureau", kind=FindingKind.UNREADABLE, message="cut off")
    noted = Finding(
        table="bureau", kind=FindingKind.EXTRA_COLUMN, message="x", severity=Severity.NOTE
    )

    def raise_for(*findings: Finding) -> None:
        CheckReport(source="s", rows={}, findings=findings).raise_for_violations()

    raise_for(noted)
    with pytest.raises(ContractViolation):
        raise_for(noted, broken)
    with pytest.raises(TableMissing):
        raise_for(broken, missing)
    with pytest.raises(UnreadableTable):
        raise_for(broken, missing, unreadable)


MONTHS = {
    "sound": st.integers(-120, 0).map(str) | st.integers(-120, 0).map("{}.0".format),
    FindingKind.NULL: st.just(""),
    FindingKind.WRONG_TYPE: st.sampled_from(
        ["x", "nan", "-inf", "-1.5", "1e999", "0x1", "- 1", "½"]
    ),
    FindingKind.OUT_OF_RANGE: st.integers(1, 10**15).map(str)
    | st.integers(-(10**15), -121).map(str),
}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(list(MONTHS)).flatmap(
            lambda fault: MONTHS[fault].map(lambda cell: (fault, cell))
        ),
        min_size=1,
        max_size=60,
    )
)
def test_counts_each_fault_and_points_to_its_first_row(cells: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"{key},{cell},C" for key, (_, cell) in enumerate(cells)]
        path = Path(folder) / "bureau_balance.csv"
        path.write_text("\n".join(["SK_ID_BUREAU,MONTHS_BALANCE,STATUS", *lines]) + "\n")
        report = check_tables(Path(folder), threads=1)

    faults = [fault for fault, _ in cells]
    assert {
        (found.kind, found.count, found.example_row)
        for found in report.violations
        if found.table == "bureau_balance"
    } == {
        (fault, faults.count(fault), faults.index(fault) + 1) for fault in set(faults) - {"sound"}
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=60))
def test_counts_every_repeated_key_once_less_than_it_occurs(keys: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"{key},-1,C" for key in keys]
        path = Path(folder) / "bureau_balance.csv"
        path.write_text("\n".join(["SK_ID_BUREAU,MONTHS_BALANCE,STATUS", *lines]) + "\n")
        report = check_tables(Path(folder), threads=1)

    found = [each for each in report.violations if each.kind is FindingKind.DUPLICATE_KEY]
    repeats = [row for row, key in enumerate(keys, start=1) if key in keys[: row - 1]]
    assert [(each.count, each.example_row) for each in found] == (
        [(len(repeats), repeats[0])] if repeats else []
    )


def test_rows_are_numbered_as_in_the_file_however_many_threads_read_it(tmp_path: Path) -> None:
    months = ["-1"] * 600_000
    for row in (400_001, 400_002, 599_999):
        months[row - 1] = "1"
    lines = [f"{key},{month},C" for key, month in enumerate(months)]
    path = tmp_path / "bureau_balance.csv"
    path.write_text("\n".join(["SK_ID_BUREAU,MONTHS_BALANCE,STATUS", *lines]) + "\n")

    report = check_tables(tmp_path, threads=4)

    (found,) = (each for each in report.violations if each.table == "bureau_balance")
    assert (found.kind, found.count, found.example_row) == (FindingKind.OUT_OF_RANGE, 3, 400_001)


@pytest.mark.real
def test_the_real_tables_break_the_contract_only_by_clients_set_aside() -> None:
    home = os.environ.get("HOME_CREDIT_DIR")
    if home is None:
        pytest.skip("HOME_CREDIT_DIR is not set")

    report = check_tables(Path(home) / "relational")

    assert {found.kind for found in report.findings} == {FindingKind.ORPHAN_KEY}
    assert check_tables(Path(home) / "application", lenient=True).violations == ()
