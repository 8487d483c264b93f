from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.check_report import (
    CheckReport,
    Finding,
    FindingKind,
)
from training.table_check import check_tables

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder


def check_one_violation(folder: TableFolder, table: str = "bureau") -> Finding:
    """Write the one table, and return the one thing that is wrong inside it."""
    folder.write(table)
    report = check_tables(folder.path, lenient=True)
    (found,) = (each for each in report.violations if each.table == table)
    return found


def summarize(report: CheckReport) -> list[tuple[str, str, FindingKind, int, int | None]]:
    return [
        (found.table, found.column, found.kind, found.count, found.example_row)
        for found in report.findings
    ]


@pytest.mark.parametrize(
    "cell", ["abc", "12.5", "-12.000001", "NaN", "inf", "-Infinity", "1e400", "0x1F", "1;2", "true"]
)
def test_finds_what_is_no_whole_number(folder: TableFolder, cell: str) -> None:
    folder.rows["bureau"][3]["DAYS_CREDIT"] = cell

    found = check_one_violation(folder)

    assert (found.column, found.kind) == ("DAYS_CREDIT", FindingKind.WRONG_TYPE)
    assert (found.count, found.example_row) == (1, 4)
    assert "whole number" in found.message


def test_finds_what_is_no_number(folder: TableFolder) -> None:
    folder.rows["bureau"][4]["AMT_CREDIT_SUM"] = "1 000"
    folder.rows["bureau"][5]["AMT_CREDIT_SUM"] = "nan"

    found = check_one_violation(folder)

    assert (found.column, found.kind) == ("AMT_CREDIT_SUM", FindingKind.WRONG_TYPE)
    assert (found.count, found.example_row) == (2, 5)


def test_finds_fractions_and_not_a_number_in_parquet(folder: TableFolder) -> None:
    folder.rows["bureau_balance"][3]["MONTHS_BALANCE"] = "-0.5"
    folder.rows["previous_application"][4]["AMT_APPLICATION"] = "nan"
    for table in ("bureau_balance", "previous_application"):
        folder.write_parquet(table)

    faults = [
        found
        for found in summarize(check_tables(folder.path))
        if found[2] is FindingKind.WRONG_TYPE
    ]

    assert faults == [
        ("bureau_balance", "MONTHS_BALANCE", FindingKind.WRONG_TYPE, 1, 4),
        ("previous_application", "AMT_APPLICATION", FindingKind.WRONG_TYPE, 1, 5),
    ]


def test_finds_an_empty_cell_where_there_must_be_a_value(folder: TableFolder) -> None:
    folder.rows["bureau"][3]["CREDIT_ACTIVE"] = ""

    found = check_one_violation(folder)

    assert (found.column, found.kind) == ("CREDIT_ACTIVE", FindingKind.NULL)
    assert (found.count, found.example_row) == (1, 4)


def test_finds_an_unknown_category_and_names_the_first(folder: TableFolder) -> None:
    folder.rows["bureau"][2]["CREDIT_ACTIVE"] = "Frozen"
    folder.rows["bureau"][4]["CREDIT_ACTIVE"] = "active"

    found = check_one_violation(folder)

    assert (found.column, found.kind) == ("CREDIT_ACTIVE", FindingKind.UNKNOWN_CATEGORY)
    assert (found.count, found.example_row) == (2, 3)
    assert "'Frozen'" in found.message


def test_finds_a_value_out_of_range(folder: TableFolder) -> None:
    folder.rows["application_train"][1]["DAYS_BIRTH"] = "12"
    folder.rows["application_train"][3]["DAYS_BIRTH"] = "-99999"

    found = check_one_violation(folder, "application_train")

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

    assert check_one_violation(folder).kind is FindingKind.OUT_OF_RANGE


def test_finds_duplicate_keys(folder: TableFolder) -> None:
    folder.rows["bureau"] += [folder.rows["bureau"][2], folder.rows["bureau"][0]]

    found = check_one_violation(folder)

    assert (found.column, found.kind) == ("SK_ID_BUREAU", FindingKind.DUPLICATE_KEY)
    assert (found.count, found.example_row) == (2, 7)


def test_finds_duplicates_of_a_key_of_two_columns(folder: TableFolder) -> None:
    first = folder.rows["bureau_balance"][0]
    another_month = first | {"MONTHS_BALANCE": "-1"}
    folder.rows["bureau_balance"] += [another_month, first, first]

    found = check_one_violation(folder, "bureau_balance")

    assert found.column == "SK_ID_BUREAU, MONTHS_BALANCE"
    assert (found.count, found.example_row) == (2, 8)


def test_keys_that_are_written_differently_are_duplicates_all_the_same(folder: TableFolder) -> None:
    repeated = dict(folder.rows["bureau"][0])
    repeated["SK_ID_BUREAU"] += ".0"
    folder.rows["bureau"].append(repeated)

    assert check_one_violation(folder).kind is FindingKind.DUPLICATE_KEY


def test_payments_may_occur_twice(folder: TableFolder) -> None:
    folder.rows["installments_payments"] *= 2

    assert check_tables(folder.write_all()).findings == ()


def test_finds_orphan_keys(folder: TableFolder) -> None:
    folder.rows["POS_CASH_balance"][2]["SK_ID_PREV"] = "42"
    folder.rows["POS_CASH_balance"][4]["SK_ID_PREV"] = "43"
    folder.write("previous_application")
    folder.write("POS_CASH_balance")

    (found,) = (
        each
        for each in check_tables(folder.path).violations
        if each.kind is not FindingKind.MISSING_TABLE
    )

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
