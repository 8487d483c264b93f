"""Histories to send along: the rows that the history tables have of some clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, dataset

from credit.contract import HISTORY_TABLES, TABLES, Column, Kind, Table

CLIENT = "SK_ID_CURR"
LOAN = "SK_ID_BUREAU"
MONTHS = "bureau_balance"  # the one table whose rows name a loan, and not the client

Row = dict[str, Any]
History = dict[str, list[Row]]
"""Rows by table, as the `history` block of a request has them."""


def read_histories(folder: Path, clients: Collection[int]) -> dict[int, History]:
    """Return the histories of those clients who have one; of none without history tables.

    Args:
        folder: Holds history tables, parquet or CSV, as many as there are.
        clients: Whose.
    """
    histories: dict[int, History] = defaultdict(dict)
    owners: dict[int, int] = {}
    for name in HISTORY_TABLES:
        if name == MONTHS or (path := _find_file(folder, name)) is None:
            continue
        for row in _read_rows(path, TABLES[name], CLIENT, clients):
            client = row.pop(CLIENT)
            histories[client].setdefault(name, []).append(row)
            if name == "bureau":
                owners[row[LOAN]] = client
    if owners and (path := _find_file(folder, MONTHS)) is not None:
        for row in _read_rows(path, TABLES[MONTHS], LOAN, owners):
            histories[owners[row[LOAN]]].setdefault(MONTHS, []).append(row)
    return dict(histories)


def _find_file(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}{ending}" for ending in (".parquet", ".csv"))
    return next((path for path in paths if path.exists()), None)


def _read_rows(path: Path, table: Table, key: str, keys: Collection[int]) -> Iterator[Row]:
    """Yield the rows with one of the keys, without empty cells."""
    opened = dataset.dataset(path, format=_choose_format(path, table))
    names = [name for name in table.column_names if name in opened.schema.names]
    wanted = dataset.field(key).isin(pa.array(sorted(keys), pa.int64()))
    for row in opened.to_table(columns=names, filter=wanted).to_pylist():
        yield {
            name: _mend(table.by_name[name], cell)
            for name, cell in row.items()
            if cell is not None and cell == cell  # noqa: PLR0124 -- NaN is empty too
        }


def _choose_format(path: Path, table: Table) -> str | dataset.CsvFileFormat:
    if path.suffix == ".parquet":
        return "parquet"
    # Arrow would guess from the first rows, and fail where later ones are otherwise.
    types = {column.name: _choose_type(column) for column in table.columns}
    return dataset.CsvFileFormat(
        convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    )


def _choose_type(column: Column) -> pa.DataType:
    if column.kind is Kind.CATEGORY:
        return pa.string()
    return pa.int64() if column.kind is Kind.KEY else pa.float64()


def _mend(column: Column, cell: object) -> object:
    """Return a whole number where the column has them: in CSV they may be written with a point."""
    return int(cell) if column.kind is Kind.INTEGER and isinstance(cell, float) else cell
