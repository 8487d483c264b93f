"""How good a setting is: the mean log loss of clients that the models have not seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from credit.cost import Probabilities, choose_threshold
from training.fitting import FOLDS, FitSettings, cross_validate
from training.metrics import compute_losses
from training.tuning.families import BoostedFamily
from training.tuning.problem import Problem
from training.tuning.space import Numbers

OnFoldLoss = Callable[[int, float], None]
"""Told of each fold its number and the mean log loss of its clients."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A setting's figures, out of fold.

    Attributes:
        parameters: The setting.
        pd: Probabilities of default, shape (n,).
        fold_losses: Mean log loss of each fold's clients.
        auc: Area under the ROC curve.
        cost: Cost per applicant at its own cheapest threshold.
        rounds: Mean number of trees.
        cpu_s: Processor seconds of a fold, of all cores together.
    """

    parameters: Numbers
    pd: Probabilities
    fold_losses: tuple[float, ...]
    auc: float
    cost: float
    rounds: float
    cpu_s: float

    @property
    def log_loss(self) -> float:
        """The mean over folds, which are equally large: what the search makes small."""
        return float(np.mean(self.fold_losses))


def judge(
    problem: Problem,
    family: BoostedFamily,
    parameters: Numbers,
    fit: FitSettings,
    on_loss: OnFoldLoss | None = None,
) -> Judged:
    """Return the figures of a setting on the folds of the fit's seed.

    What `on_loss` raises ends the judging there.
    """
    losses: list[float] = []

    def tell(fold: int, left_out: NDArray[np.intp], pd: Probabilities) -> None:
        losses.append(float(compute_losses(problem.defaulted[left_out], pd).mean()))
        if on_loss:
            on_loss(fold, losses[-1])

    began_s = time.process_time()
    validation = cross_validate(
        problem.features,
        problem.defaulted,
        replace(fit.constrain(problem.names), parameters=tuple(parameters.items())),
        fit=family.fit,
        on_fold=tell,
    )
    return Judged(
        dict(parameters),
        validation.pd,
        tuple(losses),
        float(roc_auc_score(problem.defaulted, validation.pd)),
        choose_threshold(problem.defaulted, validation.pd, problem.costs).cost_per_applicant,
        float(np.mean(validation.rounds)),
        (time.process_time() - began_s) / FOLDS,
    )
