"""From the rows of the history tables to one row of features a client, on any narwhals engine."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.features.catalog import HISTORY_FAMILIES, HISTORY_FEATURES, empty_history
from credit.features.feature import CLIENT, Feature, Rows, replace_sentinels

Frames = Mapping[str, Rows]


def aggregate_histories(frames: Frames) -> Rows | None:
    """Return one row a client: SK_ID_CURR and every history feature, in the catalog's order.

    Features of absent tables, and of tables in which a client has no row, have the value of
    `Feature.when_absent`, NaN as null. None if no history table is there at all.

    Args:
        frames: The history tables that are there, by name, typed by the contract. bureau_balance
            counts as absent without bureau, which alone says whose its rows are.
    """
    cleaned = {name: replace_sentinels(rows, TABLES[name]) for name, rows in frames.items()}
    aggregated = [
        family.aggregate(rows)
        for family in HISTORY_FAMILIES
        if (rows := _rows_with_client(family.table, cleaned)) is not None
    ]
    if not aggregated:
        return None
    clients = nw.concat([frame.select(CLIENT) for frame in aggregated]).unique(CLIENT)
    joined = clients
    for family in aggregated:
        joined = joined.join(family, on=CLIENT, how="left")
    present = set(joined.collect_schema().names())
    return joined.select(CLIENT, *(_complete(feature, present) for feature in HISTORY_FEATURES))


def look_up_histories(
    clients: NDArray[np.int64],
    features: NDArray[np.float32],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the wanted clients' history features, shape (n, history features), and who was found.

    Clients who are not in the table get the empty history; the same client may be wanted twice.

    Args:
        clients: Identifiers in the table, strictly ascending.
        features: Theirs, shape (len(clients), history features), in the catalog's order. Lying
            row after row, as in a history store, they are copied a client at a time.
        wanted: Identifiers, shape (n,).
    """
    if not len(clients):
        return empty_history(len(wanted)), np.zeros(len(wanted), np.bool_)
    positions = np.minimum(np.searchsorted(clients, wanted), len(clients) - 1)
    found = clients[positions] == wanted
    histories = features[positions]
    if not found.all():
        histories[~found] = empty_history(1)
    return histories, found


def _rows_with_client(table: str, frames: Frames) -> Rows | None:
    rows = frames.get(table)
    if rows is None or table != "bureau_balance":
        return rows
    if "bureau" not in frames:
        return None
    owners = frames["bureau"].select("SK_ID_BUREAU", CLIENT)
    return rows.join(owners, on="SK_ID_BUREAU", how="inner")


def _complete(feature: Feature, present: set[str]) -> nw.Expr:
    absent = None if np.isnan(feature.when_absent) else feature.when_absent
    if feature.name not in present:
        return nw.lit(absent, nw.Float32).alias(feature.name)
    value = nw.col(feature.name)
    return value if absent is None else value.fill_null(absent).cast(nw.Float32)
