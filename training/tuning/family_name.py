"""The tuned families' names; imported by whoever offers the choice, so nothing heavy is here."""

from __future__ import annotations

from enum import StrEnum


class FamilyName(StrEnum):
    """The model families that can be tuned, by the names that `credit compare` has for them."""

    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    LOGISTIC_REGRESSION = "logistic_regression"
    DECISION_TREE = "decision_tree"
    NAIVE_BAYES = "naive_bayes"


SERVED = FamilyName.XGBOOST
"""The one that `credit train` fits."""
