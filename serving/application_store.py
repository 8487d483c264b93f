"""The clients' stored applications, looked up by client while serving."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from credit.store_manifest import (
    APPLICATION_COLUMN,
    APPLICATION_MANIFEST_KEY,
    ApplicationManifest,
)
from credit.stored_cells import Cell, unpack_row
from serving.mapped_rows import Layout, map_rows

_LAYOUT = Layout(
    noun="application store",
    manifest_key=APPLICATION_MANIFEST_KEY,
    manifest=ApplicationManifest,
    column=APPLICATION_COLUMN,
    names=tuple(column.name for column in APPLICATION_COLUMNS),
    names_field="columns",
    dtype=np.float64,
)


class ApplicationStore:
    """Applications by client, in memory that the operating system shares and reclaims.

    Args:
        clients: Identifiers, int64 of shape (clients,), strictly ascending.
        packed: Their cells as numbers (`credit.stored_cells`), shape (clients, columns).
        manifest: What the file says of itself.
    """

    def __init__(
        self,
        clients: NDArray[np.int64],
        packed: NDArray[np.float64],
        manifest: ApplicationManifest,
    ) -> None:
        self._clients = clients
        self._packed = packed
        self.manifest = manifest

    def __len__(self) -> int:
        return len(self._clients)

    @classmethod
    def open(cls, path: Path, fingerprint: str) -> Self:
        """Return the store in an Arrow IPC file, mapped into memory and not read.

        Args:
            path: File that training wrote; `serving.store_fetching` brings one from a URL.
            fingerprint: The fingerprint of this code.

        Raises:
            FingerprintMismatch: If it was written under another contract than this code's.
            UnreadableTable: If the file is not there, not Arrow, or not an application store.
        """
        rows = map_rows(path, fingerprint, _LAYOUT)
        return cls(rows.clients, np.asarray(rows.values, np.float64), rows.manifest)

    def find(self, client: int) -> dict[str, Cell] | None:
        """Return every cell of the client's application as its table has it; None: not stored.

        Takes O(log n), and reads one piece of the file.
        """
        place = int(np.searchsorted(self._clients, client))
        if place == len(self._clients) or self._clients[place] != client:
            return None
        return unpack_row(APPLICATION_COLUMNS, self._packed[place])
