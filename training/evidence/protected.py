"""What the model knows of gender and age, and the matrix without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PROTECTED_COLUMNS = ("CODE_GENDER", "DAYS_BIRTH")

DERIVED_FEATURES = (
    "ext_source_mean_times_age",
    "ext_source_1_to_age",
    "income_to_age",
    "employed_share_of_life",
    "registration_share_of_life",
    "id_published_share_of_life",
    "phone_changed_share_of_life",
    "age_when_employed_days",
    "age_when_id_published_days",
    "age_at_end_years",
    "car_age_to_age",
)
"""Every feature whose value changes when the age or the gender does. A test finds them anew by
changing the columns; `other_missing_count` is not among them, as it counts whether the two fields
are filled, and not with what."""

PROTECTED_FEATURES = (*PROTECTED_COLUMNS, *DERIVED_FEATURES)


def leave_out_protected(
    features: NDArray[np.float32], names: tuple[str, ...]
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return the matrix without gender, age and what is derived from them, and its names.

    Args:
        features: Shape (n, len(names)).
        names: Of the columns.
    """
    kept = [name not in PROTECTED_FEATURES for name in names]
    return features[:, kept], tuple(name for name in names if name not in PROTECTED_FEATURES)
