"""Small sound tables, made from the contract, that a test spoils in one place."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.contract import TABLES, Column, Kind

ROWS = 6
_FIRST_KEYS = {"SK_ID_CURR": 100_001, "SK_ID_BUREAU": 5_000_001, "SK_ID_PREV": 1_000_001}


class TableFolder:
    """A folder of tables: `rows` are their cells as text, `write` puts a table on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, list[dict[str, str]]] = {
            table: [
                {column.name: _choose_cell(table, column, index) for column in declared.columns}
                for index in range(ROWS)
            ]
            for table, declared in TABLES.items()
        }

    def write_all(self) -> Path:
        """Write every table as CSV and return the folder."""
        for table in TABLES:
            self.write(table)
        return self.path

    def write(self, table: str) -> Path:
        """Write one table as CSV and return its path."""
        path = self.path / f"{table}.csv"
        rows = self.rows[table]
        header = list(rows[0]) if rows else list(TABLES[table].column_names)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def write_zipped(self, table: str) -> Path:
        """Write one table as a zipped CSV and return the archive's path."""
        plain = self.write(table)
        path = self.path / f"{table}.csv.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(plain, plain.name)
        plain.unlink()
        return path

    def write_parquet(self, table: str, *, texts: bool = False) -> Path:
        """Write one table as parquet, its numbers as such or all as texts; remove its CSV."""
        path = self.path / f"{table}.parquet"
        cells = {name: [row[name] for row in self.rows[table]] for name in self.rows[table][0]}
        if not texts:
            declared = TABLES[table].by_name
            cells = {name: _parse_cells(declared[name], column) for name, column in cells.items()}
        pq.write_table(pa.table(cells), path)
        (self.path / f"{table}.csv").unlink(missing_ok=True)
        return path


def _parse_cells(column: Column, cells: list[str]) -> list[Any]:
    if column.kind is Kind.CATEGORY:
        return [cell or None for cell in cells]
    whole = all(cell.lstrip("-").isdecimal() for cell in cells)
    parse = int if whole and column.kind is not Kind.NUMBER else float
    return [parse(cell) if cell else None for cell in cells]


def _choose_cell(table: str, column: Column, index: int) -> str:
    if column.kind is Kind.KEY:
        later_clients = ROWS if table == "application_test" else 0
        return str(_FIRST_KEYS[column.name] + index + later_clients)
    if column.nullable and index == 2:
        return ""
    if column.kind is Kind.CATEGORY:
        return column.categories[index % len(column.categories)]
    assert column.minimum is not None
    assert column.maximum is not None
    cell = column.minimum + (column.maximum - column.minimum) * (index + 1) / (ROWS + 1)
    if column.kind is Kind.NUMBER:
        return repr(cell)
    return f"{round(cell)}.0" if column.nullable else str(round(cell))


@pytest.fixture
def folder(tmp_path: Path) -> TableFolder:
    """Return sound tables of six rows each, none of them written yet."""
    path = tmp_path / "tables"
    path.mkdir()
    return TableFolder(path)
