"""What can be done about defaults being rare, before or while a model is fitted."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_sample_weight

from credit.cost import Flags


class Imbalance(StrEnum):
    """How defaults and repaid loans are brought into balance; all but the first spoil the PD."""

    NONE = "none"
    WEIGHT = "class weight"
    UNDERSAMPLING = "undersampling"
    SMOTE = "SMOTE"

    @property
    def resamples(self) -> bool:
        """Whether clients are left out, or made up."""
        return self in (Imbalance.UNDERSAMPLING, Imbalance.SMOTE)


def make_sampler(imbalance: Imbalance, seed: int) -> BaseEstimator:
    """Return imbalanced-learn's sampler that leaves as many defaults as repaid loans.

    SMOTE draws lines between defaults that are alike (Chawla, Bowyer, Hall, Kegelmeyer 2002), so it
    needs columns without gaps, on one scale.

    Raises:
        ValueError: If the strategy does not resample.
    """
    if imbalance is Imbalance.UNDERSAMPLING:
        from imblearn.under_sampling import RandomUnderSampler

        return RandomUnderSampler(random_state=seed)
    if imbalance is Imbalance.SMOTE:
        from imblearn.over_sampling import SMOTE

        return SMOTE(random_state=seed)
    raise ValueError(f"{imbalance} does not resample.")


def weigh(defaulted: Flags) -> NDArray[np.float64]:
    """Return weights of shape (n,), mean 1, under which both outcomes weigh the same."""
    return np.asarray(compute_sample_weight("balanced", defaulted), np.float64)
