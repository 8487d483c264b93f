"""The clients' history features, made offline, looked up by client while serving."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from credit.errors import FingerprintMismatch, UnreadableTable
from credit.features.catalog import HISTORY_FEATURE_NAMES, empty_history
from credit.features.feature import CLIENT
from credit.features.history import ClientHistories
from credit.store_manifest import HISTORY_COLUMN, MANIFEST_KEY, StoreManifest

if TYPE_CHECKING:
    import pyarrow as pa

REMEDY = "Write it again with `credit train`."


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
        batches, schema = _map_batches(path)
        manifest = _read_manifest(schema, fingerprint, path)
        _require_columns(schema, manifest, path)
        if len(batches) != 1:
            raise UnreadableTable(
                f"{path} has {len(batches)} record batches, a history store has one. {REMEDY}"
            )
        clients, features = _view_arrays(batches[0], path)
        if len(clients) != manifest.clients:
            raise UnreadableTable(
                f"{path} holds {len(clients)} clients, its manifest says {manifest.clients}. "
                f"{REMEDY}"
            )
        if np.any(clients[1:] <= clients[:-1]):
            raise UnreadableTable(
                f"{path}: {CLIENT} is not strictly ascending, so clients cannot be found. {REMEDY}"
            )
        return cls(clients, features, manifest)

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


def _map_batches(path: Path) -> tuple[list[pa.RecordBatch], pa.Schema]:
    import pyarrow as pa  # here: the process that holds the model reads no store

    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
            for batch in batches:
                batch.validate()
    except FileNotFoundError:
        raise UnreadableTable(f"There is no history store at {path}. {REMEDY}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableTable(f"{path} is not a whole Arrow file ({error}). {REMEDY}") from None
    return batches, reader.schema


def _read_manifest(schema: pa.Schema, expected: str, path: Path) -> StoreManifest:
    """Return the manifest; whose code it is comes first, since other code may write another one."""
    text = (schema.metadata or {}).get(MANIFEST_KEY, b"")
    try:
        found = json.loads(text)["fingerprint"]
    except (ValueError, TypeError, KeyError):
        found = "(none)"
    if found != expected:
        raise FingerprintMismatch(
            f"The history store {path} has fingerprint {found}, this code has {expected}: its "
            f"features were computed by other code. {REMEDY}"
        )
    try:
        return StoreManifest.model_validate_json(text)
    except ValidationError as error:
        fields = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        raise UnreadableTable(f"{path}: its manifest lacks or garbles {fields}. {REMEDY}") from None


def _require_columns(schema: pa.Schema, manifest: StoreManifest, path: Path) -> None:
    import pyarrow as pa

    if manifest.features != HISTORY_FEATURE_NAMES:
        lacking = [name for name in HISTORY_FEATURE_NAMES if name not in manifest.features]
        raise UnreadableTable(
            f"{path} does not have the {len(HISTORY_FEATURE_NAMES)} history features, in order; "
            f"it has {len(manifest.features)}, lacking: {', '.join(lacking) or 'none'}. {REMEDY}"
        )
    values = pa.list_(pa.float32(), len(HISTORY_FEATURE_NAMES))
    expected = {CLIENT: pa.int64(), HISTORY_COLUMN: values}
    found = {field.name: field.type for field in schema}
    if schema.names != list(expected) or found != expected:
        columns = ", ".join(f"{name}: {kind}" for name, kind in found.items())
        raise UnreadableTable(
            f"{path} does not have the columns {CLIENT}: int64, {HISTORY_COLUMN}: {values}; found "
            f"{columns}. {REMEDY}"
        )


def _view_arrays(
    batch: pa.RecordBatch, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    clients, rows = batch.columns
    if clients.null_count or rows.null_count or rows.values.null_count:
        raise UnreadableTable(f"{path} has nulls where a history store has NaN. {REMEDY}")
    features = rows.values.to_numpy(zero_copy_only=True)
    return clients.to_numpy(zero_copy_only=True), features.reshape(len(rows), rows.type.list_size)
