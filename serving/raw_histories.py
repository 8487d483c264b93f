"""History features of the rows that came with a request, by the code that made the store's.

The expressions are turned into prepared statements once, on empty tables of the contract's types; a
call fills the tables with its few rows and runs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.contract import HISTORY_TABLES, TABLES, Column, Kind, Table
from credit.features.feature import CLIENT
from credit.features.history import FamilyValues, aggregate_histories, assemble_histories
from serving.history_block import HistoryBlock

LOAN_AT_BUREAU = "SK_ID_BUREAU"


class RawHistories:
    """Computes history features; one call at a time."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        for name in HISTORY_TABLES:
            self._connection.register("rows", _to_arrow(TABLES[name], []))
            self._connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM rows')  # noqa: S608
        frames = {name: nw.from_native(self._connection.table(name)) for name in HISTORY_TABLES}
        # Planning hundreds of aggregates costs more than running them on a few rows.
        self._connection.execute("PRAGMA disable_optimizer")
        self._families = []
        for number, family in aggregate_histories(frames):
            self._connection.execute(f"PREPARE family_{number} AS {family.to_native().sql_query()}")
            self._families.append(number)

    def compute(self, blocks: Sequence[HistoryBlock]) -> NDArray[np.float32]:
        """Return the history features of applicants, shape (n, history features), in their order.

        Args:
            blocks: Each applicant's rows, checked (`serving.history_block.check_history`).
        """
        self._connection.begin()  # nothing is kept: the next applicants find empty tables
        try:
            for name in HISTORY_TABLES:
                self._fill(name, blocks)
            values = {number: self._ask(number) for number in self._families}
        finally:
            self._connection.rollback()
        features, _ = assemble_histories(values).look_up(np.arange(len(blocks)))
        return features

    def _fill(self, name: str, blocks: Sequence[HistoryBlock]) -> None:
        rows = [
            # The applicant's place is their identifier: two may have the same one, or loans alike.
            row | {CLIENT: place, **_tell_apart(row, place)}
            for place, block in enumerate(blocks)
            for row in map(dict, block.get(name, ()))
        ]
        if rows:
            self._connection.register("rows", _to_arrow(TABLES[name], rows))
            self._connection.execute(f'INSERT INTO "{name}" SELECT * FROM rows')  # noqa: S608
            self._connection.unregister("rows")

    def _ask(self, family: int) -> FamilyValues:
        answer = self._connection.execute(f"EXECUTE family_{family}").fetchnumpy()
        clients, *columns = answer.values()
        return FamilyValues(
            np.asarray(clients, np.int64),
            [np.ma.filled(np.ma.asarray(column, np.float32), np.nan) for column in columns],
        )


def _tell_apart(row: Mapping[str, object], place: int) -> dict[str, object]:
    """Return the bureau's identifier of a loan, made different for each applicant."""
    if LOAN_AT_BUREAU not in row:
        return {}
    return {LOAN_AT_BUREAU: f"{place} {row[LOAN_AT_BUREAU]}"}


def _to_arrow(table: Table, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    return pa.table(
        {
            column.name: pa.array([row[column.name] for row in rows], _choose_type(column))
            for column in table.columns
        }
    )


def _choose_type(column: Column) -> pa.DataType:
    """Return the type that training's tables have, but for the bureau's loans, which are texts."""
    if column.kind is Kind.CATEGORY or column.name == LOAN_AT_BUREAU:
        return pa.string()
    whole = column.kind is Kind.KEY or (column.kind is Kind.INTEGER and not column.nullable)
    return pa.int64() if whole else pa.float64()
