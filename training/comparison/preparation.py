"""What the columns are made into for each family, learned inside the fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from credit.contract import APPLICATION_COLUMNS, Kind
from credit.features.catalog import FEATURES
from credit.features.feature import Feature
from training.imputation import SemanticImputer

EXTERNAL_SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
FEWEST_OF_A_CATEGORY = 50
POLYNOMIAL_DEGREE = 3
_CATEGORIES = {column.name for column in APPLICATION_COLUMNS if column.kind is Kind.CATEGORY}
_FEATURES = {feature.name: feature for feature in FEATURES}


class Preparation(StrEnum):
    """What a family needs."""

    NOTHING = "nothing"  # gaps are taken as they are, categories are ordered codes
    SCALED = "scaled"  # no gaps, mean 0, deviation 1, a column a category
    POLYNOMIAL = "polynomial"  # and powers and products of the external scores


@dataclass(frozen=True, slots=True)
class Columns:
    """The features that there are.

    Attributes:
        features: In their order.
    """

    features: tuple[Feature, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> Self:
        """Return the catalog's features of these names."""
        return cls(tuple(_FEATURES[name] for name in names))

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(feature.name for feature in self.features)

    @property
    def categories(self) -> list[int]:
        """Places of the columns whose order of codes means little."""
        return [place for place, name in enumerate(self.names) if name in _CATEGORIES]

    @property
    def numbers(self) -> list[int]:
        """Places of the others."""
        return [place for place, name in enumerate(self.names) if name not in _CATEGORIES]

    @property
    def external_scores(self) -> list[int]:
        """Places of the external scores that there are."""
        return [place for place, name in enumerate(self.names) if name in EXTERNAL_SCORES]

    def impute(self, places: Sequence[int]) -> SemanticImputer:
        """Return the imputer of the columns at these places."""
        return SemanticImputer([self.features[place] for place in places])


def prepare(preparation: Preparation, columns: Columns) -> ColumnTransformer | str:
    """Return scikit-learn's transformer, not fitted; ``passthrough`` where there is nothing to do.

    A category that fewer than 50 clients have is one with the other rare ones, and a gap in a
    category is a category.
    """
    if preparation is Preparation.NOTHING:
        return "passthrough"
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=FEWEST_OF_A_CATEGORY,
        sparse_output=False,
        dtype=np.float32,
    )
    parts: list[tuple[str, Any, list[int]]] = [
        ("categories", one_hot, columns.categories),
        ("numbers", _scale(columns, columns.numbers), columns.numbers),
    ]
    if preparation is Preparation.POLYNOMIAL:
        scores = columns.external_scores
        powers = [*_scale(columns, scores).steps, ("powers", _make_powers())]
        parts.append(
            ("external scores", Pipeline([*powers, ("rescale", StandardScaler())]), scores)
        )
    return ColumnTransformer(parts)


def _scale(columns: Columns, places: Sequence[int]) -> Pipeline:
    return Pipeline([("impute", columns.impute(places)), ("scale", StandardScaler())])


def _make_powers() -> PolynomialFeatures:
    return PolynomialFeatures(POLYNOMIAL_DEGREE, include_bias=False)
