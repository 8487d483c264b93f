"""The clients' history features, made offline, looked up by client while serving."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from credit.features.catalog import HISTORY_FEATURE_NAMES, empty_history
from credit.features.history import ClientHistories
from credit.store_manifest import HISTORY_COLUMN, MANIFEST_KEY, StoreManifest
from serving.mapped_rows import Layout, map_rows

_LAYOUT = Layout(
    noun="history store",
    manifest_key=MANIFEST_KEY,
    manifest=StoreManifest,
    column=HISTORY_COLUMN,
    names=HISTORY_FEATURE_NAMES,
    names_field="features",
    dtype=np.float32,
)


@dataclass(frozen=True, slots=True)
class Histories:
    """What the store knows about some clients.

    Attributes:
        features: float32 of shape (n, number of history features), in the catalog's order.
        found: Shape (n,), False for clients who are not in the store: theirs is the empty history.
    """

    features: NDArray[np.float32]
    found: NDArray[np.bool_]


class HistoryStore:
    """History features by client, in memory that the operating system shares and reclaims.

    Args:
        clients: Identifiers, int64 of shape (clients,), strictly ascending.
        features: float32 of shape (clients, history features), in the catalog's order.
        manifest: What the file says of itself; None where there is no file.
    """

    def __init__(
        self,
        clients: NDArray[np.int64],
        features: NDArray[np.float32],
        manifest: StoreManifest | None = None,
    ) -> None:
        self._histories = ClientHistories(clients, features)
        self.manifest = manifest

    def __len__(self) -> int:
        return len(self._histories.clients)

    @classmethod
    def open(cls, path: Path, fingerprint: str) -> Self:
        """Return the store in an Arrow IPC file, mapped into memory and not read.

        Args:
            path: File that training wrote; `serving.store_fetching` brings one from a URL.
            fingerprint: The fingerprint of this code.

        Raises:
            FingerprintMismatch: If the features were computed by other code than this.
            UnreadableTable: If the file is not there, not Arrow, or not a history store.
        """
        rows = map_rows(path, fingerprint, _LAYOUT)
        return cls(rows.clients, np.asarray(rows.values, np.float32), rows.manifest)

    @classmethod
    def empty(cls) -> Self:
        """Return a store that knows nobody."""
        return cls(np.empty(0, np.int64), empty_history(0))

    def find(self, client: int) -> NDArray[np.float32] | None:
        """Return the client's history features, or None if the store does not know them."""
        histories = self.lookup(np.array([client], np.int64))
        return histories.features[0] if histories.found[0] else None

    def lookup(self, clients: NDArray[np.int64]) -> Histories:
        """Return the clients' history features, in their order; the same client may come twice.

        Args:
            clients: Identifiers, shape (n,).
        """
        return Histories(*self._histories.look_up(clients))
