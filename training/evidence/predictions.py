"""Every client's predictions under a pseudonym: what two versions are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.cost import Flags, Probabilities
from credit.pseudonym import PSEUDONYM_BYTES
from credit.run_evidence import (
    DECIDED_REFUSED,
    DEFAULTED,
    FOLD,
    KEY_ID,
    PD_OUT_OF_FOLD,
    PD_SERVED,
    PSEUDONYM,
)


@dataclass(frozen=True, slots=True)
class ClientPredictions:
    """What is known of every client, each of shape (n,).

    Attributes:
        defaulted: Outcomes.
        folds: Their folds.
        pd_out_of_fold: By models that have not seen them.
        refused: By thresholds chosen without them.
        pd_served: By the registered model.
    """

    defaulted: Flags
    folds: NDArray[np.int8]
    pd_out_of_fold: Probabilities
    refused: Flags
    pd_served: Probabilities


def tabulate_predictions(
    known: ClientPredictions, pseudonyms: Sequence[bytes], key_id: str
) -> pa.Table:
    """Return a row a client, ordered by pseudonym, so that the order tells nothing.

    Args:
        known: The predictions.
        pseudonyms: Of the same clients.
        key_id: Of the key they were made with.
    """
    table = pa.table(
        {
            PSEUDONYM: pa.array(pseudonyms, pa.binary(PSEUDONYM_BYTES)),
            DEFAULTED: known.defaulted,
            FOLD: known.folds,
            PD_OUT_OF_FOLD: known.pd_out_of_fold,
            DECIDED_REFUSED: known.refused,
            PD_SERVED: known.pd_served,
        },
        metadata={KEY_ID: key_id},
    )
    by_pseudonym = sorted(range(len(pseudonyms)), key=pseudonyms.__getitem__)
    return table.take(pa.array(by_pseudonym, pa.int64()))
