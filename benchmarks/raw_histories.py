"""What a history that comes with the request costs, beside one that is looked up in the store.

``uv run python -m benchmarks.raw_histories`` makes demo tables, and computes the history features
of 1, 4 and 16 of their clients from raw rows and by a lookup. It prints medians and their ratio.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from credit.contract import HISTORY_TABLES, TABLES
from demo import make_demo_tables
from serving.history_block import HistoryBlock, check_history
from serving.raw_histories import RawHistories
from training.histories import build_histories
from training.tables import Tables, open_tables

CLIENTS = 400
REPEATS = 15


def main() -> int:
    """Print the table and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        tables_folder = Path(folder) / "tables"
        make_demo_tables(tables_folder, clients=CLIENTS, file_format="parquet")
        with open_tables(tables_folder) as tables:
            histories = build_histories(tables)
            blocks = read_blocks(tables)
    clients = np.array(sorted(blocks), np.int64)
    started = time.perf_counter()
    engine = RawHistories()
    print(f"prepared once, in {time.perf_counter() - started:.2f} s")
    print("applicants  rows  raw ms  looked up µs  ratio")
    for count in (1, 4, 16):
        chosen = clients[:count]
        asked = [blocks[client] for client in chosen.tolist()]
        rows = sum(len(some) for block in asked for some in block.values())
        raw = measure(partial(engine.compute, asked))
        looked_up = measure(partial(histories.look_up, chosen))
        print(f"{count:10}{rows:6}{1e3 * raw:8.1f}{1e6 * looked_up:14.1f}{raw / looked_up:7,.0f}")
    return 0


def read_blocks(tables: Tables) -> dict[int, HistoryBlock]:
    """Return every client's rows as a request brings them, but for the bureau's months."""
    blocks: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for name in HISTORY_TABLES:
        if name == "bureau_balance":
            continue
        for values in tables.relation(name).fetchall():
            row = dict(zip(TABLES[name].column_names, values, strict=True))
            blocks[row["SK_ID_CURR"]].setdefault(name, []).append(row)
    return {client: check_history(block, client, ()) for client, block in blocks.items()}


def measure(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median seconds of some calls, the first one left out."""
    work()
    seconds: Sequence[float] = [_time(work) for _ in range(repeats)]
    return float(np.median(seconds))


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
