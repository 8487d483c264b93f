"""Which way risk goes with a feature, where a lender must be able to promise it."""

from __future__ import annotations

from enum import IntEnum


class RiskDirection(IntEnum):
    """How the PD may change with a feature, all others as they are; values are XGBoost's own.

    The promise is about an applicant: a better external score, with whatever is computed from it,
    never raises the PD. So every feature that moves with an external score rises with it and has
    the direction `FALLS`, and what would move both ways, such as a ratio of two scores, is no
    feature. Nothing is promised of a score that was missing and now is there.
    """

    FALLS = -1
    FREE = 0
