"""Probability of default and threshold make a decision."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Decision(StrEnum):
    """What the applicant is told."""

    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


def refuse(pd: NDArray[np.float64], threshold: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return who is refused, shape of `pd`: everyone at or above their, or the one, threshold."""
    return pd >= threshold


def refer(pd: NDArray[np.float64], low: float | None, high: float | None) -> NDArray[np.bool_]:
    """Return whom a person is to decide on, shape of `pd`: from `low` to `high`; None: nobody."""
    if low is None or high is None:
        return np.zeros(pd.shape, np.bool_)
    return (pd >= low) & (pd <= high)


def name_decision(*, refused: bool) -> Decision:
    """Return the decision's name."""
    return Decision.REFUSED if refused else Decision.APPROVED
