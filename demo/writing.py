"""Writes tables chunk by chunk into a folder that appears only when it is whole."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.contract.column import Column, Kind, Table
from credit.errors import OutputExists
from demo.figures import list_texts
from demo.sampling import Columns

FileFormat = Literal["csv", "parquet"]


def choose_type(column: Column) -> pa.DataType:
    """Return the type of a column; as in the source, an integer that may be missing is a float."""
    if column.kind is Kind.CATEGORY:
        return pa.string()
    if column.kind is Kind.KEY:
        return pa.int64()
    if column.kind is Kind.INTEGER and not column.nullable:
        return pa.int32()
    return pa.float64()


def to_batch(table: Table, columns: Columns, *, dictionaries: bool) -> pa.Table:
    """Return the columns as an Arrow table in the contract's order; NaN and code -1 are null."""
    return pa.table(
        {
            column.name: _to_array(table, column, columns[column.name], dictionaries=dictionaries)
            for column in table.columns
        }
    )


def _to_array(table: Table, column: Column, cells: NDArray[Any], *, dictionaries: bool) -> pa.Array:
    if column.kind is Kind.CATEGORY:
        texts = pa.array(list_texts(table.name, column.name))
        codes = pa.array(cells.astype(np.int8), mask=cells < 0)
        encoded = pa.DictionaryArray.from_arrays(codes, texts)
        return encoded if dictionaries else encoded.cast(pa.string())
    if choose_type(column) == pa.float64():
        return pa.array(cells.astype(np.float64), from_pandas=True)
    return pa.array(cells.astype(choose_type(column).to_pandas_dtype()))


class TableWriter:
    """Appends chunks of one table to a file."""

    def __init__(self, folder: Path, table: Table, file_format: FileFormat) -> None:
        self.rows = 0
        self._table = table
        self._parquet = file_format == "parquet"
        self._file = folder / f"{table.name}.{file_format}"
        self._writer: pq.ParquetWriter | pa_csv.CSVWriter | None = None

    def __enter__(self) -> Self:
        """Return itself; the file is opened with the first chunk."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def append(self, columns: Columns) -> None:
        """Write the rows of one chunk."""
        batch = to_batch(self._table, columns, dictionaries=self._parquet)
        if self._writer is None:
            self._writer = self._open(batch.schema)
        self._writer.write_table(batch)
        self.rows += batch.num_rows

    def _open(self, schema: pa.Schema) -> pq.ParquetWriter | pa_csv.CSVWriter:
        if not self._parquet:
            options = pa_csv.WriteOptions(quoting_style="needed")
            return pa_csv.CSVWriter(self._file, schema, write_options=options)
        texts = [column.name for column in self._table.columns if not column.numeric]
        # Without the Arrow schema inside, every reader sees texts, not dictionaries.
        return pq.ParquetWriter(self._file, schema, use_dictionary=texts, store_schema=False)


@contextmanager
def replace_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a hidden folder beside ``out`` that takes its place at the end, or vanishes on failure.

    Raises:
        OutputExists: If ``out`` holds something, or, when overwriting, something beside tables.
    """
    _refuse_to_lose(out, overwrite=overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    hidden = out.parent / f".{out.name}.partial-{secrets.token_hex(4)}"
    hidden.mkdir()
    try:
        yield hidden
        if out.is_dir():
            shutil.rmtree(out)
        hidden.rename(out)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _refuse_to_lose(out: Path, *, overwrite: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputExists(f"{out} is a file; name a folder that does not exist yet.")
    found = sorted(file.name for file in out.iterdir())
    ours = {f"{table}.{ending}" for table in TABLES for ending in ("csv", "parquet")}
    foreign = [name for name in found if name not in ours]
    if overwrite and foreign:
        raise OutputExists(
            f"{out} holds {foreign[0]}, which is no table; name another folder, or move it away."
        )
    if found and not overwrite:
        raise OutputExists(
            f"{out} already holds {len(found)} files, {found[0]} first; name another folder "
            "or delete this one."
        )
