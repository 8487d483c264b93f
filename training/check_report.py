"""What a check of the tables found, as data, as JSON, and for a person to read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from credit.errors import ContractViolation, CreditError, TableMissing, UnreadableTable

TRAINING_TABLE = "application_train"


class FindingKind(StrEnum):
    """What can be found about a table."""

    UNREADABLE = "unreadable file"
    MISSING_TABLE = "missing file"
    MISSING_COLUMN = "missing column"
    NO_ROWS = "no rows"
    NULL = "empty cell"
    WRONG_TYPE = "wrong type"
    UNKNOWN_CATEGORY = "unknown category"
    OUT_OF_RANGE = "out of range"
    DUPLICATE_KEY = "duplicate key"
    ORPHAN_KEY = "orphan key"
    NOT_CHECKED = "not checked"
    EXTRA_COLUMN = "extra column"
    NO_TRAILING_NEWLINE = "no newline at the end"
    SEVERAL_FILES = "several files"


class Severity(StrEnum):
    """Whether the finding breaks the contract."""

    VIOLATION = "violation"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found about a table.

    Attributes:
        table: The table's name.
        column: The column, or the columns of a key; empty where it is about the whole file.
        kind: What it is.
        severity: Whether it breaks the contract.
        message: What was found or expected, and what to do.
        count: Rows concerned; 0 where it is about the whole file.
        example_row: The first of these rows, counted from 1 after the header; None without rows.
    """

    table: str
    kind: FindingKind
    message: str
    column: str = ""
    severity: Severity = Severity.VIOLATION
    count: int = 0
    example_row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All that was found about the tables of one source.

    Attributes:
        source: The folder or archive.
        rows: Rows of each table that could be read to its end.
        findings: In the contract's order of tables.
    """

    source: str
    rows: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that break the contract."""
        return tuple(found for found in self.findings if found.severity is Severity.VIOLATION)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that do not."""
        return tuple(found for found in self.findings if found.severity is Severity.NOTE)

    def to_json(self) -> str:
        """Return the report as a JSON object with `source`, `sound`, `rows` and `findings`."""
        content = {
            "source": self.source,
            "sound": not self.violations,
            "rows": self.rows,
            "findings": [asdict(found) for found in self.findings],
        }
        return json.dumps(content, indent=2, ensure_ascii=False)

    def raise_for_violations(self) -> None:
        """Do nothing if the tables keep the contract.

        Raises:
            UnreadableTable: If a file could not be read.
            TableMissing: If application_train is missing, without which nothing works.
            ContractViolation: If anything else breaks the contract.
        """
        unreadable = [
            found.message for found in self.violations if found.kind is FindingKind.UNREADABLE
        ]
        if unreadable:
            raise UnreadableTable(" ".join(unreadable))
        for found in self.violations:
            if found.kind is FindingKind.MISSING_TABLE and found.table == TRAINING_TABLE:
                raise TableMissing(f"{self.source}: {found.message}")
        if self.violations:
            raise _summarize(self)


def render_report(report: CheckReport) -> RenderableType:
    """Return the report for a rich console, violations first; piped, it is plain text."""
    parts: list[RenderableType] = [Text(f"Tables of {report.source}", style="bold")]
    if report.rows:
        counts = ", ".join(f"{table} {count:,}" for table, count in report.rows.items())
        parts.append(Text(f"Rows read: {counts}."))
    for title, findings, style in (
        ("Violations", report.violations, "red"),
        ("Notes", report.notes, "yellow"),
    ):
        if findings:
            parts.append(_render_findings(f"{title} ({len(findings)})", findings, style))
    broken = Text(f"Violations of the data contract: {len(report.violations)}.", style="red")
    sound = Text("The tables keep the data contract.", style="green")
    return Group(*parts, broken if report.violations else sound)


def describe_finding(found: Finding) -> str:
    """Return the finding as one line: where, what, in how many rows, and what to do."""
    return f"{_locate(found)}: {_explain(found)}"


def _summarize(report: CheckReport) -> CreditError:
    tables = sorted({found.table for found in report.violations})
    first = report.violations[0]
    return ContractViolation(
        f"The tables break the data contract: violations in {', '.join(tables)}. "
        f"The first of {len(report.violations)}: {describe_finding(first)}"
    )


def _render_findings(title: str, findings: tuple[Finding, ...], style: str) -> Grid:
    grid = Grid(title=title, title_justify="left", title_style=f"bold {style}", box=None)
    grid.add_column("where", overflow="fold")
    grid.add_column("what", overflow="fold", ratio=1)
    for found in findings:
        # Text, since a name in a file is no markup.
        grid.add_row(Text(_locate(found)), Text(_explain(found)))
    return grid


def _locate(found: Finding) -> str:
    return f"{found.table}.{found.column}" if found.column else found.table


def _explain(found: Finding) -> str:
    if not found.count:
        return f"{found.kind}. {found.message}"
    rows = "row" if found.count == 1 else f"{found.count:,} rows, the first is"
    return f"{found.kind} in {rows} {found.example_row:,}. {found.message}"
