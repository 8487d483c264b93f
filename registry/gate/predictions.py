"""What a version said of its clients, who bear pseudonyms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from credit.cost import Flags, Probabilities
from credit.run_evidence import (
    DECIDED_REFUSED,
    DEFAULTED,
    KEY_ID,
    PD_OUT_OF_FOLD,
    PD_SERVED,
    PREDICTION_COLUMNS,
    PSEUDONYM,
)


@dataclass(frozen=True, slots=True)
class Predictions:
    """A version's clients, each column of shape (n,).

    Attributes:
        key_id: Of the pseudonyms' key; those of different keys are never compared.
        clients: Pseudonyms.
        defaulted: Outcomes.
        pd_out_of_fold: By models that have not seen the client.
        refused: Decisions by thresholds chosen without the client.
        pd_served: By the registered model.
    """

    key_id: str
    clients: tuple[bytes, ...]
    defaulted: Flags
    pd_out_of_fold: Probabilities
    refused: Flags
    pd_served: Probabilities


def read_predictions(file: Path) -> Predictions:
    """Return the predictions in the file that training wrote.

    Raises:
        OSError: If it is no parquet file.
        KeyError: If a column, or the key's id, is not there.
        ValueError: If a column holds something else, or outcomes or probabilities make no sense.
    """
    table = pq.read_table(file).select(list(PREDICTION_COLUMNS))
    if any(column.null_count for column in table.columns):
        raise ValueError("it has nulls")
    found = Predictions(
        key_id=(table.schema.metadata or {})[KEY_ID].decode("ascii"),
        clients=tuple(table[PSEUDONYM].to_pylist()),
        defaulted=np.asarray(table[DEFAULTED].to_numpy(), np.bool_),
        pd_out_of_fold=np.asarray(table[PD_OUT_OF_FOLD].to_numpy(), np.float64),
        refused=np.asarray(table[DECIDED_REFUSED].to_numpy(), np.bool_),
        pd_served=np.asarray(table[PD_SERVED].to_numpy(), np.float64),
    )
    for pd in (found.pd_out_of_fold, found.pd_served):
        if not np.all((pd >= 0) & (pd <= 1)):
            raise ValueError("a probability is not in [0, 1]")
    if not 0 < np.count_nonzero(found.defaulted) < len(found.defaulted):
        raise ValueError("it does not have both outcomes")
    return found
