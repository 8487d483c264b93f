"""The best trials judged again on folds they were not chosen on: a search also finds luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from credit.evaluation.bootstrap import Estimate
from training.auc_difference import NORMAL_95, AucDifference, compare_auc
from training.fitting import FitSettings
from training.metrics import compute_losses
from training.telling import Track
from training.tuning.families import BoostedFamily
from training.tuning.judging import Judged, judge
from training.tuning.problem import Problem
from training.tuning.space import Numbers

FIGURES = 3
"""Significant digits of what is confirmed, and kept: more would be luck's."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A setting's figures on fresh folds, means over their seeds.

    Attributes:
        parameters: The setting.
        log_loss: What was searched for.
        auc: Area under the ROC curve.
        cost: Cost per applicant at the cheapest threshold.
        rounds: Trees of a fit.
        cpu_s: Processor seconds of a fit, of all cores together.
        loss_gain: Log loss less the incumbent's, paired by client, with its normal 95 % interval;
            of the incumbent itself 0.
        auc_gains: AUC less the incumbent's, for each seed.
    """

    parameters: Numbers
    log_loss: float
    auc: float
    cost: float
    rounds: float
    cpu_s: float
    loss_gain: Estimate
    auc_gains: tuple[AucDifference, ...]

    @property
    def is_better(self) -> bool:
        """Whether it loses less than the incumbent, and on no seed surely ranks worse."""
        return self.loss_gain.value < 0 and all(gain.high >= 0 for gain in self.auc_gains)


def confirm(
    problem: Problem,
    family: BoostedFamily,
    settings: Sequence[Numbers],
    fit: FitSettings,
    seeds: Sequence[int],
    track: Track,
) -> tuple[Confirmed, ...]:
    """Return the settings' figures on the folds of other seeds; the first is the incumbent."""
    judged: list[list[Judged]] = []
    for parameters in settings:
        of_seeds = []
        for seed in seeds:
            of_seeds.append(judge(problem, family, parameters, replace(fit, seed=seed)))
            done = len(judged) * len(seeds) + len(of_seeds)
            track("Judging again", done, len(settings) * len(seeds))
        judged.append(of_seeds)
    return tuple(_compare(problem, of_seeds, judged[0]) for of_seeds in judged)


def choose_confirmed(confirmed: Sequence[Confirmed]) -> Confirmed:
    """Return the setting that loses least of those better than the incumbent, or the incumbent."""
    better = [setting for setting in confirmed if setting.is_better]
    return min(better, key=lambda setting: setting.log_loss, default=confirmed[0])


def round_numbers(parameters: Numbers) -> dict[str, float]:
    """Return the parameters with three significant digits; whole numbers stay as they are."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.{FIGURES}g}")
        for name, value in parameters.items()
    }


def _compare(
    problem: Problem, of_seeds: Sequence[Judged], incumbent: Sequence[Judged]
) -> Confirmed:
    differences = np.mean(
        [
            compute_losses(problem.defaulted, own.pd) - compute_losses(problem.defaulted, usual.pd)
            for own, usual in zip(of_seeds, incumbent, strict=True)
        ],
        axis=0,
    )
    mean = float(differences.mean())
    margin = NORMAL_95 * float(differences.std(ddof=1)) / np.sqrt(len(differences))
    return Confirmed(
        parameters=of_seeds[0].parameters,
        log_loss=float(np.mean([judged.log_loss for judged in of_seeds])),
        auc=float(np.mean([judged.auc for judged in of_seeds])),
        cost=float(np.mean([judged.cost for judged in of_seeds])),
        rounds=float(np.mean([judged.rounds for judged in of_seeds])),
        cpu_s=float(np.mean([judged.cpu_s for judged in of_seeds])),
        loss_gain=Estimate(mean, mean - margin, mean + margin),
        auc_gains=tuple(
            compare_auc(problem.defaulted, usual.pd, own.pd)
            for own, usual in zip(of_seeds, incumbent, strict=True)
        ),
    )
