"""Checks the tables of a folder, or of Kaggle's download, against the data contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from credit.contract import HISTORY_TABLES, TABLES, Column, Kind
from credit.errors import UnreadableTable
from credit.temporary_folder import open_temporary_folder
from training.check_queries import (
    Fault,
    build_cell_query,
    build_duplicate_query,
    build_first_duplicate_query,
    build_key_query,
)
from training.check_report import (
    TRAINING_TABLE,
    CheckReport,
    Finding,
    FindingKind,
    Severity,
)
from training.table_files import Packing, TableFile, find_tables, unpack
from training.table_scan import Scan, explain_read_error, open_scan, quote_name
from training.tables import connect

_REFERRED = {
    (table, reference.key)
    for referring in TABLES.values()
    for reference in referring.references
    for table in reference.tables
}
# What DuckDB raises for a fault of ours or of the machine, and never for a file's content.
_NOT_THE_FILE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
)


def check_tables(
    source: Path,
    *,
    lenient: bool = False,
    memory_limit: str | None = "2GB",
    threads: int | None = None,
    on_table: Callable[[str], None] | None = None,
) -> CheckReport:
    """Return all that is wrong with the tables, and what else is worth knowing of them.

    Files are read in one pass, or two where there is a key; what exceeds the memory limit, and
    what is zipped, goes to a temporary folder. A file that cannot be read hides nothing of the
    others. Lenient, only what training cannot do without is a violation: missing tables other than
    application_train and orphan keys are notes. `on_table` is told each table's name before it is
    checked.

    Raises:
        TableMissing: If there is no such folder, or no table in it.
        UnreadableTable: If the source is an archive that is not whole.
    """
    files = find_tables(source)
    findings: list[Finding] = []
    rows: dict[str, int] = {}
    with (
        open_temporary_folder("credit-check-") as folder,
        connect(folder, memory_limit=memory_limit, threads=threads) as connection,
    ):
        checker = _TableChecker(connection, folder)
        for table in TABLES:
            if on_table is not None:
                on_table(table)
            if table in files:
                findings += checker.check(files[table])
            else:
                findings.append(_report_missing(table))
        rows = checker.rows
    if lenient:
        findings = [_soften(found) for found in findings]
    return CheckReport(source=str(source), rows=rows, findings=tuple(findings))


class _TableChecker:
    """Checks one table after the other and keeps the keys that later tables refer to."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.rows: dict[str, int] = {}
        self._connection = connection
        self._folder = folder
        self._keys: set[str] = set()

    def check(self, file: TableFile) -> list[Finding]:
        """Return the findings about one file; if it breaks off, those up to there."""
        findings: list[Finding] = []
        try:
            with self._unpacked(file) as plain:
                scan = open_scan(self._connection, plain, file.label)
                findings += _check_shape(scan, file)
                findings += self._check_cells(scan)
                findings += self._check_key(scan)
                self._keep_keys(scan)
        except UnreadableTable as unreadable:
            findings.append(_report_unreadable(file, unreadable))
        except _NOT_THE_FILE:
            raise
        except duckdb.Error as error:
            findings.append(_report_unreadable(file, explain_read_error(file.label, error)))
        return findings

    @contextmanager
    def _unpacked(self, file: TableFile) -> Iterator[TableFile]:
        plain = unpack(file, self._folder)
        try:
            yield plain
        finally:
            if file.packing is Packing.ZIPPED_CSV:
                plain.path.unlink()

    def _check_cells(self, scan: Scan) -> list[Finding]:
        unchecked, key_tables = self._resolve_references(scan)
        query, faults = build_cell_query(scan, key_tables)
        count, *cells = self._connection.execute(query).fetchall()[0]
        self.rows[scan.table.name] = count
        triples = zip(cells[::3], cells[1::3], cells[2::3], strict=True)
        found = [
            _report_fault(scan, fault, *triple)
            for fault, triple in zip(faults, triples, strict=True)
            if triple[0]
        ]
        return [*([] if count else [_report_no_rows(scan)]), *found, *unchecked]

    def _resolve_references(self, scan: Scan) -> tuple[list[Finding], dict[str, list[str]]]:
        """Return a note on each reference that cannot be followed, and the rest's key tables."""
        unchecked: list[Finding] = []
        key_tables: dict[str, list[str]] = {}
        for reference in scan.table.references:
            names = [_name_keys(table, reference.key) for table in reference.tables]
            absent = [
                table
                for table, name in zip(reference.tables, names, strict=True)
                if name not in self._keys
            ]
            if not absent:
                key_tables[reference.column] = names
            elif reference.column in scan.types:
                unchecked.append(_report_unchecked(scan, reference.column, absent))
        return unchecked, key_tables

    def _check_key(self, scan: Scan) -> list[Finding]:
        key = scan.table.primary_key
        if not key or not set(key) <= set(scan.types):
            return []
        copies = self._fetch_number(build_duplicate_query(scan))
        if not copies:
            return []
        return [
            Finding(
                table=scan.table.name,
                column=", ".join(key),
                kind=FindingKind.DUPLICATE_KEY,
                count=copies,
                example_row=self._fetch_number(build_first_duplicate_query(scan)),
                message="An earlier row has the same key; keep one of them.",
            )
        ]

    def _keep_keys(self, scan: Scan) -> None:
        for table, key in _REFERRED:
            if table == scan.table.name and key in scan.types:
                name = _name_keys(table, key)
                self._connection.execute(
                    f"CREATE TEMP TABLE {quote_name(name)} AS {build_key_query(scan, key)}"
                )
                self._keys.add(name)

    def _fetch_number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchall()[0][0])


def _name_keys(table: str, key: str) -> str:
    return f"keys_{table}_{key}"


def _check_shape(scan: Scan, file: TableFile) -> list[Finding]:
    table = scan.table.name
    missing = [
        Finding(
            table=table,
            column=name,
            kind=FindingKind.MISSING_COLUMN,
            message=f"{scan.label} has no such column.",
        )
        for name in scan.missing_columns
    ]
    notes = [
        (name, FindingKind.EXTRA_COLUMN, "Not in the contract; it is not read.")
        for name in scan.extra_columns
    ]
    if not scan.trailing_newline:
        notes.append(
            ("", FindingKind.NO_TRAILING_NEWLINE, "The last line may be cut off: compare the size.")
        )
    if file.passed_over:
        others = ", ".join(file.passed_over)
        message = f"{file.label} is read, {others} is not. Remove what is not meant."
        notes.append(("", FindingKind.SEVERAL_FILES, message))
    return missing + [
        Finding(table=table, column=column, kind=kind, severity=Severity.NOTE, message=message)
        for column, kind, message in notes
    ]


def _report_missing(table: str) -> Finding:
    message = f"No {table}.csv, .csv.zip or .parquet."
    if table in HISTORY_TABLES:
        message += " Training can go on without its features."
    return Finding(table=table, kind=FindingKind.MISSING_TABLE, message=message)


def _report_unreadable(file: TableFile, error: UnreadableTable) -> Finding:
    return Finding(table=file.table, kind=FindingKind.UNREADABLE, message=str(error))


def _report_no_rows(scan: Scan) -> Finding:
    needed = scan.table.name == TRAINING_TABLE
    return Finding(
        table=scan.table.name,
        kind=FindingKind.NO_ROWS,
        severity=Severity.VIOLATION if needed else Severity.NOTE,
        message=f"{scan.label} has a header and no row.",
    )


def _report_unchecked(scan: Scan, column: str, absent: list[str]) -> Finding:
    return Finding(
        table=scan.table.name,
        column=column,
        kind=FindingKind.NOT_CHECKED,
        severity=Severity.NOTE,
        message=f"Keys are not looked up: {', '.join(absent)} is missing or unreadable.",
    )


def _report_fault(scan: Scan, fault: Fault, count: int, row: int, text: str | None) -> Finding:
    return Finding(
        table=scan.table.name,
        column=fault.column.name,
        kind=fault.kind,
        count=count,
        example_row=row,
        message=_explain_fault(scan, fault, text),
    )


def _explain_fault(scan: Scan, fault: Fault, text: str | None) -> str:
    column = fault.column
    match fault.kind:
        case FindingKind.NULL:
            return "The cell must not be empty."
        case FindingKind.WRONG_TYPE:
            return f"Expected {'a' if column.kind is Kind.NUMBER else 'a whole'} number."
        case FindingKind.OUT_OF_RANGE:
            return f"Expected {_describe_range(column)}."
        case FindingKind.UNKNOWN_CATEGORY:
            return f"{text!r:.40} is none of its {len(column.categories)} categories."
        case _:
            (tables,) = (r.tables for r in scan.table.references if r.column == column.name)
            return f"No such {column.name} in {' or '.join(tables)}."


def _describe_range(column: Column) -> str:
    unit = f" {column.unit}" if column.unit else ""
    sentinel = "" if column.sentinel is None else f", or {column.sentinel} for missing"
    return f"{_describe(column.minimum)} to {_describe(column.maximum)}{unit}{sentinel}"


def _describe(limit: float | None) -> str:
    return "no limit" if limit is None else f"{limit:,}"


def _soften(found: Finding) -> Finding:
    dispensable = found.kind is FindingKind.ORPHAN_KEY or (
        found.kind is FindingKind.MISSING_TABLE and found.table != TRAINING_TABLE
    )
    return replace(found, severity=Severity.NOTE) if dispensable else found
