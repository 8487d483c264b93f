"""What a model weighs, measured in a process of its own: `python -m registry.gate.probe`.

Arguments: the booster's file, and a NumPy file with rows of its features. Prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import psutil
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xgboost

REPEATS = 200
WARM_UP = 10
BATCH = 64


def measure(model: Path, features: NDArray[np.float32]) -> dict[str, float]:
    """Return processor milliseconds a call, and megabytes that loading and calling took."""
    import xgboost

    process = psutil.Process()
    before = process.memory_info().rss
    booster = xgboost.Booster(model_file=model)
    booster.set_param({"nthread": 1})
    single = _time_calls(booster, features[:1])
    batch = _time_calls(booster, np.resize(features, (BATCH, features.shape[1])))
    after = process.memory_info().rss
    return {"single_ms": single, "batch_ms": batch, "memory_mb": (after - before) / 1e6}


def _time_calls(booster: xgboost.Booster, rows: NDArray[np.float32]) -> float:
    """Return the median processor time of a call: what else the machine does hardly counts."""
    seconds = []
    for _ in range(WARM_UP + REPEATS):
        started = time.process_time_ns()
        booster.inplace_predict(rows, validate_features=False)
        seconds.append((time.process_time_ns() - started) / 1e6)
    return median(seconds[WARM_UP:])


if __name__ == "__main__":
    # The image has neither, and without them XGBoost is imported in a quarter of the time.
    sys.modules.update(dict.fromkeys(("pandas", "sklearn")))  # type: ignore[arg-type]
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), np.load(sys.argv[2]))))
