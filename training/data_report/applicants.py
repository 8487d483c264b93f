"""The clients of an application table, read a column at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.contract import Column, Kind
from training.data_report.opening import ReadableTables
from training.table_scan import quote_name

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

TRAIN, TEST = "application_train", "application_test"
CLIENT, TARGET = "SK_ID_CURR", "TARGET"
UNKNOWN = -1
"""The code of a missing level."""


@dataclass(frozen=True, slots=True)
class Applicants:
    """The rows of one application table, in one order for all columns.

    Attributes:
        connection: Holds them in a table of the name `copy`.
        copy: Its name.
        columns: The columns that are there, without key and outcome.
        clients: Identifiers, NaN where there is none; for joins only, never for the page.
        outcomes: 1 for a default, 0 for a loan repaid, NaN where it is not known.
    """

    connection: duckdb.DuckDBPyConnection
    copy: str
    columns: Mapping[str, Column]
    clients: Numbers
    outcomes: Numbers

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.clients)

    @property
    def known(self) -> Flags:
        """Whose outcome is known, shape (rows,)."""
        return np.isfinite(self.outcomes)

    @property
    def defaulted(self) -> Flags:
        """Who defaulted, shape (rows,)."""
        return np.equal(self.outcomes, 1)

    def read_numbers(self, name: str) -> Numbers:
        """Return a numeric column, missing values and sentinels NaN; of a category the codes."""
        if self.columns[name].kind is Kind.CATEGORY:
            codes, _ = self.read_levels(name)
            return np.where(codes == UNKNOWN, np.nan, codes)
        numbers = read_numbers(self.connection, self.copy, name)
        numbers[numbers == self.columns[name].sentinel] = np.nan
        return numbers

    def read_levels(self, name: str) -> tuple[Codes, tuple[str, ...]]:
        """Return the codes of the column's levels, `UNKNOWN` for missing, and their names.

        A number's levels are its values, ascending.
        """
        if self.columns[name].kind is not Kind.CATEGORY:
            return _number_levels(self.read_numbers(name))
        sql = f"SELECT {quote_name(name)} FROM {self.copy}"
        texts = self.connection.sql(sql).to_arrow_table().column(0)
        encoded = pa.chunked_array(texts).combine_chunks().dictionary_encode()
        codes = encoded.indices.fill_null(UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int64)
        names = tuple(encoded.dictionary.to_pylist())
        if self.columns[name].sentinel in names:
            codes[codes == names.index(self.columns[name].sentinel)] = UNKNOWN
        return codes, names

    def is_missing(self, name: str) -> Flags:
        """Return whose value is empty or a sentinel, shape (rows,)."""
        return np.isnan(self.read_numbers(name))


def read_applicants(tables: ReadableTables, table: str) -> Applicants | None:
    """Return the clients of an application table; None if it is not there or has no row."""
    if not tables.has(table, CLIENT):
        return None
    copy = f"copy_of_{table}"
    tables.connection.execute(f"CREATE TEMP TABLE {copy} AS FROM {quote_name(table)}")
    clients = read_numbers(tables.connection, copy, CLIENT)
    if not len(clients):
        return None
    columns = {
        column.name: column
        for column in tables.columns(table)
        if column.name not in (CLIENT, TARGET)
    }
    outcomes = np.full(len(clients), np.nan)
    if tables.has(table, TARGET):
        outcomes = read_numbers(tables.connection, copy, TARGET)
        outcomes[(outcomes != 0) & (outcomes != 1)] = np.nan
    return Applicants(tables.connection, copy, columns, clients, outcomes)


def read_numbers(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Numbers:
    """Return a column as float64, in the order of the table's rows, NULL NaN."""
    column = connection.sql(f"SELECT {quote_name(name)}::DOUBLE FROM {table}").to_arrow_table()
    return np.array(column.column(0).to_numpy(), dtype=np.float64)


def _number_levels(numbers: Numbers) -> tuple[Codes, tuple[str, ...]]:
    known = ~np.isnan(numbers)
    values, places = np.unique(numbers[known], return_inverse=True)
    codes = np.full(len(numbers), UNKNOWN, dtype=np.int64)
    codes[known] = places
    return codes, tuple(f"{value:g}" for value in values)
