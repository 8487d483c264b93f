"""Applicants whose true probabilities are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray


@dataclass(frozen=True)
class Applicants:
    """Outcomes drawn from exactly known probabilities, in folds."""

    defaulted: NDArray[np.bool_]
    pd: NDArray[np.float64]
    folds: NDArray[np.int8]


@pytest.fixture(scope="session")
def applicants() -> Applicants:
    """Return 20,000 applicants with a default rate near 8 %."""
    generator = np.random.default_rng(0)
    pd = generator.beta(0.9, 10.0, size=20_000)
    defaulted = generator.random(20_000) < pd
    folds = generator.integers(5, size=20_000).astype(np.int8)
    return Applicants(defaulted, pd, folds)
