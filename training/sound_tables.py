"""Refuses tables that no feature can be computed from, before anything long begins."""

from __future__ import annotations

from pathlib import Path

from training.check_report import CheckReport, describe_finding
from training.table_check import check_tables
from training.telling import Say


def require_sound_tables(data: Path, say: Say, memory_limit: str | None = None) -> CheckReport:
    """Return the report if features can be computed; what is not fatal is told, a line each.

    Raises:
        ContractViolation: If the tables break the contract in more than missing histories and
            orphan rows.
        UnreadableTable: If a file is not what its name says.
        TableMissing: If there is no application_train.
    """
    say("Checking the tables against the contract")
    report = check_tables(data, lenient=True, memory_limit=memory_limit)
    for note in report.notes:
        say(f"Note: {describe_finding(note)}")
    report.raise_for_violations()
    return report
