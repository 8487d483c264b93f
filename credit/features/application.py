"""Every feature of the application itself: its columns, and what is derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from credit.contract import APPLICATION_COLUMNS, Column
from credit.features.external_scores import EXTERNAL_SCORES, SCORES
from credit.features.feature import CLIENT, Feature
from credit.features.formula import ApplicationFeature, Columns, FloatArray
from credit.features.household import HOUSEHOLD
from credit.features.loan_price import LOAN_PRICE
from credit.features.risk_direction import RiskDirection

TABLE = "application"

DERIVED: tuple[ApplicationFeature, ...] = (*EXTERNAL_SCORES, *LOAN_PRICE, *HOUSEHOLD)

_RAW = tuple(column for column in APPLICATION_COLUMNS if column.name != CLIENT)


def _list_features(described: Iterable[Column | ApplicationFeature]) -> tuple[Feature, ...]:
    return tuple(
        Feature(item.name, TABLE, item.meaning, risk_direction=_find_direction(item))
        for item in described
    )


def _find_direction(described: Column | ApplicationFeature) -> RiskDirection:
    if isinstance(described, ApplicationFeature):
        return described.risk_direction
    return RiskDirection.FALLS if described.name in SCORES else RiskDirection.FREE


APPLICATION_FAMILIES: Mapping[str, tuple[Feature, ...]] = {
    "application": _list_features(_RAW),
    "combined external scores": _list_features(EXTERNAL_SCORES),
    "loan price": _list_features(LOAN_PRICE),
    "household": _list_features(HOUSEHOLD),
}
APPLICATION_FEATURES: tuple[Feature, ...] = tuple(
    feature for family in APPLICATION_FAMILIES.values() for feature in family
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
