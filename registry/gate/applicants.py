"""Applicants to score again: raw cells through the real feature code to the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.cost import Probabilities
from credit.features.application import compute_application_features
from credit.features.catalog import HISTORY_FEATURE_NAMES, assemble_features
from credit.prediction import find_columns, predict_pd
from credit.run_evidence import (
    APPLICANT_COLUMNS,
    HISTORY,
    PD_SERVED,
    PSEUDONYM,
    RAW_COLUMNS,
)

APPLICATION = TABLES["application_test"]
Cells = Mapping[str, list[object]]


@dataclass(frozen=True, slots=True)
class ReferenceApplicants:
    """Applicants whose PD by the registered model is known.

    Attributes:
        clients: Pseudonyms.
        cells: Raw application, a list of n cells a column, as a request would carry them.
        history: History features, float32 of shape (n, history features).
        pd_served: What training's copy of the model said, shape (n,).
    """

    clients: tuple[bytes, ...]
    cells: Cells
    history: NDArray[np.float32]
    pd_served: Probabilities

    def __len__(self) -> int:
        return len(self.clients)

    def replace(self, column: str, values: list[object]) -> Cells:
        """Return the cells with other ones in a column."""
        return {**self.cells, column: values}

    def compute_features(
        self, cells: Cells | None = None, rows: list[int] | None = None
    ) -> NDArray[np.float32]:
        """Return the catalog's features, shape (n, len(FEATURES)).

        Args:
            cells: Other cells than theirs.
            rows: Of these applicants only, in this order; default: all.
        """
        found = self.cells if cells is None else cells
        history = self.history
        if rows is not None:
            found = {name: [values[row] for row in rows] for name, values in found.items()}
            history = history[rows]
        columns = encode_columns(APPLICATION, found)
        return assemble_features(compute_application_features(columns), history)

    def predict(
        self,
        booster: xgboost.Booster,
        cells: Cells | None = None,
        rows: list[int] | None = None,
    ) -> Probabilities:
        """Return what the model says of them; arguments as of `compute_features`."""
        return predict_pd(booster, self.compute_features(cells, rows), find_columns(booster))


def read_applicants(file: Path) -> ReferenceApplicants:
    """Return the applicants in the file that training wrote.

    Raises:
        OSError: If it is no parquet file.
        KeyError: If a column is not there.
        ValueError: If a column holds something else.
    """
    table = pq.read_table(file).select(list(APPLICANT_COLUMNS))
    width = len(HISTORY_FEATURE_NAMES)
    expected = pa.list_(pa.float32(), width)
    if table[HISTORY].type != expected or not table.num_rows:
        raise ValueError(f"{table.num_rows} rows with {table[HISTORY].type}, not {expected}")
    histories = table[HISTORY].combine_chunks()
    return ReferenceApplicants(
        clients=tuple(table[PSEUDONYM].to_pylist()),
        cells={name: table[name].to_pylist() for name in RAW_COLUMNS},
        history=np.asarray(histories.values, np.float32).reshape(-1, width),
        pd_served=np.asarray(table[PD_SERVED].to_numpy(), np.float64),
    )
