"""Which way risk goes with a feature, where a lender must be able to promise it."""

from __future__ import annotations

from enum import IntEnum


class RiskDirection(IntEnum):
    """How the PD may change with a feature, all others as they are; values are XGBoost's own.

    What is promised is of the applicant: a better external score, with whatever is computed from
    it, never raises the PD. So every feature that moves with an external score has a direction, and
    what does not move in one alone (their spread, their ratios) is no feature. A gap that stays a
    gap is not compared with a value.
    """

    FALLS = -1
    FREE = 0
    RISES = 1
