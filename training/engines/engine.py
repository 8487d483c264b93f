"""What a table engine does."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from training.engines.name import EngineName
from training.tables import Tables


class HistoryEngine(Protocol):
    """Computes history features from the tables' files."""

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        ...

    def aggregate(self, tables: Tables) -> dict[int, pa.Table]:
        """Return what `credit.features.history.aggregate_histories` makes of the history tables.

        By the family's number: SK_ID_CURR and its features, one row a client, null for missing.

        Raises:
            CreditError: If the engine breaks off.
        """
        ...
