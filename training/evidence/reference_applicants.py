"""Applicants to score again: raw applications with what the registered model says of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.cost import Probabilities
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.run_evidence import HISTORY, PD_SERVED, PSEUDONYM, RAW_COLUMNS
from training.evidence.reference_sample import draw_positions
from training.feature_matrix import TRAINING_TABLE, FeatureMatrix
from training.tables import Tables

SIZE = 1_000


def read_reference_applicants(
    tables: Tables,
    matrix: FeatureMatrix,
    pd_served: Probabilities,
    pseudonyms: Sequence[bytes],
    seed: int = 0,
) -> pa.Table:
    """Return raw application cells, history features and PD of some clients, in random order.

    They are the first of the reference sample of the same seed. Neither identifier nor outcome is
    among the columns, but that hides nobody from whoever has other files: by pseudonym, or by PD,
    each is a row of the same run's predictions, which tells the outcome, and whoever has the tables
    finds the same values there, and with them the identifier (docs/adr/0021).

    Args:
        tables: Where the raw cells are.
        matrix: The clients, and their features.
        pd_served: What the registered model says of each, shape (n,).
        pseudonyms: Of each.
        seed: Of the draw.
    """
    drawn = draw_positions(len(matrix.clients), SIZE, seed)
    cells = _read_cells(tables, matrix.clients[drawn])
    width = len(HISTORY_FEATURE_NAMES)
    history = matrix.features[drawn, -width:].ravel()
    columns = {name: cells[name].combine_chunks() for name in RAW_COLUMNS}
    return pa.table(
        {
            PSEUDONYM: pa.array([pseudonyms[place] for place in drawn], pa.binary()),
            **columns,
            HISTORY: pa.FixedSizeListArray.from_arrays(pa.array(history), width),
            PD_SERVED: pd_served[drawn],
        }
    )


def _read_cells(tables: Tables, clients: NDArray[np.int64]) -> pa.Table:
    """Return the clients' rows of the table as they are, in the order asked for."""
    wanted = ", ".join(str(client) for client in clients.tolist())
    relation = tables.relation(TRAINING_TABLE).filter(f"{CLIENT} IN ({wanted})")
    ascending = relation.order(CLIENT).to_arrow_table()
    return ascending.take(pa.array(np.argsort(np.argsort(clients))))
