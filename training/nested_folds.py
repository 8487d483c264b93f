"""Features that are fitted, made inside folds: nobody's feature knows an outcome it is judged by.

The model of a fold is judged on the clients it left out. So what its own clients are fitted on may
know neither them nor the client at hand: for a client of fold g, when fold f is left out, the
feature is fitted on the folds other than f and g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
FitAndApply = Callable[[Rows, Rows], NDArray[np.float32]]
"""Fits on the first rows, and returns the features of the second, shape (len(second), k)."""


@dataclass(frozen=True, slots=True)
class NestedFeatures:
    """Values of fitted features, each by a fit that has not seen the client.

    Attributes:
        names: Names of the k features.
        folds: The fold of each client, shape (n,).
        out_of_fold: Fitted on all folds but the client's own, shape (n, k): what the final model is
            fitted on.
        of_pairs: By the numbers of two folds, the values of the first one's clients, in order,
            fitted on all folds but these two.
    """

    names: tuple[str, ...]
    folds: NDArray[np.int8]
    out_of_fold: NDArray[np.float32]
    of_pairs: dict[tuple[int, int], NDArray[np.float32]]

    def leave_out(self, fold: int) -> NDArray[np.float32]:
        """Return the values for the model that leaves out a fold, shape (n, k)."""
        values = self.out_of_fold.copy()
        for inner, left_out in self.of_pairs:
            if left_out == fold:
                values[self.folds == inner] = self.of_pairs[inner, left_out]
        return values


def nest_features(
    names: tuple[str, ...], folds: NDArray[np.int8], fit_and_apply: FitAndApply
) -> NestedFeatures:
    """Return the features of all clients for every fold that may be left out.

    Takes k + k (k - 1) / 2 fits, 15 on five folds.

    Args:
        names: Names of the features.
        folds: The fold of each client, numbered from 0, shape (n,).
        fit_and_apply: Makes them.
    """
    numbers = np.unique(folds).tolist()
    out_of_fold = np.empty((len(folds), len(names)), np.float32)
    for fold in numbers:
        left_out = np.flatnonzero(folds == fold)
        out_of_fold[left_out] = fit_and_apply(np.flatnonzero(folds != fold), left_out)
    of_pairs = {}
    for one, other in combinations(numbers, 2):
        first, second = np.flatnonzero(folds == one), np.flatnonzero(folds == other)
        rest = np.flatnonzero((folds != one) & (folds != other))
        values = fit_and_apply(rest, np.concatenate([first, second]))
        of_pairs[one, other], of_pairs[other, one] = np.split(values, [len(first)])
    return NestedFeatures(names, folds, out_of_fold, of_pairs)
