"""The model's columns, in order: the single list that training and serving share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from credit.contract import HISTORY_TABLES
from credit.features.application import APPLICATION_FAMILIES, APPLICATION_FEATURES
from credit.features.bureau import BUREAU
from credit.features.bureau_balance import BUREAU_BALANCE
from credit.features.credit_card import CREDIT_CARD_BALANCE
from credit.features.feature import Feature, HistoryFamily
from credit.features.installments import INSTALLMENTS_LOANS, INSTALLMENTS_PAYMENTS
from credit.features.pos_cash import POS_CASH_BALANCE, POS_CASH_LOANS
from credit.features.previous import PREVIOUS_APPLICATION
from credit.features.risk_direction import RiskDirection

HISTORY_FAMILIES: tuple[HistoryFamily, ...] = (
    BUREAU,
    BUREAU_BALANCE,
    PREVIOUS_APPLICATION,
    POS_CASH_BALANCE,
    POS_CASH_LOANS,
    CREDIT_CARD_BALANCE,
    INSTALLMENTS_PAYMENTS,
    INSTALLMENTS_LOANS,
)

HISTORY_FEATURES: tuple[Feature, ...] = tuple(
    item.feature for family in HISTORY_FAMILIES for item in family.features
)
FEATURES: tuple[Feature, ...] = (*APPLICATION_FEATURES, *HISTORY_FEATURES)

HISTORY_FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in HISTORY_FEATURES)
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
RISK_DIRECTIONS: Mapping[str, RiskDirection] = {
    feature.name: feature.risk_direction for feature in FEATURES
}

FAMILIES: Mapping[str, tuple[str, ...]] = {
    **{
        family: tuple(feature.name for feature in features)
        for family, features in APPLICATION_FAMILIES.items()
    },
    **{
        table: tuple(feature.name for feature in HISTORY_FEATURES if feature.table == table)
        for table in HISTORY_TABLES
    },
}
"""The features' names by family: each feature is in one."""

_EMPTY_HISTORY = np.array([feature.when_absent for feature in HISTORY_FEATURES], np.float32)
_APPLICATION_NAMES = tuple(feature.name for feature in APPLICATION_FEATURES)


def empty_history(count: int) -> NDArray[np.float32]:
    """Return what a client without any history has, shape (count, history features)."""
    return np.tile(_EMPTY_HISTORY, (count, 1))


def assemble_features(
    application: Mapping[str, NDArray[np.float64]], history: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the model's input of shape (n, len(FEATURES)), columns in the catalog's order.

    Args:
        application: Application features by name, each of shape (n,).
        history: History features of shape (n, len(HISTORY_FEATURES)), in the catalog's order.

    Raises:
        KeyError: If an application feature is absent.
        ValueError: If shapes don't fit.
    """
    count = len(history)
    features = np.empty((count, len(FEATURES)), np.float32)
    for position, name in enumerate(_APPLICATION_NAMES):
        features[:, position] = application[name]
    features[:, len(_APPLICATION_NAMES) :] = history
    return features
