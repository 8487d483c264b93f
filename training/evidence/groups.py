"""By what clients are grouped in a fairness audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from credit.features.household import DAYS_A_YEAR

AGE_EDGES = (25, 35, 45, 55, 65)
AGE_BANDS = ("under 25", "25 to 34", "35 to 44", "45 to 54", "55 to 64", "65 and over")
"""Those of the US Home Mortgage Disclosure Act's public data (Regulation C), the two oldest joined;
years completed at the application."""
UNKNOWN = "unknown"

AGE = "age"
CATEGORIES = {
    "gender": "CODE_GENDER",
    "education": "NAME_EDUCATION_TYPE",
    "family status": "NAME_FAMILY_STATUS",
}
ATTRIBUTES = ("gender", AGE, "education", "family status")

_LEVELS = {column.name: column.categories for column in APPLICATION_COLUMNS}


@dataclass(frozen=True, slots=True)
class Grouping:
    """The clients by one attribute.

    Attributes:
        attribute: Its name.
        groups: Names of the groups, ``unknown`` the last.
        members: Number of each client's group, shape (n,).
    """

    attribute: str
    groups: tuple[str, ...]
    members: NDArray[np.intp]


def group_clients(columns: Mapping[str, NDArray[np.float64]]) -> tuple[Grouping, ...]:
    """Return the clients grouped by gender, age, education and family status.

    Args:
        columns: Encoded application columns (`training.feature_matrix.read_encoded`), in the order
            of the clients that are audited, each of shape (n,).
    """
    return tuple(
        group_by_age(columns["DAYS_BIRTH"])
        if attribute == AGE
        else group_by_category(attribute, columns[CATEGORIES[attribute]])
        for attribute in ATTRIBUTES
    )


def group_by_age(days_birth: NDArray[np.float64]) -> Grouping:
    """Return the clients by age band; DAYS_BIRTH is negative, NaN where it is not known."""
    years = np.floor(-days_birth / DAYS_A_YEAR)
    bands = np.searchsorted(AGE_EDGES, years, side="right")
    return _group(AGE, AGE_BANDS, bands, np.isnan(days_birth))


def group_by_category(attribute: str, codes: NDArray[np.float64]) -> Grouping:
    """Return the clients by the contract's categories of the attribute's column."""
    missing = np.isnan(codes)
    members = np.where(missing, 0.0, codes).astype(np.intp)
    return _group(attribute, _LEVELS[CATEGORIES[attribute]], members, missing)


def _group(
    attribute: str,
    groups: tuple[str, ...],
    members: NDArray[np.intp],
    missing: NDArray[np.bool_],
) -> Grouping:
    return Grouping(attribute, (*groups, UNKNOWN), np.where(missing, len(groups), members))
