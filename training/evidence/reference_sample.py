"""The clients that later ones are compared with: a sample without names, kept with the model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.cost import Probabilities
from credit.features.feature import CLIENT

FILE_NAME = "reference_sample.parquet"
PD = "pd"
SIZE = 5_000


def draw_reference_sample(
    features: NDArray[np.float32],
    pd: Probabilities,
    names: tuple[str, ...],
    size: int = SIZE,
    seed: int = 0,
) -> pa.Table:
    """Return feature values and PD of clients drawn without replacement, in random order.

    Nothing names a client, and the order says nothing. Their values are still those of people: the
    sample belongs where the model is kept, and nowhere else.

    Args:
        features: What the model is fitted on, shape (n, len(names)).
        pd: Out-of-fold probabilities, shape (n,): what a new client like these would get.
        names: Of the columns.
        size: Most rows.
        seed: Of the draw.

    Raises:
        ValueError: If a column identifies clients, is named like the PD, or shapes differ.
    """
    if any(name.startswith("SK_ID_") for name in names):
        raise ValueError(f"{CLIENT} and other identifiers do not belong in a reference sample.")
    if PD in names:
        raise ValueError(f"A feature is named {PD!r}, like the column of the probabilities.")
    if features.shape != (len(pd), len(names)):
        raise ValueError(
            f"Features {features.shape} are not of {len(pd)} clients and {len(names)} columns."
        )
    drawn = draw_positions(len(pd), size, seed)
    columns = {name: features[drawn, position] for position, name in enumerate(names)}
    return pa.table({**columns, PD: pd[drawn]})


def draw_positions(clients: int, size: int, seed: int) -> NDArray[np.intp]:
    """Return positions of clients in random order, each once; fewer are the first of more."""
    return np.random.default_rng(seed).permutation(clients)[:size]


def to_parquet(sample: pa.Table) -> bytes:
    """Return a table as a parquet file: the same bytes for the same table."""
    sink = pa.BufferOutputStream()
    pq.write_table(sample, sink, compression="zstd")
    return bytes(sink.getvalue())
