"""What the model takes of a machine: disk, processor, memory; beside what the champion takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.prediction import find_columns
from credit.temporary_folder import open_temporary_folder
from registry.gate.evidence import EvidenceMissing, VersionEvidence
from registry.gate.finding import Case, Finding, pass_if
from registry.gate.probe import BATCH

PROBE = "registry.gate.probe"
PROBE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Weight:
    """What a model takes.

    Attributes:
        size_mb: Its file.
        single_ms: Processor time of a call with one applicant.
        batch_ms: Of a call with 64.
        memory_mb: Growth of a process by loading and calling.
    """

    size_mb: float
    single_ms: float
    batch_ms: float
    memory_mb: float


def look_at_weight(case: Case) -> tuple[Finding, Finding, Finding]:
    """Return findings on file size, processor time and memory.

    The limits are the challenger's alone; the champion's figures are told.
    """
    features = case.challenger.applicants.compute_features()
    own = weigh(case.challenger, features)
    champion = _weigh_champion(case, features)
    limits = case.limits
    return (
        _judge("size_mb", "MB", own, champion, limits.size_mb_max),
        _judge_latency(own, champion, limits.single_ms_max, limits.batch_ms_max),
        _judge("memory_mb", "MB", own, champion, limits.memory_mb_max),
    )


def weigh(version: VersionEvidence, features: NDArray[np.float32]) -> Weight:
    """Return what the version's model takes, measured in a fresh process with one thread.

    Args:
        version: The version.
        features: Applicants' features, the catalog's, shape (n, len(FEATURES)).

    Raises:
        EvidenceMissing: If its model cannot be had, or the measurement fails.
    """
    columns = find_columns(version.booster)
    taken = features if columns is None else features.take(columns, axis=1)
    with open_temporary_folder("credit-gate-") as folder:
        rows = folder / "rows.npy"
        np.save(rows, taken)
        found = _probe(version, rows)
    return Weight(size_mb=version.model_file.stat().st_size / 1e6, **found)


def _probe(version: VersionEvidence, rows: Path) -> dict[str, float]:
    command = [sys.executable, "-m", PROBE, str(version.model_file), str(rows)]
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and arguments
            command,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            cwd=Path(__file__).resolve().parents[2],  # where the package is, also in a checkout
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
        found = _read_figures(done.stdout)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise _unmeasured(version, last) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unmeasured(version, f"{type(error).__name__}: {error}") from None
    except subprocess.TimeoutExpired:
        raise EvidenceMissing(
            f"The model of {version.told} was still being measured after {PROBE_SECONDS} seconds. "
            "Try again when the machine is less busy, or fit fewer or smaller trees."
        ) from None
    return found


def _read_figures(said: str) -> dict[str, float]:
    """Return the figures in the last line: a library may have said something before.

    Raises:
        ValueError: If there are none.
        KeyError: If one is not there.
        TypeError: If one is no number.
    """
    found = json.loads(said.strip().rpartition("\n")[2])
    return {name: float(found[name]) for name in ("single_ms", "batch_ms", "memory_mb")}


def _unmeasured(version: VersionEvidence, reason: str) -> EvidenceMissing:
    return EvidenceMissing(
        f"The model of {version.told} cannot be measured: {reason.strip(' .')}. Mend this "
        "installation (`uv sync`), or the model, and try again."
    )


def _weigh_champion(case: Case, features: NDArray[np.float32]) -> Weight | None:
    """Return what the champion takes, which is no limit; None if it cannot be had."""
    try:
        champion = case.find_champion()
        return None if champion is None else weigh(champion, features)
    except EvidenceMissing:
        return None


def _judge(name: str, unit: str, own: Weight, champion: Weight | None, limit: float) -> Finding:
    value = getattr(own, name)
    before = None if champion is None else getattr(champion, name)
    told = "" if before is None else f", champion {before:.2f}"
    passed = value <= limit
    return Finding(
        pass_if(passed),
        f"{value:.2f} {unit}{told}",
        f"{limit:g} {unit}",
        "" if passed else f"{value:.2f} {unit} is more than {limit:g}. Fit fewer or smaller trees.",
        {name: value} | ({} if before is None else {f"champion_{name}": before}),
        {f"{name}_max": limit},
    )


def _judge_latency(
    own: Weight, champion: Weight | None, single_max: float, batch_max: float
) -> Finding:
    passed = own.single_ms <= single_max and own.batch_ms <= batch_max
    told = f"1: {own.single_ms:.2f} ms, {BATCH}: {own.batch_ms:.2f} ms"
    figures = {"single_ms": own.single_ms, "batch_ms": own.batch_ms}
    if champion is not None:
        told += f"; champion {champion.single_ms:.2f}, {champion.batch_ms:.2f}"
        figures |= {
            "champion_single_ms": champion.single_ms,
            "champion_batch_ms": champion.batch_ms,
        }
    return Finding(
        pass_if(passed),
        told,
        f"1: {single_max:g} ms, {BATCH}: {batch_max:g} ms",
        "" if passed else "A call takes too much processor time. Fit fewer or smaller trees.",
        figures,
        {"single_ms_max": single_max, "batch_ms_max": batch_max},
    )
