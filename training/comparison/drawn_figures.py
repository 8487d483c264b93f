"""A candidate's figures on clients drawn anew, again and again, the same draws for everyone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities
from credit.evaluation.bootstrap import REPETITIONS, Counts, draw_counts
from credit.evaluation.weighted import compute_auc, compute_ks, prepare_ece, rank

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
    measure_ece = prepare_ece(pd)

    def measure(counts: Counts) -> tuple[float, ...]:
        # Whole numbers would be multiplied one by one: ten times slower.
        cost, brier = of_clients @ counts.astype(np.float64) / counts.sum()
        return (
            compute_auc(ranking, counts),
            compute_ks(ranking, counts),
            float(cost),
            float(brier),
            measure_ece(defaulted, counts),
        )

    clients = len(defaulted)
    as_they_are = measure(np.ones(clients, np.int64))
    return np.array([as_they_are, *map(measure, draw_counts(clients, repetitions, seed))])
