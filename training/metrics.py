"""What predictions are worth: discrimination, calibration, cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from credit.cost import CostMatrix, Flags, Probabilities, ThresholdChoice, choose_threshold
from credit.evaluation.weighted import CALIBRATION_BINS

LEAST_LIKELIHOOD = 1e-6
"""No outcome counts as less likely: isotonic maps give 0 and 1, and the one client for whom that
was wrong must not outweigh all others. Boosters, on log-odds, hardly come near it."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of out-of-fold predictions.

    Attributes:
        auc: Area under the ROC curve.
        gini: 2 AUC - 1.
        ks: Largest distance between the score distributions of good and bad applicants.
        brier: Mean squared error of the probabilities.
        log_loss: Mean negative log-likelihood.
        ece: Expected calibration error over ten equally large groups of applicants.
        default_rate: Share of defaults.
        choice: The cheapest threshold, and its cost.
    """

    auc: float
    gini: float
    ks: float
    brier: float
    log_loss: float
    ece: float
    default_rate: float
    choice: ThresholdChoice

    def to_metrics(self) -> dict[str, float]:
        """Return the figures as flat numbers, out-of-fold ones prefixed ``oof_``."""
        figures = asdict(self)
        choice = figures.pop("choice")
        metrics = {f"oof_{name}": float(value) for name, value in figures.items()}
        metrics |= {name: float(choice[name]) for name in ("threshold", "applicants")}
        for name in ("cost_per_applicant", "false_negatives", "false_positives"):
            metrics[f"oof_{name}"] = float(choice[name])
        metrics["oof_refused_share"] = self.choice.refused_share
        return metrics


def evaluate(defaulted: Flags, pd: Probabilities, costs: CostMatrix) -> Evaluation:
    """Return the figures of out-of-fold probabilities of shape (n,).

    Raises:
        ValueError: If the outcomes are not a mix of defaults and repaid loans.
    """
    choice = choose_threshold(defaulted, pd, costs)
    auc = float(roc_auc_score(defaulted, pd))
    false_positive_rate, true_positive_rate, _ = roc_curve(defaulted, pd)
    return Evaluation(
        auc=auc,
        gini=2 * auc - 1,
        ks=float(np.max(true_positive_rate - false_positive_rate)),
        brier=float(brier_score_loss(defaulted, pd)),
        log_loss=float(compute_losses(defaulted, pd).mean()),
        ece=compute_calibration_error(defaulted, pd),
        default_rate=float(defaulted.mean()),
        choice=choice,
    )


def compute_losses(defaulted: Flags, pd: Probabilities) -> NDArray[np.float64]:
    """Return the log loss of each client, shape (n,), finite also for probabilities of 0 and 1."""
    likelihood = np.where(defaulted, pd, 1 - pd)
    return np.asarray(-np.log(np.maximum(likelihood, LEAST_LIKELIHOOD)))


def compute_calibration_error(
    defaulted: Flags, pd: Probabilities, bins: int = CALIBRATION_BINS
) -> float:
    """Return the expected calibration error, in [0, 1], over equally large groups by probability.

    The mean over groups, weighted by their size, of |mean probability - default rate|
    (Naeini, Cooper, Hauskrecht 2015, with equal-mass bins). Applicants who share a probability
    share their default rate too, so that it does not matter in which group each of them falls.
    """
    _, shared, counts = np.unique(pd, return_inverse=True, return_counts=True)
    rates = (np.bincount(shared, weights=defaulted) / counts)[shared]
    safest_first = np.argsort(pd, kind="stable")
    groups: list[NDArray[np.intp]] = np.array_split(safest_first, min(bins, len(pd)))
    gaps = [abs(pd[group].mean() - rates[group].mean()) * len(group) for group in groups]
    return float(sum(gaps) / len(pd))
