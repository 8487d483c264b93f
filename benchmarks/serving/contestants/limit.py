"""`inplace_predict` in a loop in one process: the physical limit of one row after the other."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.serving.arena import Arena
from benchmarks.serving.measuring import Measurement, conclude
from benchmarks.serving.processes import PROJECT
from credit.errors import ServiceFailed

NAME = "limit"
TITLE = "inplace_predict in a loop"
SCRIPT = "benchmarks.serving.contestants.inplace_loop"


def measure_limit(arena: Arena, seconds: float) -> Measurement:
    """Return what the loop does.

    Raises:
        ServiceFailed: If it fails.
    """
    command = [sys.executable, "-m", SCRIPT, "--arena", str(arena.folder)]
    finished = subprocess.run(  # noqa: S603 -- our own interpreter and arguments
        [*command, "--seconds", str(seconds)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise ServiceFailed(f"The loop failed: {finished.stderr.strip().splitlines()[-1]}")
    outcome = json.loads(finished.stdout)
    return conclude(outcome, 1, outcome["cpu_s"], outcome["memory_mb"])
