"""What is there: tables, files, rows, and whether they keep the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from credit.contract import TABLES
from credit.store_manifest import SourceFile
from training.check_report import CheckReport, Finding
from training.data_report.opening import ReadableTables
from training.data_report.page import Chapter, Grid, Part
from training.data_report.words import tell_count, tell_list, tell_size

TITLE = "What is there"
_HASH_PREFIX = 12
_MOST_FINDINGS = 40


@dataclass(frozen=True, slots=True)
class TableSize:
    """One table that can be read.

    Attributes:
        table: Its name.
        file: Its file, as a person would call it.
        size: Bytes, unpacked.
        rows: How many.
        columns: How many of the declared ones are there.
        declared: How many there should be.
        clients: Different clients; None where they are not known.
        sha256: Of the file on disk; of a zipped table that of the archive.
    """

    table: str
    file: str
    size: int
    rows: int
    columns: int
    declared: int
    clients: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that is there.

    Attributes:
        sizes: Of the tables that can be read.
        missing: Names of tables without a file.
        unreadable: Names of tables whose file cannot be read.
        report: The contract's verdict.
    """

    sizes: tuple[TableSize, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]
    report: CheckReport


def measure_inventory(
    tables: ReadableTables,
    hashes: Mapping[str, SourceFile],
    report: CheckReport,
    clients: Mapping[str, int],
) -> Inventory:
    """Return the tables' sizes; `clients` has the count of each table that names them."""
    sizes = [
        TableSize(
            table=name,
            file=scan.label,
            size=scan.file.path.stat().st_size,
            rows=report.rows.get(name, 0),
            columns=len(tables.columns(name)),
            declared=len(TABLES[name].columns),
            clients=clients.get(name),
            sha256=hashes[name].sha256[:_HASH_PREFIX],
        )
        for name, scan in tables.scans.items()
    ]
    missing = tuple(table for table in TABLES if table not in hashes)
    unreadable = tuple(table for table in hashes if table not in tables.scans)
    return Inventory(tuple(sizes), missing, unreadable, report)


def describe_inventory(measured: Inventory) -> Chapter:
    """Return the chapter of tables and the contract's verdict."""
    rows = sum(size.rows for size in measured.sizes)
    sentences = [
        (
            f"{len(measured.sizes)} of {len(TABLES)} tables can be read, with {rows:,} rows in "
            f"{tell_size(sum(size.size for size in measured.sizes))}."
        )
    ]
    if measured.missing:
        sentences.append(f"Missing: {tell_list(measured.missing)}.")
    if measured.unreadable:
        sentences.append(f"Not readable: {tell_list(measured.unreadable)}.")
    return Chapter(
        "tables",
        TITLE,
        (
            Part(paragraphs=(" ".join(sentences),), grids=(_list_sizes(measured),)),
            _describe_verdict(measured.report),
        ),
    )


def _list_sizes(measured: Inventory) -> Grid:
    return Grid(
        "Tables",
        ("table", "file", "size (unpacked)", "rows", "columns", "clients", "sha256 begins"),
        tuple(
            (
                size.table,
                size.file,
                tell_size(size.size),
                f"{size.rows:,}",
                _tell_columns(size),
                "not known" if size.clients is None else tell_count(size.clients),
                size.sha256,
            )
            for size in measured.sizes
        ),
        wordy=("file",),
    )


def _tell_columns(size: TableSize) -> str:
    whole = size.columns == size.declared
    return str(size.columns) if whole else f"{size.columns} of {size.declared}"


def _describe_verdict(report: CheckReport) -> Part:
    violations, notes = len(report.violations), len(report.notes)
    if violations:
        verdict = (
            f"The tables break the data contract in {violations} ways; training refuses them. "
            "Cells that are not what the contract declares are read as missing below, duplicates "
            "count as often as they occur. `credit data check` names the first row of each."
        )
    else:
        verdict = "The tables keep the data contract as training reads it."
    if notes:
        verdict += f" Beside that there {'is 1 note' if notes == 1 else f'are {notes} notes'}."
    found = [*report.violations, *report.notes]
    grids: tuple[Grid, ...] = ()
    if found:
        grids = (
            Grid(
                "What the contract's check found",
                ("where", "what", "rows", "weight", "expected"),
                tuple(_list_finding(finding) for finding in found[:_MOST_FINDINGS]),
                wordy=("what", "expected"),
            ),
        )
    paragraphs = [verdict]
    if len(found) > _MOST_FINDINGS:
        paragraphs.append(f"The first {_MOST_FINDINGS} of {len(found)} findings are listed.")
    return Part("Contract", tuple(paragraphs), grids=grids)


def _list_finding(finding: Finding) -> tuple[str, ...]:
    where = f"{finding.table}.{finding.column}" if finding.column else finding.table
    rows = tell_count(finding.count) if finding.count else ""
    # The text of a cell that breaks the contract stays in `credit data check`.
    message = "" if "'" in finding.message else finding.message
    return where, finding.kind.value, rows, finding.severity.value, message
