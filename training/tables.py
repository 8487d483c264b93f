"""Opens the tables of a folder, or of Kaggle's download, typed as the contract declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from credit.contract import TABLES, Column, Kind
from credit.errors import ContractViolation, TableMissing
from credit.temporary_folder import open_temporary_folder
from training.interruption import interrupted_by_ctrl_c
from training.table_files import find_tables, unpack
from training.table_scan import Scan, open_scan, quote_name, quote_text


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that are there, each a view of its own name in a DuckDB connection.

    Attributes:
        connection: Where the views live; it closes with the tables.
        scans: How each table that is there is read from its file, which lies unpacked.
        missing: Names of those that are not.
    """

    connection: duckdb.DuckDBPyConnection
    scans: Mapping[str, Scan]
    missing: tuple[str, ...]

    @property
    def present(self) -> tuple[str, ...]:
        """Names of the tables that are there, in the contract's order."""
        return tuple(self.scans)

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """Return the table, lazily, with exactly the declared columns in the declared order.

        Keys are BIGINT; integers BIGINT, or DOUBLE where the contract admits nulls; numbers DOUBLE;
        categories VARCHAR. Empty is NULL; sentinels stay. CSV and parquet give the same. A cell
        that does not fit its type raises `duckdb.Error` while the relation is read, never a wrong
        number: `training.table_check` tells which.

        Raises:
            TableMissing: If the table is not there.
        """
        if name not in self.present:
            raise TableMissing(f"{name} is not there; found {', '.join(self.present)}.")
        return self.connection.view(name)


@contextmanager
def open_tables(
    source: Path, *, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[Tables]:
    """Yield the tables of the folder, or of Kaggle's download, while the context lasts.

    Zipped tables are unpacked to a temporary folder, where DuckDB also puts what exceeds the
    memory limit (such as ``"4GB"``; None: DuckDB's own, 80 % of the machine). It is removed at the
    end. History tables may be missing.

    Raises:
        TableMissing: If there is no folder, no table, or no application_train.
        UnreadableTable: If a file that is there is cut off, damaged, or not what its name says.
        ContractViolation: If a table lacks a declared column.
    """
    found = find_tables(source)
    if "application_train" not in found:
        raise TableMissing(
            f"application_train is not in {source}; found {', '.join(found)}. It holds the clients "
            "whose outcome is known: put application_train.csv (.csv.zip, .parquet) there."
        )
    with (
        open_temporary_folder("credit-tables-") as folder,
        connect(folder, memory_limit=memory_limit, threads=threads) as connection,
    ):
        scans: dict[str, Scan] = {}
        for name, file in found.items():
            scans[name] = open_scan(connection, unpack(file, folder), file.label)
            _create_view(connection, scans[name])
        missing = tuple(table for table in TABLES if table not in found)
        yield Tables(connection, scans, missing)


@contextmanager
def connect(
    folder: Path, *, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB connection in memory that spills into the folder and fetches nothing."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": False,
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    with (
        duckdb.connect(":memory:", config=config) as connection,
        interrupted_by_ctrl_c(connection),
    ):
        connection.execute("SET enable_progress_bar = false")  # it would go to the output
        yield connection


def _create_view(connection: duckdb.DuckDBPyConnection, scan: Scan) -> None:
    if scan.missing_columns:
        raise ContractViolation(
            f"{scan.label} lacks {', '.join(scan.missing_columns)}. "
            "`credit data check` reports all that is wrong with the tables."
        )
    columns = ",\n".join(_type_column(scan, column) for column in scan.table.columns)
    connection.execute(
        f"CREATE VIEW {quote_name(scan.table.name)} AS SELECT\n{columns}\nFROM {scan.source}"
    )


def _type_column(scan: Scan, column: Column) -> str:
    name = quote_name(column.name)
    if column.kind is Kind.CATEGORY:
        return f"{scan.text(column.name)} AS {name}"
    number = scan.number(column.name)
    fits = f"isfinite({number})"
    kind = "DOUBLE"
    if column.kind is not Kind.NUMBER:
        fits += f" AND {number} = trunc({number})"
        kind = "DOUBLE" if column.nullable else "BIGINT"
    wrong = quote_text(f"{scan.label}: {column.name} holds what is no {column.kind}.")
    return (
        f"CASE WHEN {number} IS NULL THEN NULL WHEN {fits} THEN CAST({number} AS {kind}) "
        f"ELSE error({wrong}) END AS {name}"
    )
