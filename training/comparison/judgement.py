"""What a candidate is worth, and by how much it differs from the served model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_score, recall_score

from credit.cost import CostMatrix, Flags, Probabilities, choose_threshold, compute_cost
from credit.decision import refuse
from credit.evaluation.bootstrap import Estimate, find_interval
from training.comparison.drawn_figures import DRAWN_FIGURES
from training.fitting import FOLDS
from training.metrics import evaluate


@dataclass(frozen=True, slots=True)
class Figures:
    """What out-of-fold probabilities, and decisions by thresholds of other folds, are worth.

    Attributes:
        auc: Area under the ROC curve.
        ks: Largest distance between the score distributions.
        gini: 2 AUC - 1.
        f1: Of defaults, by the decisions.
        recall: Share of the defaults that are refused.
        precision: Share of defaults among the refused; NaN if nobody is.
        cost: Business cost per applicant of the decisions.
        score: Business score, see `compute_business_score`.
        brier: Mean squared error of the probabilities.
        ece: Expected calibration error.
        threshold: Mean of the folds' thresholds.
    """

    auc: float
    ks: float
    gini: float
    f1: float
    recall: float
    precision: float
    cost: float
    score: float
    brier: float
    ece: float
    threshold: float

    def to_metrics(self) -> dict[str, float]:
        """Return the figures that are numbers, by name."""
        return {name: value for name, value in asdict(self).items() if np.isfinite(value)}


def judge(
    defaulted: Flags,
    pd: Probabilities,
    refused: Flags,
    threshold: float,
    costs: CostMatrix,
) -> Figures:
    """Return the figures of probabilities and decisions, each of shape (n,)."""
    evaluation = evaluate(defaulted, pd, costs)
    cost = compute_cost(defaulted, refused, costs)
    return Figures(
        auc=evaluation.auc,
        ks=evaluation.ks,
        gini=evaluation.gini,
        f1=float(f1_score(defaulted, refused, zero_division=0)),
        recall=float(recall_score(defaulted, refused)),
        precision=float(precision_score(defaulted, refused, zero_division=np.nan)),
        cost=cost,
        score=compute_business_score(cost, defaulted, costs),
        brier=evaluation.brier,
        ece=evaluation.ece,
        threshold=threshold,
    )


def decide_by_other_folds(
    defaulted: Flags, pd: Probabilities, folds: NDArray[np.int8], costs: CostMatrix
) -> tuple[Flags, float]:
    """Return who is refused, shape (n,), and the mean threshold.

    Each fold is decided on by the threshold that is cheapest on the out-of-fold probabilities of
    the others. Its own outcomes choose nothing there, but the models behind those probabilities
    were fitted on its clients. `training.nested_threshold` is without that, by ten more fits a
    model; so the served model's cost here and that of `credit train` are two figures. The threshold
    is chosen on the model's own probabilities, so a PD that is off is not punished by cost.
    """
    refused = np.zeros(len(pd), bool)
    thresholds = []
    for fold in range(FOLDS):
        others = folds != fold
        threshold = choose_threshold(defaulted[others], pd[others], costs).threshold
        refused[~others] = refuse(pd[~others], threshold)
        thresholds.append(threshold)
    return refused, float(np.mean(thresholds))


def compute_business_score(cost: float, defaulted: Flags, costs: CostMatrix) -> float:
    """Return 1 - cost / largest cost there can be: 1 for no mistake, 0 if all are decided wrongly.

    The largest cost is that of approving every default and refusing everyone else,
    (10 defaults + repaid loans) / clients at the usual prices. The dearer of approving all and
    refusing all would be another yardstick, by which a model can fall below 0; with this one the
    score lies in [0, 1], and the dummy has its place on the scale like everyone.
    """
    rate = float(defaulted.mean())
    return 1 - cost / (costs.false_negative * rate + costs.false_positive * (1 - rate))


def compare_drawn(
    drawn: NDArray[np.float64], served: NDArray[np.float64]
) -> Mapping[str, Estimate]:
    """Return by figure the difference from the served model, with its paired 95 % interval.

    Args:
        drawn: The candidate's figures, as `draw_figures` gives them.
        served: The served model's, on the same draws.
    """
    difference = drawn - served
    return {
        name: Estimate(float(column[0]), *find_interval(column[1:]))
        for name, column in zip(DRAWN_FIGURES, difference.T, strict=True)
    }
