"""The history store that serving looks clients up in, as a file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from credit.bundle import FINGERPRINT_KEY, compute_fingerprint
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.features.history import ClientHistories
from training.replacing import replacing


def write_history_store(histories: ClientHistories, path: Path) -> None:
    """Write the history features to an uncompressed Arrow file that can be memory-mapped.

    The file appears whole or not at all, and the one it replaces stays valid for who has it open.
    """
    rows = pa.FixedSizeListArray.from_arrays(
        pa.array(histories.features.reshape(-1)), len(HISTORY_FEATURE_NAMES)
    )
    schema = pa.schema(
        [
            pa.field(CLIENT, pa.int64(), nullable=False),
            pa.field("features", rows.type, nullable=False),
        ],
        metadata={FINGERPRINT_KEY: compute_fingerprint().encode()},
    )
    batch = pa.RecordBatch.from_arrays([pa.array(histories.clients), rows], schema=schema)
    with (
        replacing(path) as part,
        pa.OSFile(str(part), "wb") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        writer.write_batch(batch)
