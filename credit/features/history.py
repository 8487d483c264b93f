"""From the rows of the history tables to one row of features a client, on any narwhals engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.features.catalog import HISTORY_FAMILIES, empty_history
from credit.features.feature import CLIENT, HistoryFamily, Rows, replace_sentinels

Frames = Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class ClientHistories:
    """The history features of clients.

    Attributes:
        clients: SK_ID_CURR, strictly ascending, int64 of shape (n,).
        features: float32 of shape (n, history features), in the catalog's order, row by row.
    """

    clients: NDArray[np.int64]
    features: NDArray[np.float32]

    def look_up(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the wanted clients' features, shape (n, history features), and who was found.

        Clients who are not here get the empty history; the same client may be wanted twice.

        Args:
            wanted: Identifiers, shape (n,).
        """
        if not len(self.clients):
            return empty_history(len(wanted)), np.zeros(len(wanted), np.bool_)
        positions = np.minimum(np.searchsorted(self.clients, wanted), len(self.clients) - 1)
        found = self.clients[positions] == wanted
        histories = self.features[positions]
        if not found.all():
            histories[~found] = empty_history(1)
        return histories, found


@dataclass(frozen=True, slots=True)
class FamilyValues:
    """One family's features of the clients who have rows in its table.

    Attributes:
        clients: SK_ID_CURR, each once, in any order, shape (n,).
        columns: One float32 array of shape (n,) a feature of the family, NaN for missing.
    """

    clients: NDArray[np.int64]
    columns: Sequence[NDArray[np.float32]]


def aggregate_histories(frames: Frames) -> Iterator[tuple[int, Rows]]:
    """Yield, lazily, one frame a family whose table is there, and the family's number.

    A frame has one row a client: SK_ID_CURR and the family's features, in order, as float32.

    Args:
        frames: The history tables that are there, by name, typed by the contract. bureau_balance
            counts as absent without bureau, which alone says whose its rows are.
    """
    cleaned = {name: replace_sentinels(rows, TABLES[name]) for name, rows in frames.items()}
    for number, family in enumerate(HISTORY_FAMILIES):
        rows = _derive(family, cleaned)
        if rows is not None:
            yield number, family.aggregate(rows)


def assemble_histories(values: Mapping[int, FamilyValues]) -> ClientHistories:
    """Return the families' features side by side, one row a client who has any.

    Features of absent tables, and of tables in which a client has no row, have the value of
    `Feature.when_absent`.

    Args:
        values: What the frames of `aggregate_histories` hold, by the family's number.
    """
    known = [family.clients for family in values.values()]
    clients = np.unique(np.concatenate(known)) if known else np.empty(0, np.int64)
    features = empty_history(len(clients))
    starts = [0, *accumulate(len(family.features) for family in HISTORY_FAMILIES)]
    for number, family in values.items():
        rows = np.searchsorted(clients, family.clients)
        features[rows, starts[number] : starts[number + 1]] = np.column_stack(family.columns)
    return ClientHistories(clients, features)


def _derive(family: HistoryFamily, frames: Frames) -> Rows | None:
    """Return the rows that the family aggregates, each with its client; None without its table."""
    rows = frames.get(family.table)
    if rows is None:
        return None
    if family.table != "bureau_balance":
        return family.derive(rows)
    if "bureau" not in frames:
        return None
    owners = frames["bureau"].select("SK_ID_BUREAU", CLIENT)
    return family.derive(rows).join(owners, on="SK_ID_BUREAU", how="inner")
