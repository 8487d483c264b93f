"""The history features of all clients, by the table engine."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pyarrow as pa

from credit.contract import HISTORY_TABLES
from credit.features.history import (
    ClientHistories,
    FamilyValues,
    aggregate_histories,
    assemble_histories,
)
from training.tables import Tables


def build_histories(tables: Tables) -> ClientHistories:
    """Return the history features of every client who has any: the history store's content."""
    frames = {
        name: nw.from_native(tables.relation(name))
        for name in HISTORY_TABLES
        if name in tables.present
    }
    # One family after another: the engine's memory holds one table's groups at a time.
    return assemble_histories(
        {
            number: to_family_values(family.to_native().to_arrow_table())
            for number, family in aggregate_histories(frames)
        }
    )


def to_family_values(table: pa.Table) -> FamilyValues:
    """Return an engine's result, SK_ID_CURR first, with its nulls as NaN."""
    clients, *columns = (column.combine_chunks() for column in table.columns)
    return FamilyValues(
        clients.to_numpy(zero_copy_only=False).astype(np.int64),
        [column.to_numpy(zero_copy_only=False).astype(np.float32) for column in columns],
    )
