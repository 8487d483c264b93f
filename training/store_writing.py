"""The history store that serving looks clients up in, as a file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from training.replacing import replacing


def write_history_store(histories: pa.Table, path: Path) -> None:
    """Write the history features to an uncompressed Arrow file that can be memory-mapped.

    The file appears whole or not at all, and the one it replaces stays valid for who has it open.
    """
    with replacing(path) as part, pa.OSFile(str(part), "wb") as sink:
        writer = pa.ipc.new_file(sink, histories.schema)
        with writer:
            writer.write_batch(_one_batch(histories))


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    """Return the table as one record batch, also when it has no row."""
    arrays = [
        pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        for column in table.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)
