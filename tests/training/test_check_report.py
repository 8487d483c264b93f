from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from credit.errors import ContractViolation, TableMissing, UnreadableTable
from training.check_report import (
    CheckReport,
    Finding,
    FindingKind,
    Severity,
    render_report,
)
from training.table_check import check_tables

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder


def render(report: CheckReport, width: int = 200) -> str:
    printed = StringIO()
    Console(file=printed, width=width).print(render_report(report))
    return printed.getvalue()


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

    assert "bureau.CREDIT_ACTIVE  unknown category in 2 rows, the first is 3." in printed
    assert "Violations of the data contract: 1." in printed


def test_the_printed_report_loses_nothing_on_a_narrow_screen(folder: TableFolder) -> None:
    folder.write_all()
    (folder.path / "bureau.csv").unlink()

    squeezed = "".join(render(check_tables(folder.path), width=60).split())

    assert "Nobureau.csv,.csv.zipor.parquet." in squeezed


def test_the_printed_report_of_sound_tables_says_so(folder: TableFolder) -> None:
    printed = render(check_tables(folder.write_all()))

    assert "The tables keep the data contract." in printed
    assert "Violations" not in printed
    assert "Notes" not in printed


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
