from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyarrow as pa
import pytest

from credit.contract import HISTORY_TABLES, TABLES
from credit.errors import ContractViolation, UnreadableTable
from training.engines.spark_errors import spark_errors_explained
from training.engines.spark_tables import read_table
from training.tables import open_tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.training.conftest import TableFolder
    from training.engines.spark_process import Spark


def read_both(source: Path, spark: Spark) -> dict[str, tuple[list[object], list[object]]]:
    """Return each history table's types and rows, as DuckDB and as Spark read them."""

    def read(table: str) -> tuple[list[object], list[object]]:
        relation = tables.relation(table)
        by_duckdb = relation.to_arrow_table()
        by_spark = spark.run(lambda session: read_table(session, tables.scans[table]).toArrow())
        return list_cells(by_duckdb), list_cells(by_spark)

    with open_tables(source) as tables:
        return {table: read(table) for table in HISTORY_TABLES if table in tables.present}


def list_cells(table: pa.Table) -> list[object]:
    return [*zip(table.column_names, table.schema.types, strict=True), *table.to_pylist()]


def test_both_engines_read_the_same_cells_from_csv(folder: TableFolder, spark: Spark) -> None:
    balance = folder.rows["bureau_balance"]
    balance[0]["MONTHS_BALANCE"] = "-3.0"
    balance[1]["STATUS"] = ""
    folder.rows["bureau_balance"] = [
        {"note": 'of "note", and more', **dict(reversed(row.items()))} for row in balance
    ]
    folder.rows["bureau"][0]["AMT_CREDIT_SUM"] = "1.1e5"
    folder.rows["bureau"][1]["AMT_CREDIT_SUM"] = "0.1000000000000000055511151231257827"
    folder.write_all()
    path = folder.path / "previous_application.csv"
    path.write_text(path.read_text().replace(",Cash loans,", ',"",').replace("\n", "\r\n"))

    for table, (by_duckdb, by_spark) in read_both(folder.path, spark).items():
        assert by_spark == by_duckdb, table


@pytest.mark.parametrize("texts", [False, True], ids=["numbers", "texts"])
def test_both_engines_read_the_same_cells_from_parquet(
    folder: TableFolder, spark: Spark, *, texts: bool
) -> None:
    for table in TABLES:
        folder.write_parquet(table, texts=texts)

    for table, (by_duckdb, by_spark) in read_both(folder.path, spark).items():
        assert by_spark == by_duckdb, table


@pytest.mark.parametrize(
    ("cell", "packing", "error", "words"),
    [
        ("1.5", "csv", ContractViolation, "MONTHS_BALANCE holds what is no integer"),
        ("inf", "parquet", ContractViolation, "MONTHS_BALANCE holds what is no integer"),
        ("secret", "csv", UnreadableTable, "cannot be read"),
        ("secret", "parquet", UnreadableTable, "cannot be read"),
        ("-1\n", "csv", UnreadableTable, "cannot be read"),
    ],
)
def test_spark_refuses_a_cell_that_does_not_fit_and_does_not_repeat_it(
    folder: TableFolder,
    spark: Spark,
    cell: str,
    packing: str,
    error: type[Exception],
    words: str,
) -> None:
    folder.rows["POS_CASH_balance"][0]["MONTHS_BALANCE"] = cell
    folder.write_all()
    if packing == "parquet":
        folder.write_parquet("POS_CASH_balance", texts=True)
    elif cell.endswith("\n"):
        path = folder.path / "POS_CASH_balance.csv"
        path.write_text(path.read_text().replace('"-1\n"', "-1\n"))

    def read(session: SparkSession) -> pa.Table:
        with spark_errors_explained():
            return read_table(session, tables.scans["POS_CASH_balance"]).toArrow()

    with open_tables(folder.path) as tables, pytest.raises(error, match=words) as refused:
        spark.run(read)

    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_local_spark_listens_on_this_machine_only(spark: Spark) -> None:
    spark.run(lambda session: session.range(1).toArrow())
    javas = [child for child in psutil.Process().children() if "java" in child.name()]

    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for java in javas
        for connection in java.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {"127.0.0.1"}
