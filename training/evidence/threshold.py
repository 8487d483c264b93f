"""What the threshold costs, how sure that is, and what becomes of it at other prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities, ThresholdChoice, choose_threshold
from credit.decision import refuse
from credit.evaluation.bootstrap import (
    REPETITIONS,
    Counts,
    Estimate,
    bootstrap,
    draw_counts,
    find_interval,
)
from credit.evaluation.weighted import compute_cost, find_least_cost, price_cuts, rank
from training.nested_threshold import NestedThresholds

PRICE_RATIOS = (2, 3, 5, 8, 10, 12, 15, 20)
"""Prices of a missed default, where a refused good applicant costs 1."""
AS_GOOD = 0.01
"""A threshold whose cost exceeds the least one by no more than this part is as good."""
CURVE_POINTS = 199


@dataclass(frozen=True, slots=True)
class CostCurve:
    """Cost per applicant over thresholds, each of shape (points,).

    Attributes:
        thresholds: From low to high.
        cost: On all clients.
        low: Lower end of the 95 % interval at that threshold.
        high: Upper end.
        refused_share: Share of applicants at or above the threshold.
    """

    thresholds: NDArray[np.float64]
    cost: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    refused_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PriceCase:
    """What another price of a missed default would mean.

    Attributes:
        ratio: Price of a missed default in refused good applicants.
        threshold: The cheapest at that ratio.
        theoretical: The cheapest for calibrated probabilities, 1 / (1 + ratio).
        cost: Per applicant at the cheapest threshold, in refused good applicants.
        cost_at_served: Per applicant if the served threshold were kept.
        refused_share: At the cheapest threshold.
    """

    ratio: float
    threshold: float
    theoretical: float
    cost: float
    cost_at_served: float
    refused_share: float


@dataclass(frozen=True, slots=True)
class ThresholdEvidence:
    """How well founded the threshold is.

    Attributes:
        choice: The served threshold, and what it costs on the clients it was chosen on.
        nested: Thresholds chosen without the fold they are judged on.
        nested_cost: What such a choice costs per applicant: the figure to expect.
        nested_refused_share: Share refused by them.
        chosen: The served threshold with the interval in which it moves when clients are redrawn.
        as_good: Ends of the stretch around the cheapest threshold in which none costs more than
            1 % above the least.
        theoretical: The cheapest threshold if probabilities were exactly calibrated.
        theoretical_cost: What that one costs.
        approve_all: Cost of refusing nobody.
        refuse_all: Cost of refusing everybody.
        curve: Cost over thresholds.
        prices: Other prices of a missed default.
    """

    choice: ThresholdChoice
    nested: NestedThresholds
    nested_cost: Estimate
    nested_refused_share: float
    chosen: Estimate
    as_good: tuple[float, float]
    theoretical: float
    theoretical_cost: Estimate
    approve_all: float
    refuse_all: float
    curve: CostCurve
    prices: tuple[PriceCase, ...]


def judge_threshold(
    defaulted: Flags,
    pd: Probabilities,
    nested: NestedThresholds,
    costs: CostMatrix,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> ThresholdEvidence:
    """Return what is known of the threshold chosen on out-of-fold probabilities of shape (n,)."""
    choice = choose_threshold(defaulted, pd, costs)
    curve = _draw_curve(defaulted, pd, costs, repetitions, seed)
    drawn = _redraw_thresholds(defaulted, pd, costs, repetitions, seed)
    theoretical = costs.calibrated_threshold

    def price(counts: Counts) -> NDArray[np.float64]:
        decisions = (nested.refused, refuse(pd, theoretical))
        return np.array([compute_cost(defaulted, each, counts, costs) for each in decisions])

    nested_cost, theoretical_cost = bootstrap(price, len(pd), repetitions, seed)
    rate = float(defaulted.mean())
    return ThresholdEvidence(
        choice=choice,
        nested=nested,
        nested_cost=nested_cost,
        nested_refused_share=float(nested.refused.mean()),
        chosen=Estimate(choice.threshold, *find_interval(drawn)),
        as_good=_find_as_good(defaulted, pd, costs),
        theoretical=theoretical,
        theoretical_cost=theoretical_cost,
        approve_all=costs.false_negative * rate,
        refuse_all=costs.false_positive * (1 - rate),
        curve=curve,
        prices=tuple(_price(defaulted, pd, ratio, choice.threshold) for ratio in PRICE_RATIOS),
    )


def _price(defaulted: Flags, pd: Probabilities, ratio: float, served: float) -> PriceCase:
    costs = CostMatrix(ratio, 1)
    choice = choose_threshold(defaulted, pd, costs)
    everyone = np.ones(len(pd), np.int64)
    return PriceCase(
        ratio=ratio,
        threshold=choice.threshold,
        theoretical=costs.calibrated_threshold,
        cost=choice.cost_per_applicant,
        cost_at_served=compute_cost(defaulted, refuse(pd, served), everyone, costs),
        refused_share=choice.refused_share,
    )


def _redraw_thresholds(
    defaulted: Flags, pd: Probabilities, costs: CostMatrix, repetitions: int, seed: int
) -> NDArray[np.float64]:
    ranking = rank(defaulted, pd)
    return np.array(
        [
            find_least_cost(ranking, counts, costs)[1]
            for counts in draw_counts(len(pd), repetitions, seed)
        ]
    )


def _draw_curve(
    defaulted: Flags, pd: Probabilities, costs: CostMatrix, repetitions: int, seed: int
) -> CostCurve:
    """Return the curve over quantiles of the probabilities, dense where applicants are."""
    quantiles = np.linspace(0.005, 0.995, CURVE_POINTS)
    thresholds = np.unique(np.append(np.quantile(pd, quantiles), costs.calibrated_threshold))
    places = np.searchsorted(thresholds, pd, "right")  # refused by the first so many thresholds

    def cost(counts: Counts) -> NDArray[np.float64]:
        bad = np.bincount(places, counts * defaulted, len(thresholds) + 1)
        good = np.bincount(places, counts * ~defaulted, len(thresholds) + 1)
        missed = np.cumsum(bad)[:-1]
        refused_good = good.sum() - np.cumsum(good)[:-1]
        total = costs.false_negative * missed + costs.false_positive * refused_good
        return np.asarray(total / counts.sum())

    found = bootstrap(cost, len(pd), repetitions, seed)
    return CostCurve(
        thresholds=thresholds,
        cost=np.array([estimate.value for estimate in found]),
        low=np.array([estimate.low for estimate in found]),
        high=np.array([estimate.high for estimate in found]),
        refused_share=np.array([refuse(pd, threshold).mean() for threshold in thresholds]),
    )


def _find_as_good(defaulted: Flags, pd: Probabilities, costs: CostMatrix) -> tuple[float, float]:
    """Return the ends of the stretch around the cheapest threshold with no dearer one in it."""
    thresholds, cost = price_cuts(rank(defaulted, pd), np.ones(len(pd), np.int64), costs)
    dearer = np.flatnonzero(cost > cost.min() * (1 + AS_GOOD))
    best = int(np.argmin(cost))
    before, after = dearer[dearer < best], dearer[dearer > best]
    first = before[-1] + 1 if len(before) else 0
    last = after[0] - 1 if len(after) else len(cost) - 1
    return float(thresholds[last]), float(thresholds[first])
