"""History features by DuckDB and by Spark, from the same tables, one after the other.

``uv run python -m benchmarks.engines --data DIR`` runs each engine in a process of its own and
prints seconds, the processor's seconds, and the most memory that the process and its children held
together. The seconds of Spark include the start and the end of its Java.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from settings import Settings
from training.engines.choice import choose_engine
from training.engines.name import EngineName
from training.histories import build_histories
from training.tables import open_tables

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an engine took.

    Attributes:
        seconds: From opening the tables to the features.
        processor_seconds: Of all cores.
        peak_mib: Resident memory.
    """

    seconds: float
    processor_seconds: float
    peak_mib: float


def main() -> None:
    """Measure every engine and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    data: Path = parser.parse_args().data
    settings = Settings()
    print(f"{'engine':8}{'seconds':>10}{'cpu s':>10}{'ratio':>8}{'peak MiB':>10}")
    quickest: float | None = None
    for name in EngineName:
        seen = measure(name, data, settings)
        quickest = quickest or seen.seconds
        print(
            f"{name:8}{seen.seconds:10.1f}{seen.processor_seconds:10.1f}"
            f"{seen.seconds / quickest:8.1f}{seen.peak_mib:10.0f}"
        )


def measure(name: EngineName, data: Path, settings: Settings) -> Measurement:
    """Return what the engine takes, watched from outside."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    arguments = (sender, name, data, settings.spark_master, settings.memory_limit)
    process = context.Process(target=_compute, args=arguments)
    process.start()
    watched = psutil.Process(process.pid)
    peak_bytes = 0
    while not receiver.poll(SAMPLE_SECONDS):
        if not process.is_alive():
            raise SystemExit(f"{name} ended before its time.")
        peak_bytes = max(peak_bytes, _count_bytes(watched))
    seconds, processor_seconds = receiver.recv()
    process.join()
    return Measurement(seconds, processor_seconds, peak_bytes / 2**20)


def _compute(
    sender: multiprocessing.connection.Connection,
    name: EngineName,
    data: Path,
    spark_master: str,
    memory_limit: str,
) -> None:
    engine = choose_engine(name, spark_master=spark_master, memory_limit=memory_limit)
    started = time.perf_counter()
    with open_tables(data, memory_limit=memory_limit) as tables:
        build_histories(tables, engine)
    seconds = time.perf_counter() - started
    times = psutil.Process().cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    sender.send((seconds, used))


def _count_bytes(process: psutil.Process) -> int:
    total = 0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):  # it ended meanwhile
            total += each.memory_info().rss
    return total


if __name__ == "__main__":
    main()
