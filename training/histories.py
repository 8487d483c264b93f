"""The history features of all clients, by the table engine."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pyarrow as pa

from credit.contract import HISTORY_TABLES
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.features.history import aggregate_histories
from training.tables import Tables


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


def _name_schema(arrays: list[pa.Array], count: int) -> pa.Table:
    """Return the columns under the history store's schema, nulls of features as NaN."""
    features = [array.cast(pa.float32()).fill_null(float("nan")) for array in arrays[1:]] or [
        pa.array(np.empty(count, np.float32))
    ] * len(HISTORY_FEATURE_NAMES)
    fields = [
        pa.field(CLIENT, pa.int64(), nullable=False),
        *(pa.field(name, pa.float32(), nullable=False) for name in HISTORY_FEATURE_NAMES),
    ]
    arrays = [arrays[0].cast(pa.int64()), *features]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
