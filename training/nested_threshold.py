"""Thresholds that have not seen the applicants they are judged on: what the choice really costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities, choose_threshold
from credit.decision import refuse

PredictPair = Callable[[NDArray[np.intp], NDArray[np.intp]], Probabilities]
"""Fits on the first rows, and returns the probabilities of the second."""
PairsDone = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class NestedThresholds:
    """The threshold of each fold, chosen without its clients, and the decisions by it.

    Attributes:
        thresholds: One a fold.
        refused: Decision on each client by their own fold's threshold, shape (n,).
    """

    thresholds: tuple[float, ...]
    refused: Flags


def choose_nested_thresholds(
    defaulted: Flags,
    pd: Probabilities,
    folds: NDArray[np.int8],
    predict: PredictPair,
    costs: CostMatrix,
    on_progress: PairsDone | None = None,
) -> NestedThresholds:
    """Return thresholds, and decisions, that know nothing of the clients decided on.

    A fold's threshold is chosen on the other folds' clients, each predicted by a model that has
    seen neither their own fold nor the one decided on: k (k - 1) / 2 fits serve all k folds
    (Varma, Simon, BMC Bioinformatics 7 (2006), for why a choice must be nested).

    Args:
        defaulted: Outcomes, shape (n,).
        pd: Out-of-fold probabilities, shape (n,), which the thresholds are applied to.
        folds: The fold of each client, numbered from 0, shape (n,).
        predict: Fits, and predicts the clients of two folds.
        costs: Prices of mistakes.
        on_progress: Called with fits done and fits in all.
    """
    numbers = [int(number) for number in np.unique(folds)]
    pairs = list(combinations(numbers, 2))
    without = {number: np.full(len(pd), np.nan) for number in numbers}
    for done, (one, other) in enumerate(pairs, 1):
        rest = np.flatnonzero((folds != one) & (folds != other))
        left_out = np.flatnonzero((folds == one) | (folds == other))
        predicted = predict(rest, left_out)
        of_one = folds[left_out] == one
        without[other][left_out[of_one]] = predicted[of_one]
        without[one][left_out[~of_one]] = predicted[~of_one]
        if on_progress:
            on_progress(done, len(pairs))
    refused = np.empty(len(pd), np.bool_)
    thresholds = []
    for number in numbers:
        others = folds != number
        choice = choose_threshold(defaulted[others], without[number][others], costs)
        refused[~others] = refuse(pd[~others], choice.threshold)
        thresholds.append(choice.threshold)
    return NestedThresholds(tuple(thresholds), refused)
