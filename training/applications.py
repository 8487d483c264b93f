"""The applications of all clients, packed for the store that serving looks them up in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from credit.features.feature import CLIENT
from credit.stored_cells import pack_column
from training.table_scan import quote_name
from training.tables import Tables

POPULATIONS = ("application_train", "application_test")
"""Tables of applications; of a client who is in both, the later one counts."""


@dataclass(frozen=True, slots=True)
class PackedApplications:
    """Applications as numbers (`credit.stored_cells`).

    Attributes:
        clients: SK_ID_CURR, strictly ascending, int64 of shape (n,).
        packed: Shape (n, columns of the application), in the contract's order.
    """

    clients: NDArray[np.int64]
    packed: NDArray[np.float64]


def pack_applications(tables: Tables) -> PackedApplications:
    """Return the applications of every client of the application tables that are there."""
    table = tables.connection.sql(_write_query(tables)).to_arrow_table()
    packed = np.empty((table.num_rows, len(APPLICATION_COLUMNS)))
    for place, column in enumerate(APPLICATION_COLUMNS):
        values = table.column(column.name)
        is_text = pa.types.is_string(values.type)
        packed[:, place] = pack_column(column, values.to_pylist() if is_text else values.to_numpy())
    return PackedApplications(table.column(CLIENT).to_numpy(), packed)


def _write_query(tables: Tables) -> str:
    columns = ", ".join(quote_name(column.name) for column in APPLICATION_COLUMNS)
    present = [name for name in POPULATIONS if name in tables.present]
    later = [f"SELECT {CLIENT} FROM {quote_name(name)}" for name in present[1:]]
    conditions = [*(f"WHERE {CLIENT} NOT IN ({clients})" for clients in later), ""]
    latest = [
        f"SELECT {columns} FROM {quote_name(name)} {condition}"
        for name, condition in zip(present, conditions, strict=True)
    ]
    return f"{' UNION ALL '.join(latest)} ORDER BY {CLIENT}"
