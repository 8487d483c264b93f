"""What is tuned on: the clients, and the facts by which a study knows them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.bundle import compute_fingerprint
from credit.contract import HISTORY_TABLES
from credit.cost import CostMatrix, Flags
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from training.feature_matrix import TRAINING_TABLE, build_matrix, find_varying, take_columns
from training.fitting import require_both_outcomes
from training.histories import build_histories
from training.leakage import require_no_leak
from training.sound_tables import require_sound_tables
from training.source_hashes import hash_sources
from training.tables import open_tables
from training.telling import Say


@dataclass(frozen=True, slots=True)
class Problem:
    """Clients with their outcomes.

    Attributes:
        features: Shape (n, len(names)).
        names: Of the columns.
        defaulted: Shape (n,).
        costs: Prices of mistakes, for the figures that are told; nothing is chosen by them.
        fingerprint: Contract and feature code the features were computed with.
        sources: SHA-256 of the file of each table.
    """

    features: NDArray[np.float32]
    names: tuple[str, ...]
    defaulted: Flags
    costs: CostMatrix
    fingerprint: str
    sources: Mapping[str, str]


def read_problem(
    data: Path,
    costs: CostMatrix,
    say: Say,
    memory_limit: str | None = None,
    threads: int = 0,
) -> Problem:
    """Return the clients of the tables with the features that `credit train` would fit on.

    Raises:
        CreditError: As `training.pipeline.train`, of the tables and of too few clients.
        TargetLeak: If a column knows the outcome.
    """
    require_sound_tables(data, say, memory_limit)
    with open_tables(data, memory_limit=memory_limit) as tables:
        say("Computing features")
        matrix = build_matrix(tables, TRAINING_TABLE, build_histories(tables))
    sources = hash_sources(data, (TRAINING_TABLE, *HISTORY_TABLES))
    if matrix.defaulted is None:
        raise TrainingImpossible(f"{TRAINING_TABLE} has no TARGET, so nothing can be judged.")
    require_both_outcomes(matrix.defaulted)
    say("Looking for columns that know the outcome")
    require_no_leak(matrix.features, matrix.defaulted, matrix.clients, FEATURE_NAMES, threads)
    names = find_varying(matrix.features, FEATURE_NAMES)
    return Problem(
        features=take_columns(matrix.features, names),
        names=names,
        defaulted=matrix.defaulted,
        costs=costs,
        fingerprint=compute_fingerprint(),
        sources={table: file.sha256 for table, file in sources.items()},
    )
