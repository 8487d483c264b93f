"""History features by DuckDB, in this process, spilling to disk beyond the memory limit."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import pyarrow as pa

from credit.contract import HISTORY_TABLES
from credit.features.history import aggregate_histories
from training.engines.name import EngineName
from training.tables import Tables


@dataclass(frozen=True, slots=True)
class DuckDbEngine:
    """Runs on the views of the open tables."""

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        return EngineName.DUCKDB

    def aggregate(self, tables: Tables) -> dict[int, pa.Table]:
        """Return the history features as `HistoryEngine.aggregate` says."""
        frames = {
            name: nw.from_native(tables.relation(name))
            for name in HISTORY_TABLES
            if name in tables.present
        }
        # One family after another: memory holds one table's groups at a time.
        return {
            number: family.to_native().to_arrow_table()
            for number, family in aggregate_histories(frames)
        }
