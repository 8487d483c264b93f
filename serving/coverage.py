"""Which tables an applicant was seen in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from credit.contract import HISTORY_TABLES
from credit.features.catalog import FEATURE_NAMES
from credit.features.feature import HAS_HISTORY

HistorySource = Literal["request", "store", "none"]

_FLAGS = np.array(
    [number for number, name in enumerate(FEATURE_NAMES) if name.endswith(f"_{HAS_HISTORY}")]
)
_BITS = 1 << np.arange(len(HISTORY_TABLES))


class Coverage(BaseModel):
    """What the decision could rest on."""

    model_config = ConfigDict(frozen=True)

    history: HistorySource = Field(
        description="Where the history came from; none: the client is new, or unknown to the store."
    )
    tables: list[str] = Field(description="History tables with at least one row of the client.")


def describe_coverage(
    features: NDArray[np.float32], sources: Sequence[HistorySource]
) -> list[Coverage]:
    """Return each applicant's coverage.

    Args:
        features: The feature matrix, shape (n, features of the catalog).
        sources: Where each applicant's history came from.
    """
    seen = ((features[:, _FLAGS] > 0) @ _BITS).tolist()
    return [_describe(source, bits) for source, bits in zip(sources, seen, strict=True)]


@cache
def _describe(source: HistorySource, seen: int) -> Coverage:
    """Return the coverage; there are few different ones."""
    tables = [name for place, name in enumerate(HISTORY_TABLES) if seen >> place & 1]
    return Coverage(history=source, tables=tables)
