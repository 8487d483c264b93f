"""The clients' history features, made offline, looked up by client while serving."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.bundle import FINGERPRINT_KEY
from credit.errors import FingerprintMismatch, UnreadableTable
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.features.history import ClientHistories, assemble_histories

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
        histories: What it knows.
    """

    def __init__(self, histories: ClientHistories) -> None:
        self._histories = histories

    def __len__(self) -> int:
        return len(self._histories.clients)

    @classmethod
    def open(cls, path: Path, fingerprint: str) -> Self:
        """Return the store in an Arrow IPC file, mapped into memory and not read.

        Args:
            path: File that training wrote.
            fingerprint: The fingerprint of this code.

        Raises:
            FingerprintMismatch: If the features were computed by other code than this.
            UnreadableTable: If the file is not there, not Arrow, or not a history store.
        """
        batch = _map_batch(path)
        _require_fingerprint(batch.schema, fingerprint, path)
        _require_columns(batch.schema, path)
        try:
            clients = batch.column(0).to_numpy(zero_copy_only=True)
            features = batch.column(1).flatten().to_numpy(zero_copy_only=True)
        except pa.ArrowInvalid as error:
            raise UnreadableTable(
                f"{path} has nulls where a history store has NaN ({error}). {REMEDY}"
            ) from None
        if np.any(clients[1:] <= clients[:-1]):
            raise UnreadableTable(
                f"{path}: {CLIENT} is not strictly ascending, so clients cannot be found. {REMEDY}"
            )
        return cls(ClientHistories(clients, features.reshape(len(clients), -1)))

    @classmethod
    def empty(cls) -> Self:
        """Return a store that knows nobody."""
        return cls(assemble_histories({}))

    def lookup(self, clients: NDArray[np.int64]) -> Histories:
        """Return the clients' history features, in their order; the same client may come twice.

        Args:
            clients: Identifiers, shape (n,).
        """
        return Histories(*self._histories.look_up(clients))


def _map_batch(path: Path) -> pa.RecordBatch:
    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
    except FileNotFoundError:
        raise UnreadableTable(f"There is no history store at {path}. {REMEDY}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableTable(f"{path} is not a whole Arrow file ({error}). {REMEDY}") from None
    if len(batches) != 1:
        raise UnreadableTable(
            f"{path} has {len(batches)} record batches, a history store has one. {REMEDY}"
        )
    return batches[0]


def _require_fingerprint(schema: pa.Schema, expected: str, path: Path) -> None:
    found = (schema.metadata or {}).get(FINGERPRINT_KEY, b"").decode(errors="replace")
    if found != expected:
        raise FingerprintMismatch(
            f"The history store {path} has fingerprint {found or '(none)'}, this code has "
            f"{expected}: its features were computed by other code. {REMEDY}"
        )


def _require_columns(schema: pa.Schema, path: Path) -> None:
    features = pa.list_(pa.float32(), len(HISTORY_FEATURE_NAMES))
    if schema.names != [CLIENT, "features"] or schema.types != [pa.int64(), features]:
        raise UnreadableTable(
            f"{path} does not have the columns {CLIENT} and features, a list of "
            f"{len(HISTORY_FEATURE_NAMES)} numbers. {REMEDY}"
        )
