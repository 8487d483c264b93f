"""The history features of all clients, by a table engine."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from credit.features.history import ClientHistories, FamilyValues, assemble_histories
from training.engines.engine import HistoryEngine
from training.engines.on_duckdb import DuckDbEngine
from training.tables import Tables


def build_histories(tables: Tables, engine: HistoryEngine | None = None) -> ClientHistories:
    """Return the history features of every client who has any: the history store's content.

    Args:
        tables: The open tables.
        engine: What computes; None: DuckDB.

    Raises:
        CreditError: If the engine breaks off.
    """
    aggregated = (engine or DuckDbEngine()).aggregate(tables)
    return assemble_histories(
        {number: to_family_values(table) for number, table in aggregated.items()}
    )


def to_family_values(table: pa.Table) -> FamilyValues:
    """Return an engine's result, SK_ID_CURR first, with its nulls as NaN."""
    clients, *columns = (column.combine_chunks() for column in table.columns)
    return FamilyValues(
        clients.to_numpy(zero_copy_only=False).astype(np.int64),
        [column.to_numpy(zero_copy_only=False).astype(np.float32) for column in columns],
    )
