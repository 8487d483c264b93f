"""One row after the other through `inplace_predict`, in one process: no server is faster."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil

from benchmarks.serving.arena import Facts
from benchmarks.serving.tally import Tally
from serving.booster import load_booster


def main() -> None:
    """Print the figures of a loop over the arena's rows, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arena", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    booster = load_booster(Path(Facts.read(options.arena).booster))
    rows = np.load(options.arena / "features.npy")
    tally = Tally()
    started_s, used_s = time.perf_counter(), time.process_time()
    place = 0
    while (began_s := time.perf_counter()) < started_s + options.seconds:
        booster.inplace_predict(rows[place : place + 1], validate_features=False)
        tally.add(began_s, time.perf_counter())
        place = (place + 1) % len(rows)
    used_s = time.process_time() - used_s
    figures = tally.sum_up(started_s, started_s + options.seconds, by_beginning=False)
    memory_mb = psutil.Process().memory_full_info().pss / 2**20
    print(json.dumps({"whole": asdict(figures), "cpu_s": used_s, "memory_mb": memory_mb}))


if __name__ == "__main__":
    main()
