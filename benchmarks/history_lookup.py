"""One lookup in the history store: features row after row, against one column a feature.

``uv run python -m benchmarks.history_lookup`` maps both layouts from files in a temporary folder
(1.1 GB with the defaults) and prints the median time of a lookup of random clients.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.features.history import ClientHistories

BATCHES = (1, 64, 1_000)
LOOKUPS = 300

Features = NDArray[np.float32]
Clients = NDArray[np.int64]
LookUp = Callable[[Clients], Features]


def main() -> int:
    """Measure, print the table, and return the exit code: 1 if rows are slower, or differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=300_000)
    parser.add_argument("--features", type=int, default=450)
    options = parser.parse_args()

    generator = np.random.default_rng(1)
    clients = np.arange(options.clients, dtype=np.int64)
    with tempfile.TemporaryDirectory(prefix="credit-lookup-") as folder:
        features = generator.random((options.clients, options.features), np.float32)
        columns = write_columns(Path(folder) / "columns.arrow", features)
        rows = write_rows(Path(folder) / "rows.arrow", features)
        del features
        print(f"{options.clients:,} clients, {options.features} features; median of {LOOKUPS}")
        print(f"{'clients a lookup':>18}{'columns, µs':>14}{'rows, µs':>12}{'ratio':>8}")
        good = True
        for size in BATCHES:
            wanted = [generator.choice(clients, size) for _ in range(LOOKUPS)]
            by_column, by_row = compare(
                lambda some: gather_columns(clients, columns, some),
                lambda some: ClientHistories(clients, rows).look_up(some)[0],
                wanted,
            )
            print(f"{size:18,}{by_column:14,.0f}{by_row:12,.0f}{by_column / by_row:8.1f}")
            good = good and by_row < by_column
    return 0 if good else 1


def write_columns(path: Path, features: Features) -> list[Features]:
    """Return the columns of a mapped file that has one a feature."""
    arrays = [pa.array(np.ascontiguousarray(column)) for column in features.T]
    batch = write_and_map(path, arrays)
    return [column.to_numpy() for column in batch.columns]


def write_rows(path: Path, features: Features) -> Features:
    """Return the features of a mapped file that has one list a client."""
    lists = pa.FixedSizeListArray.from_arrays(pa.array(features.reshape(-1)), features.shape[1])
    mapped: Features = write_and_map(path, [lists]).column(0).values.to_numpy()
    return mapped.reshape(features.shape)


def write_and_map(path: Path, arrays: list[pa.Array]) -> pa.RecordBatch:
    """Return the batch of the file that was written, mapped."""
    batch = pa.record_batch(arrays, names=[str(number) for number in range(len(arrays))])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(0)


def gather_columns(clients: Clients, columns: Sequence[Features], wanted: Clients) -> Features:
    """Return the wanted clients' features, gathered from one column after another."""
    positions = np.searchsorted(clients, wanted)
    features = np.empty((len(wanted), len(columns)), np.float32)
    for number, column in enumerate(columns):
        features[:, number] = column[positions]
    return features


def compare(first: LookUp, second: LookUp, wanted: Sequence[Clients]) -> tuple[float, float]:
    """Return the median times of both in microseconds, measured in turn.

    Raises:
        AssertionError: If they find different features.
    """
    seconds = np.empty((len(wanted), 2))
    for number, some in enumerate(wanted):
        started = time.perf_counter()
        found = first(some)
        between = time.perf_counter()
        again = second(some)
        seconds[number] = between - started, time.perf_counter() - between
        np.testing.assert_array_equal(found, again)
    by_first, by_second = 1e6 * np.median(seconds, axis=0)
    return float(by_first), float(by_second)


if __name__ == "__main__":
    sys.exit(main())
