"""The tuned families' names; imported by whoever offers the choice, so nothing heavy is here."""

from __future__ import annotations

from enum import StrEnum


class FamilyName(StrEnum):
    """The model families that can be tuned."""

    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    LOGISTIC_REGRESSION = "logistic_regression"
    DECISION_TREE = "decision_tree"
    NAIVE_BAYES = "naive_bayes"


BOOSTED = (FamilyName.XGBOOST, FamilyName.LIGHTGBM)
"""Those whose parameters `credit compare` takes from the file."""
SERVED = FamilyName.XGBOOST
"""The one that `credit train` fits."""
