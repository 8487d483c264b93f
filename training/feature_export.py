"""The feature matrix as a file, for whoever wants to look at it or model on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit.contract import TABLES
from credit.features.catalog import FEATURE_NAMES
from credit.features.feature import CLIENT
from training.applications import POPULATIONS, pack_applications
from training.engines.engine import HistoryEngine
from training.feature_matrix import TARGET, FeatureMatrix, build_matrix
from training.histories import build_histories
from training.replacing import replacing
from training.source_hashes import hash_sources
from training.store_writing import write_application_store, write_history_store
from training.tables import open_tables
from training.telling import Say


@dataclass(frozen=True, slots=True)
class ExportedFeatures:
    """What was written.

    Attributes:
        rows: Applications.
        columns: Features.
    """

    rows: int
    columns: int


def export_features(
    data: Path,
    out: Path,
    *,
    memory_limit: str | None,
    say: Say,
    engine: HistoryEngine | None = None,
) -> ExportedFeatures:
    """Write features.parquet (all applications; TARGET null for the test ones) and both stores.

    Args:
        data: Folder, or Kaggle's zip, of the tables.
        out: Folder of features.parquet, history.arrow and applications.arrow.
        memory_limit: Memory DuckDB may use, such as ``4GB``.
        say: Told what is being done, a line a step.
        engine: What computes the history features; None: DuckDB.

    Raises:
        CreditError: If the tables cannot be read (`training.tables.open_tables`).
    """
    with open_tables(data, memory_limit=memory_limit) as tables:
        for name in tables.missing:
            say(f"{name} is not there: going on without its features")
        histories = build_histories(tables, engine)
        applications = pack_applications(tables)
        sources = hash_sources(data, TABLES)
        populations = [
            build_matrix(tables, name, histories) for name in POPULATIONS if name in tables.present
        ]
    table = pa.concat_tables([_to_table(matrix) for matrix in populations])
    with replacing(out / "features.parquet") as part:
        pq.write_table(table, part)
    write_history_store(histories, out / "history.arrow", sources)
    write_application_store(applications, out / "applications.arrow", sources)
    return ExportedFeatures(table.num_rows, len(FEATURE_NAMES))


def _to_table(matrix: FeatureMatrix) -> pa.Table:
    outcomes = (
        pa.nulls(len(matrix.clients), pa.int8())
        if matrix.defaulted is None
        else pa.array(matrix.defaulted.astype(np.int8))
    )
    columns = {CLIENT: pa.array(matrix.clients), TARGET: outcomes}
    for position, name in enumerate(FEATURE_NAMES):
        columns[name] = pa.array(np.ascontiguousarray(matrix.features[:, position]))
    return pa.table(columns)
