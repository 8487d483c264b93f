"""The history features of all clients, by a table engine."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from credit.bundle import FINGERPRINT_KEY, compute_fingerprint
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from training.engines.engine import HistoryEngine
from training.engines.on_duckdb import DuckDbEngine
from training.tables import Tables


def build_histories(tables: Tables, engine: HistoryEngine | None = None) -> pa.Table:
    """Return the history features of every client who has any: the history store's content.

    Columns: SK_ID_CURR, int64, ascending; then each history feature as float32, NaN for missing.

    Args:
        tables: The open tables.
        engine: What computes; None: DuckDB.

    Raises:
        CreditError: If the engine breaks off.
    """
    table = (engine or DuckDbEngine()).aggregate(tables)
    if table is None:
        return _name_schema([pa.array([], pa.int64())], count=0)
    table = table.combine_chunks()
    return _name_schema([table[name].combine_chunks() for name in table.column_names], len(table))


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
