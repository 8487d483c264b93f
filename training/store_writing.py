"""The history store that serving looks clients up in, as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyarrow as pa

from credit.bundle import compute_fingerprint
from credit.contract import HISTORY_TABLES
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.features.history import ClientHistories
from credit.store_manifest import HISTORY_COLUMN, MANIFEST_KEY, SourceFile, StoreManifest
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
        fingerprint=compute_fingerprint(),
        features=HISTORY_FEATURE_NAMES,
        clients=len(histories.clients),
        sources={name: file for name, file in sources.items() if name in HISTORY_TABLES},
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=_find_version(),
    )
    batch = _to_batch(histories, manifest)
    with replacing(path) as part, pa.OSFile(str(part), "wb") as sink:
        writer = pa.ipc.new_file(sink, batch.schema)
        with writer:
            writer.write_batch(batch)
    return manifest


def _to_batch(histories: ClientHistories, manifest: StoreManifest) -> pa.RecordBatch:
    values = pa.array(histories.features.reshape(-1))
    rows = pa.FixedSizeListArray.from_arrays(values, len(manifest.features))
    schema = pa.schema(
        [
            pa.field(CLIENT, pa.int64(), nullable=False),
            pa.field(HISTORY_COLUMN, rows.type, nullable=False),
        ],
        metadata={MANIFEST_KEY: manifest.model_dump_json().encode()},
    )
    return pa.RecordBatch.from_arrays([pa.array(histories.clients), rows], schema=schema)


def _find_version() -> str:
    try:
        return version("credit-scoring")
    except PackageNotFoundError:
        return "not installed"
