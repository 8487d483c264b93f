"""Reads the tables' files with Spark, typed as the contract declares them.

The rules are those of the DuckDB views (`training.tables.Tables.relation`), and so are the files:
found, unpacked and looked at before.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql
from pyspark.sql.types import (
    DataType,
    DoubleType,
    NumericType,
    StringType,
    StructField,
    StructType,
)

from credit.contract import Column, Kind
from training.table_files import Packing
from training.table_scan import Scan

_CSV: dict[str, Any] = {
    "header": True,
    "quote": '"',
    "escape": '"',
    "nullValue": "",
    "emptyValue": "",
    "mode": "FAILFAST",  # the default reads what is no number as null
    "columnPruning": False,  # else a line with too few fields passes
}


def read_table(session: SparkSession, scan: Scan) -> DataFrame:
    """Return the table, lazily, with exactly the declared columns in the declared order.

    A cell that does not fit its type ends the reading with an error.
    """
    path = f"file://{_without_patterns(scan.file.path)}"
    if scan.file.packing is Packing.PARQUET:
        frame = session.read.parquet(path)
    else:
        frame = session.read.options(**_CSV).schema(_declare_cells(scan)).csv(path)
    types = {field.name: field.dataType for field in frame.schema.fields}
    return frame.select(
        *(_type_column(scan, column, types[column.name]) for column in scan.table.columns)
    )


def _declare_cells(scan: Scan) -> StructType:
    """Return the types of the file's columns, in the file's order."""
    declared = scan.table.by_name
    return StructType(
        [
            StructField(
                name,
                DoubleType() if name in declared and declared[name].numeric else StringType(),
            )
            for name in scan.types
        ]
    )


def _type_column(scan: Scan, column: Column, found: DataType) -> SparkColumn:
    cell = sql.col(f"`{column.name}`")
    if column.kind is Kind.CATEGORY:
        return sql.nullif(cell.cast("string"), sql.lit("")).alias(column.name)
    if not isinstance(found, NumericType):
        cell = sql.nullif(cell.cast("string"), sql.lit(""))
    number = cell.cast("double")
    fits = sql.abs(number) < float("inf")  # which Spark also takes NaN not to be
    kind = "double"
    if column.kind is not Kind.NUMBER:
        fits &= number == sql.rint(number)
        kind = "double" if column.nullable else "bigint"
    wrong = sql.raise_error(sql.lit(f"{scan.label}: {column.name} holds what is no {column.kind}."))
    typed = sql.when(number.isNull() | fits, number.cast(kind)).otherwise(wrong.cast(kind))
    return typed.alias(column.name)


def _without_patterns(path: Path) -> str:
    """Return the path with what Spark would take for a pattern escaped."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", str(path.resolve()))
