"""Empty cells and sentinels of every table, counted in one pass over each."""

from __future__ import annotations

from dataclasses import dataclass

from credit.contract import Column, Kind
from training.data_report.opening import ReadableTables
from training.table_scan import quote_name, quote_text


@dataclass(frozen=True, slots=True)
class ColumnGap:
    """A column of a table.

    Attributes:
        table: The table's name.
        column: The column's name.
        rows: Of the table.
        empty: How many have no value.
        sentinel: What the source writes for missing; empty if nothing.
        marked: How many have that.
    """

    table: str
    column: str
    rows: int
    empty: int
    sentinel: str
    marked: int

    @property
    def share(self) -> float:
        """Share of the rows that have no value, or the sentinel; 0 of no rows."""
        return (self.empty + self.marked) / self.rows if self.rows else 0.0


def measure_table_gaps(tables: ReadableTables, table: str) -> list[ColumnGap]:
    """Return the gaps of each declared column that the table has, keys left out."""
    columns = [column for column in tables.columns(table) if column.kind is not Kind.KEY]
    counts = ["count(*)"]
    for column in columns:
        counts += [f"count({quote_name(column.name)})", _count_sentinel(column)]
    sql = f"SELECT {', '.join(counts)} FROM {quote_name(table)}"
    rows, *found = tables.connection.execute(sql).fetchall()[0]
    return [
        ColumnGap(
            table=table,
            column=column.name,
            rows=rows,
            empty=rows - present,
            sentinel="" if column.sentinel is None else f"{column.sentinel}",
            marked=marked,
        )
        for column, present, marked in zip(columns, found[::2], found[1::2], strict=True)
    ]


def _count_sentinel(column: Column) -> str:
    if column.sentinel is None:
        return "0"
    text = isinstance(column.sentinel, str)
    sentinel = quote_text(str(column.sentinel)) if text else str(column.sentinel)
    return f"count(*) FILTER ({quote_name(column.name)} = {sentinel})"
