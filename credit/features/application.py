"""Every feature of the application itself: its columns, and what is derived from them."""

from __future__ import annotations

from credit.contract import APPLICATION_COLUMNS
from credit.features.external_scores import EXTERNAL_SCORES
from credit.features.feature import CLIENT, Feature
from credit.features.formula import ApplicationFeature, Columns, FloatArray
from credit.features.household import HOUSEHOLD
from credit.features.loan_price import LOAN_PRICE

TABLE = "application"

DERIVED: tuple[ApplicationFeature, ...] = (*EXTERNAL_SCORES, *LOAN_PRICE, *HOUSEHOLD)

_RAW = tuple(column for column in APPLICATION_COLUMNS if column.name != CLIENT)

APPLICATION_FEATURES: tuple[Feature, ...] = (
    *(Feature(column.name, TABLE, column.meaning) for column in _RAW),
    *(Feature(feature.name, TABLE, feature.meaning) for feature in DERIVED),
)


def compute_application_features(columns: Columns) -> dict[str, FloatArray]:
    """Return every application feature by name, in the catalog's order, each of shape (n,).

    Args:
        columns: The encoded application columns (`credit.contract.encoding`), each of shape (n,).
    """
    features = {column.name: columns[column.name] for column in _RAW}
    for feature in DERIVED:
        features[feature.name] = feature.compute(columns)
    return features
