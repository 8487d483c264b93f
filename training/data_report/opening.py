"""Opens tables as far as they can be read, also where they break the contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from credit.contract import Column, Kind
from credit.temporary_folder import open_temporary_folder
from training.table_files import find_tables, unpack
from training.table_scan import Scan, open_scan, quote_name
from training.tables import connect


@dataclass(frozen=True, slots=True)
class ReadableTables:
    """What can be read, each table a view of its own name.

    Attributes:
        connection: Where the views live.
        scans: How each table is read from its file, which lies unpacked.
    """

    connection: duckdb.DuckDBPyConnection
    scans: Mapping[str, Scan]

    def columns(self, table: str) -> tuple[Column, ...]:
        """Return the declared columns that the table has."""
        scan = self.scans[table]
        return tuple(column for column in scan.table.columns if column.name in scan.types)

    def has(self, table: str, *columns: str) -> bool:
        """Return whether the table is there, with all these columns."""
        return table in self.scans and set(columns) <= set(self.scans[table].types)


@contextmanager
def open_readable(
    source: Path, unreadable: Collection[str], memory_limit: str | None
) -> Iterator[ReadableTables]:
    """Yield the tables of the source that are not known to be unreadable.

    Unlike `training.tables.open_tables`, which trains models, this hides no table because another
    is missing or broken: a cell that does not fit its type is read as missing. How many there are
    is for `training.table_check` to say, and for the page to repeat.

    Raises:
        TableMissing: If the folder does not exist or holds no table.
        UnreadableTable: If the source is no sound archive.
    """
    files = find_tables(source)
    with (
        open_temporary_folder("credit-report-") as folder,
        connect(folder, memory_limit=memory_limit) as connection,
    ):
        scans: dict[str, Scan] = {}
        for name, file in files.items():
            if name not in unreadable:
                scans[name] = open_scan(connection, unpack(file, folder), file.label)
                _create_view(connection, scans[name])
        yield ReadableTables(connection, scans)


def _create_view(connection: duckdb.DuckDBPyConnection, scan: Scan) -> None:
    columns = [
        _read_column(scan, column) for column in scan.table.columns if column.name in scan.types
    ]
    connection.execute(
        f"CREATE VIEW {quote_name(scan.table.name)} AS SELECT {', '.join(columns)} "
        f"FROM {scan.source}"
    )


def _read_column(scan: Scan, column: Column) -> str:
    name = quote_name(column.name)
    if column.kind is Kind.CATEGORY:
        return f"{scan.text(column.name)} AS {name}"
    number = scan.number(column.name, cast="TRY_CAST")
    return f"CASE WHEN isfinite({number}) THEN {number} END AS {name}"
