"""Figures of predictions where each client counts a number of times, fast enough to bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities
from credit.evaluation.bootstrap import Counts

CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Ranking:
    """Clients by falling probability, made once for many weightings.

    Attributes:
        order: Numbers of the clients, the riskiest first, shape (n,).
        last_of_tie: Places after which the probability changes, shape (distinct,).
        pd: Probabilities in that order, shape (n,).
        defaulted: Outcomes in that order, shape (n,).
    """

    order: NDArray[np.intp]
    last_of_tie: NDArray[np.intp]
    pd: Probabilities
    defaulted: Flags


def rank(defaulted: Flags, pd: Probabilities) -> Ranking:
    """Return the ranking of clients with these outcomes and probabilities, each of shape (n,)."""
    order = np.argsort(-pd, kind="stable")
    in_order = pd[order]
    last = np.flatnonzero(np.append(in_order[1:] != in_order[:-1], True))
    return Ranking(order, last, in_order, defaulted[order])


def compute_auc(ranking: Ranking, counts: Counts) -> float:
    """Return the area under the ROC curve, ties counting half; NaN of one outcome only."""
    bad, good = _accumulate(ranking, counts)
    if not (bad[-1] and good[-1]):
        return float("nan")
    return float(np.trapezoid(bad, good) / (bad[-1] * good[-1]))


def compute_ks(ranking: Ranking, counts: Counts) -> float:
    """Return the largest distance between the two score distributions; NaN of one outcome only."""
    bad, good = _accumulate(ranking, counts)
    if not (bad[-1] and good[-1]):
        return float("nan")
    return float(np.max(np.abs(bad / bad[-1] - good / good[-1])))


def price_cuts(
    ranking: Ranking, counts: Counts, costs: CostMatrix
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return every threshold that refuses other applicants than the next, and its cost.

    From the one that refuses nobody to the one that refuses everybody, each half way between the
    riskiest approved and the safest refused probability, as `credit.cost.choose_threshold` has it;
    costs are per applicant. Both of shape (distinct probabilities + 1,).
    """
    bad, good = _accumulate(ranking, counts)
    total = costs.false_negative * (bad[-1] - bad) + costs.false_positive * good
    distinct = ranking.pd[ranking.last_of_tie]
    thresholds = (np.append(1.0, distinct) + np.append(distinct, 0.0)) / 2
    return thresholds, total / (bad[-1] + good[-1])


def find_least_cost(ranking: Ranking, counts: Counts, costs: CostMatrix) -> tuple[float, float]:
    """Return the least cost per applicant for these very counts, and the threshold it is had at."""
    thresholds, cost = price_cuts(ranking, counts, costs)
    best = int(np.argmin(cost))  # the first: the fewest refused
    return float(cost[best]), float(thresholds[best])


def prepare_ece(pd: Probabilities) -> Callable[[Flags, Counts], float]:
    """Return what gives `training.metrics.compute_calibration_error` of outcomes, for any counts.

    Ties share their default rate, so that it does not matter in which group each of them falls.
    """
    safest_first = np.argsort(pd, kind="stable")
    probabilities = pd[safest_first]
    _, tie = np.unique(probabilities, return_inverse=True)

    def measure(defaulted: Flags, counts: Counts) -> float:
        drawn = counts[safest_first]
        of_tie = np.maximum(np.bincount(tie, drawn), 1)  # a tie that is not drawn has no client
        rates = np.bincount(tie, drawn * defaulted[safest_first]) / of_tie
        gaps = np.repeat(probabilities - rates[tie], drawn)
        groups = np.array_split(gaps, min(CALIBRATION_BINS, len(gaps)))
        return float(sum(abs(group.sum()) for group in groups) / drawn.sum())

    return measure


def compute_cost(defaulted: Flags, refused: Flags, counts: Counts, costs: CostMatrix) -> float:
    """Return the cost per applicant of given decisions, each of shape (n,)."""
    price = np.where(refused, np.where(defaulted, 0.0, costs.false_positive), 0.0)
    price[defaulted & ~refused] = costs.false_negative
    return compute_mean(price, counts)


def compute_mean(values: NDArray[np.float64], counts: Counts) -> float:
    """Return the mean of the clients' values, shape (n,), each as often as they are drawn.

    Not by a dot product: BLAS sends it to threads, whose start takes a hundred times as long.
    """
    return float((values * counts).sum() / counts.sum())


def _accumulate(ranking: Ranking, counts: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return defaults, and repaid loans, at or above each distinct probability, from 0 on."""
    weights = counts[ranking.order]
    bad = np.cumsum(np.where(ranking.defaulted, weights, 0))[ranking.last_of_tie]
    good = np.cumsum(np.where(ranking.defaulted, 0, weights))[ranking.last_of_tie]
    return np.append(0, bad), np.append(0, good)
