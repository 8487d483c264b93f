"""Whether a model can tell two populations apart, and by what: adversarial validation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.bootstrap import Estimate, bootstrap
from credit.evaluation.weighted import compute_auc, rank
from training.fitting import (
    FEWEST_OF_A_CLASS,
    CrossValidation,
    FitSettings,
    cross_validate,
    fit_booster,
)

Features = NDArray[np.float32]

SAMPLE = 10_000
"""Most clients taken of each population: enough to see an AUC of 0.51."""
CHANCE = 0.5
CAUTION = 1.5
"""How much further than its interval's end an AUC must lie from chance. The bootstrap takes the
fits as given; with nothing to find, 240 pairs of samples scattered 1.2 times as far as it says."""
FIT = FitSettings(
    parameters=(
        ("eta", 0.2),
        ("max_depth", 3),
        ("colsample_bytree", 0.3),
        ("subsample", 0.8),
        ("min_child_weight", 20),
        ("max_bin", 64),
    ),
    rounds_max=60,
    patience=5,
)


@dataclass(frozen=True, slots=True)
class Adversary:
    """A small model that tells clients of one population from those of another.

    Attributes:
        auc: Out of fold; 0.5 where nothing tells them apart.
        clients: Clients of each population it was fitted and judged on.
        gains: Share of the gain of its trees, by feature, the largest first; those used only.
        later: Which of the judged are of the second population, shape (n,).
        probabilities: Of being so, out of fold, shape (n,).
    """

    auc: Estimate
    clients: tuple[int, int]
    gains: dict[str, float]
    later: NDArray[np.bool_]
    probabilities: NDArray[np.float64]

    @property
    def tells_apart(self) -> bool:
        """Whether the AUC is beyond what the fits reach on two samples of one population."""
        return self.auc.value - CHANCE > CAUTION * (self.auc.value - self.auc.low)


def tell_apart(
    reference: Features, current: Features, names: tuple[str, ...], seed: int = 0, threads: int = 0
) -> Adversary | None:
    """Return the model that tells the populations apart; None if either is too small.

    Args:
        reference: Of the first population, shape (n, len(names)).
        current: Of the second, shape (m, len(names)).
        names: Of the columns.
        seed: Of samples, folds, trees and draws.
        threads: Cores to use; 0: all.
    """
    if min(len(reference), len(current)) < FEWEST_OF_A_CLASS:
        return None
    generator = np.random.default_rng(seed)
    one, other = (_draw(features, generator) for features in (reference, current))
    features, later = np.vstack([one, other]), np.arange(len(one) + len(other)) >= len(one)
    fit = replace(FIT, seed=seed, threads=threads)
    validation = cross_validate(features, later, fit)
    # By fold: models of different folds disagree on the level, which is no one's difference.
    ranking = rank(later, _rank_in_folds(validation))
    return Adversary(
        auc=bootstrap(lambda counts: compute_auc(ranking, counts), len(later), seed=seed)[0],
        clients=(len(one), len(other)),
        gains=_measure_gains(features, later, validation, names, fit),
        later=later,
        probabilities=validation.pd,
    )


def _draw(features: Features, generator: np.random.Generator) -> Features:
    if len(features) <= SAMPLE:
        return features
    return features[np.sort(generator.choice(len(features), SAMPLE, replace=False))]


def _rank_in_folds(validation: CrossValidation) -> NDArray[np.float64]:
    """Return each client's place among those of the same fold, in [0, 1], ties sharing theirs."""
    places = np.empty(len(validation.pd))
    for fold in np.unique(validation.folds):
        members = np.flatnonzero(validation.folds == fold)
        of_fold = validation.pd[members]
        ordered = np.sort(of_fold)
        below = np.searchsorted(ordered, of_fold, side="left")
        up_to = np.searchsorted(ordered, of_fold, side="right")
        places[members] = (below + up_to) / (2 * len(members))
    return places


def _measure_gains(
    features: Features,
    later: NDArray[np.bool_],
    validation: CrossValidation,
    names: tuple[str, ...],
    fit: FitSettings,
) -> dict[str, float]:
    rounds = max(1, round(float(np.mean(validation.rounds))))
    booster = fit_booster(features, later, rounds, fit, names)
    found = booster.get_score(importance_type="total_gain")
    gains = {name: float(np.asarray(gain).sum()) for name, gain in found.items()}
    total = sum(gains.values())
    return {name: gain / total for name, gain in sorted(gains.items(), key=lambda item: -item[1])}
