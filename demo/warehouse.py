"""Opens the tables of a folder to be measured, with a weight for every client."""

# ruff: noqa: S608 - the SQL is made of the names of our own contract and views
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.contract import HISTORY_TABLES, TABLES

Rows = Mapping[str, NDArray[Any]]

KAGGLE_CLIENTS = {"train": 307_511, "test": 48_744}


class Warehouse:
    """The tables as DuckDB relations, with each client's weight in ``clients``."""

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect()

    def run(self, sql: str) -> None:
        """Execute a statement."""
        self._connection.execute(sql)

    def select(self, columns: Mapping[str, str], source: str) -> Rows:
        """Return the columns, named and given as SQL, of the rows of a source."""
        chosen = ", ".join(f'{sql} as "{name}"' for name, sql in columns.items())
        return self.fetch(f"select {chosen} from {source}")

    def fetch(self, sql: str) -> Rows:
        """Return the result's columns; missing numbers are NaN, missing texts None."""
        fetched = self._connection.execute(sql).fetchnumpy()
        return {
            name: _fill(cells) if isinstance(cells, np.ma.MaskedArray) else np.asarray(cells)
            for name, cells in fetched.items()
        }


def _fill(cells: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    if cells.dtype.kind == "O":
        texts = np.array(cells.data, dtype=object)
        texts[np.ma.getmaskarray(cells)] = None
        return texts
    filled: NDArray[Any] = cells.filled(np.nan) if cells.dtype.kind == "f" else cells.data
    return filled


def open_tables(folder: Path) -> Warehouse:
    """Return the tables of a folder; clients weigh as if train and test were Kaggle's."""
    warehouse = Warehouse()
    relational = folder / "relational" if (folder / "relational").is_dir() else folder
    for table in TABLES:
        warehouse.run(f'create view "{table}" as select * from {_scan(relational, table)}')
    wide = folder / "application" if (folder / "application").is_dir() else folder
    labelled = _scan(wide, "application_train")
    warehouse.run(f"create view application as select *, 1.0 as weight from {labelled}")
    known = " union ".join(
        f'select SK_ID_CURR from "{table}"'
        for table in ("application_train", *HISTORY_TABLES)
        if "SK_ID_CURR" in TABLES[table].by_name
    )
    total = sum(KAGGLE_CLIENTS.values())
    warehouse.run(
        "create table clients as with sets as ("
        "select SK_ID_CURR, 'test' as side from application_test union all "
        f"select SK_ID_CURR, 'train' from ({known}) "
        "where SK_ID_CURR not in (select SK_ID_CURR from application_test)) "
        "select *, case side "
        + " ".join(f"when '{side}' then {size / total}" for side, size in KAGGLE_CLIENTS.items())
        + " end / count(*) over (partition by side) as weight from sets"
    )
    return warehouse


def _scan(folder: Path, table: str) -> str:
    parquet = folder / f"{table}.parquet"
    if parquet.is_file():
        return f"'{parquet}'"
    return f"read_csv('{folder / table}.csv', sample_size = -1)"
