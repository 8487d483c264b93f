"""The stores that serving looks clients up in, as files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.bundle import compute_fingerprint
from credit.contract import APPLICATION_COLUMNS, HISTORY_TABLES
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.features.history import ClientHistories
from credit.store_manifest import (
    APPLICATION_COLUMN,
    APPLICATION_MANIFEST_KEY,
    HISTORY_COLUMN,
    MANIFEST_KEY,
    ApplicationManifest,
    SourceFile,
    StoreManifest,
)
from training.applications import POPULATIONS, PackedApplications
from training.replacing import replacing


def write_history_store(
    histories: ClientHistories, path: Path, sources: Mapping[str, SourceFile]
) -> StoreManifest:
    """Return the manifest of the store that was written, one uncompressed Arrow file.

    Its features lie row after row, so that a lookup copies one piece of memory a client. File and
    manifest appear together, whole or not at all, and the file they replace stays valid for who
    has it open.

    Args:
        histories: What `training.histories.build_histories` returned.
        path: Where to.
        sources: What `training.source_hashes.hash_sources` returned; histories' are kept.
    """
    manifest = StoreManifest(
        features=HISTORY_FEATURE_NAMES,
        sources={name: file for name, file in sources.items() if name in HISTORY_TABLES},
        **_tell_origin(len(histories.clients)),
    )
    metadata = {MANIFEST_KEY: manifest.model_dump_json().encode()}
    _write(path, histories.clients, HISTORY_COLUMN, histories.features, metadata)
    return manifest


def write_application_store(
    applications: PackedApplications, path: Path, sources: Mapping[str, SourceFile]
) -> ApplicationManifest:
    """Return the manifest of the store that was written, a file like the history store's.

    Args:
        applications: What `training.applications.pack_applications` returned.
        path: Where to.
        sources: What `training.source_hashes.hash_sources` returned; applications' are kept.
    """
    manifest = ApplicationManifest(
        columns=tuple(column.name for column in APPLICATION_COLUMNS),
        sources={name: file for name, file in sources.items() if name in POPULATIONS},
        **_tell_origin(len(applications.clients)),
    )
    metadata = {APPLICATION_MANIFEST_KEY: manifest.model_dump_json().encode()}
    _write(path, applications.clients, APPLICATION_COLUMN, applications.packed, metadata)
    return manifest


def _tell_origin(clients: int) -> dict[str, Any]:
    return {
        "fingerprint": compute_fingerprint(),
        "clients": clients,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": _find_version(),
    }


def _write(
    path: Path,
    clients: NDArray[np.int64],
    column: str,
    values: NDArray[np.floating],
    metadata: Mapping[bytes, bytes],
) -> None:
    rows = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
    schema = pa.schema(
        [
            pa.field(CLIENT, pa.int64(), nullable=False),
            pa.field(column, rows.type, nullable=False),
        ],
        metadata=dict(metadata),
    )
    batch = pa.RecordBatch.from_arrays([pa.array(clients), rows], schema=schema)
    with replacing(path) as part, pa.OSFile(str(part), "wb") as sink:
        writer = pa.ipc.new_file(sink, schema)
        with writer:
            writer.write_batch(batch)


def _find_version() -> str:
    try:
        return version("credit-scoring")
    except PackageNotFoundError:
        return "not installed"
