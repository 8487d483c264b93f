"""A candidate's figures on clients drawn anew, again and again, the same draws for everyone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities
from training.evidence.bootstrap import REPETITIONS, Counts, draw_counts
from training.evidence.weighted import compute_auc, compute_ks, rank
from training.metrics import CALIBRATION_BINS

DRAWN_FIGURES = ("auc", "ks", "cost", "brier", "ece")


def draw_figures(
    defaulted: Flags,
    pd: Probabilities,
    refused: Flags,
    costs: CostMatrix,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the figures of shape (1 + repetitions, 5): of the clients as they are, then of draws.

    Two candidates are compared by the difference of what this returns for each with one seed. The
    probabilities and decisions are taken as given; that another fit would make others is not in
    the draws.
    """
    ranking = rank(defaulted, pd)
    missed, lost = defaulted & ~refused, ~defaulted & refused
    of_clients = np.stack(
        [costs.false_negative * missed + costs.false_positive * lost, (pd - defaulted) ** 2]
    )
    measure_ece = _prepare_ece(defaulted, pd)

    def measure(counts: Counts) -> tuple[float, ...]:
        # Whole numbers would be multiplied one by one: ten times slower.
        cost, brier = of_clients @ counts.astype(np.float64) / counts.sum()
        return (
            compute_auc(ranking, counts),
            compute_ks(ranking, counts),
            float(cost),
            float(brier),
            measure_ece(counts),
        )

    clients = len(defaulted)
    as_they_are = measure(np.ones(clients, np.int64))
    return np.array([as_they_are, *map(measure, draw_counts(clients, repetitions, seed))])


def _prepare_ece(defaulted: Flags, pd: Probabilities) -> Callable[[Counts], float]:
    """Return what gives `training.metrics.compute_calibration_error` of drawn clients."""
    safest_first = np.argsort(pd, kind="stable")
    probabilities, outcomes = pd[safest_first], defaulted[safest_first]
    _, tie = np.unique(probabilities, return_inverse=True)

    def measure(counts: Counts) -> float:
        drawn = counts[safest_first]
        of_tie = np.maximum(np.bincount(tie, drawn), 1)  # a tie that is not drawn has no client
        gaps = probabilities - (np.bincount(tie, drawn * outcomes) / of_tie)[tie]
        groups = np.array_split(np.repeat(gaps, drawn), CALIBRATION_BINS)
        return float(sum(abs(group.sum()) for group in groups) / drawn.sum())

    return measure
