"""From tables to the model's input, and to the history store that serving looks clients up in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.bundle import FINGERPRINT_KEY, compute_fingerprint
from credit.contract import HISTORY_TABLES, TABLES
from credit.contract.encoding import encode_columns
from credit.errors import ContractViolation
from credit.features.application import compute_application_features
from credit.features.catalog import HISTORY_FEATURE_NAMES, assemble_features
from credit.features.feature import CLIENT
from credit.features.history import aggregate_histories, look_up_histories
from training.tables import Tables

TARGET = "TARGET"


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """The model's input for one population.

    Attributes:
        clients: SK_ID_CURR, ascending, shape (n,).
        features: float32 of shape (n, len(FEATURES)), columns in the catalog's order.
        defaulted: Outcomes of shape (n,); None where the table has no TARGET.
    """

    clients: NDArray[np.int64]
    features: NDArray[np.float32]
    defaulted: NDArray[np.bool_] | None


def build_histories(tables: Tables) -> pa.Table:
    """Return the history features of every client who has any: the history store's content.

    Columns: SK_ID_CURR, int64, ascending; then each history feature as float32, NaN for missing.
    """
    frames = {
        name: nw.from_native(tables.relation(name))
        for name in HISTORY_TABLES
        if name in tables.present
    }
    aggregated = aggregate_histories(frames)
    if aggregated is None:
        return _name_schema([pa.array([], pa.int64())], count=0)
    relation = aggregated.to_native()
    # The sort runs inside the engine, which may spill to disk.
    table = relation.order(CLIENT).to_arrow_table().combine_chunks()
    return _name_schema([table[name].combine_chunks() for name in table.column_names], len(table))


def build_matrix(tables: Tables, population: str, histories: pa.Table) -> FeatureMatrix:
    """Return features and outcomes of the clients of an application table, ordered by client.

    Args:
        tables: The open tables.
        population: ``application_train`` or ``application_test``.
        histories: What `build_histories` returned.
    """
    relation = tables.relation(population).order(CLIENT)
    cells = {
        name: column.to_pylist() if pa.types.is_string(column.type) else column.to_numpy()
        for name, column in _iterate_columns(relation.to_arrow_table())
    }
    columns = encode_columns(TABLES[population], cells)
    clients = columns[CLIENT].astype(np.int64)
    known, *history_columns = (column.to_numpy() for column in histories.columns)
    history, _ = look_up_histories(known, history_columns, clients)
    features = assemble_features(compute_application_features(columns), history)
    defaulted = _read_outcomes(columns[TARGET]) if TARGET in columns else None
    return FeatureMatrix(clients, features, defaulted)


def write_history_store(histories: pa.Table, path: Path) -> None:
    """Write the history features to an uncompressed Arrow file that can be memory-mapped.

    The file appears whole or not at all, and the one it replaces stays valid for who has it open.
    """
    with replacing(path) as part, pa.OSFile(str(part), "wb") as sink:
        writer = pa.ipc.new_file(sink, histories.schema)
        with writer:
            writer.write_batch(_one_batch(histories))


def _iterate_columns(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(table.column_names, table.columns, strict=True)


def _read_outcomes(target: NDArray[np.float64]) -> NDArray[np.bool_]:
    if missing := int(np.isnan(target).sum()):
        raise ContractViolation(
            f"application_train: TARGET is missing for {missing} clients; it must be 0 or 1. "
            "Run `credit data check` on the folder."
        )
    return np.asarray(target == 1.0)


def _name_schema(arrays: list[pa.Array], count: int) -> pa.Table:
    """Return the columns under the history store's schema, nulls of features as NaN."""
    features = [array.cast(pa.float32()).fill_null(float("nan")) for array in arrays[1:]] or [
        pa.array(np.empty(count, np.float32))
    ] * len(HISTORY_FEATURE_NAMES)
    fields = [
        pa.field(CLIENT, pa.int64(), nullable=False),
        *(pa.field(name, pa.float32(), nullable=False) for name in HISTORY_FEATURE_NAMES),
    ]
    schema = pa.schema(fields, metadata={FINGERPRINT_KEY: compute_fingerprint().encode()})
    return pa.Table.from_arrays([arrays[0].cast(pa.int64()), *features], schema=schema)


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    """Return the table as one record batch, also when it has no row."""
    arrays = [
        pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        for column in table.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; its file replaces `path` only if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
