"""Gradient boosting on stratified folds, without leaks: each fold finds its own number of trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from credit.cost import Flags, Probabilities
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES, RISK_DIRECTIONS
from credit.features.risk_direction import RiskDirection

FOLDS = 5
FEWEST_OF_A_CLASS = 20
"""Below this many defaults, or repaid loans, folds hold too few to stop, or to judge, a fit."""

Progress = Callable[[int, int], None]
ArrangeFold = Callable[[int, NDArray[np.intp]], NDArray[np.float32]]
"""Returns the features of all clients for the model that leaves a fold out.

Takes the fold's number and the numbers of the clients who stay, from whom alone may be learned.
"""
OnFold = Callable[[int, NDArray[np.intp], Probabilities], None]
"""Told of each fold its number, the clients left out, and their probabilities, shape (left out,).

What it raises ends the validation there: so a setting that does badly is given up early.
"""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a model is fitted; defaults were chosen on 60,301 real clients (docs/adr/0003).

    Attributes:
        parameters: XGBoost's own, or those of the library that `cross_validate` is told to fit by.
        rounds_max: Most trees.
        patience: Trees without improvement after which a fit stops.
        holdout_share: Part of a fold's training clients that decides when to stop.
        seed: Of folds and trees.
        threads: Cores to use; 0: all.
        directions: How the predicted probability may change with each column, in their order (see
            `RiskDirection`); columns after the last are free. Only XGBoost heeds them.
    """

    parameters: tuple[tuple[str, float], ...] = (
        ("eta", 0.05),
        ("max_depth", 4),
        ("colsample_bytree", 0.1),
        ("subsample", 0.8),
        ("reg_lambda", 50),
        ("min_child_weight", 30),
        ("max_bin", 128),
    )
    rounds_max: int = 3000
    patience: int = 60
    holdout_share: float = 0.1
    seed: int = 0
    threads: int = 0
    directions: tuple[int, ...] = ()

    def constrain(self, names: Sequence[str]) -> Self:
        """Return the same settings with the catalog's directions of the columns of these names.

        Names the catalog does not know, and other models than those of default, are free.
        """
        free = RiskDirection.FREE
        return replace(self, directions=tuple(RISK_DIRECTIONS.get(name, free) for name in names))

    def to_parameters(self) -> dict[str, str | float]:
        """Return what `xgboost.train` takes."""
        return {
            **self._list_constraints(),
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "seed": self.seed,
            "nthread": self.threads,
            **dict(self.parameters),
        }

    def _list_constraints(self) -> dict[str, str]:
        if not any(self.directions):
            return {}
        return {"monotone_constraints": f"({','.join(f'{way:d}' for way in self.directions)})"}


@dataclass(frozen=True, slots=True)
class Sample:
    """Clients to fit on, or to stop by.

    Attributes:
        features: Shape (n, features).
        defaulted: Shape (n,).
        weights: Shape (n,); None: all alike.
    """

    features: NDArray[np.float32]
    defaulted: Flags
    weights: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Out-of-fold predictions, and how long each fold's fit was.

    Attributes:
        pd: Probabilities of shape (n,), each by a model that has not seen the client.
        folds: The fold each client was left out of, shape (n,).
        rounds: Number of trees of each fold.
    """

    pd: NDArray[np.float64]
    folds: NDArray[np.int8]
    rounds: tuple[int, ...]


class StoppedFit(Protocol):
    """A model that has stopped growing where more trees did not help."""

    @property
    def rounds(self) -> int:
        """Number of its trees."""

    def predict(self, features: NDArray[np.float32]) -> Probabilities:
        """Return the clients' probabilities of default, shape (n,)."""


FitFold = Callable[[NDArray[np.float32], Flags, FitSettings], StoppedFit]
"""Fits on a fold's training clients; part of them, and nobody else, decides when it stops."""


@dataclass(frozen=True, slots=True)
class StoppedBooster:
    """An XGBoost booster that has stopped."""

    booster: xgb.Booster

    @property
    def rounds(self) -> int:
        """Number of its trees."""
        return self.booster.num_boosted_rounds()

    def predict(self, features: NDArray[np.float32]) -> Probabilities:
        """Return the clients' probabilities of default, shape (n,)."""
        return np.asarray(self.booster.inplace_predict(features), np.float64)


def fit_until_it_stops(
    features: NDArray[np.float32], defaulted: Flags, settings: FitSettings
) -> StoppedBooster:
    """Return a booster whose number of trees was decided by a part of these clients."""
    return grow_xgboost(*split_held_out(features, defaulted, settings), settings)


def grow_xgboost(fitted: Sample, held_out: Sample, settings: FitSettings) -> StoppedBooster:
    """Return a booster fitted on the first sample, stopped by the log loss of the second."""
    stop = xgb.callback.EarlyStopping(rounds=settings.patience, save_best=True)
    booster = xgb.train(
        settings.to_parameters(),
        _to_matrix(fitted),
        num_boost_round=settings.rounds_max,
        evals=[(_to_matrix(held_out), "held_out")],
        callbacks=[stop],
        verbose_eval=False,
    )
    return StoppedBooster(booster)


def split_held_out(
    features: NDArray[np.float32], defaulted: Flags, settings: FitSettings
) -> tuple[Sample, Sample]:
    """Return the clients to fit on, and those who decide when to stop."""
    fitted, held_out = hold_out(defaulted, settings)
    return (
        Sample(features[fitted], defaulted[fitted]),
        Sample(features[held_out], defaulted[held_out]),
    )


def hold_out(defaulted: Flags, settings: FitSettings) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the numbers of the clients to fit on, and of those who decide when to stop."""
    fitted, held_out = train_test_split(
        np.arange(len(defaulted)),
        test_size=settings.holdout_share,
        stratify=defaulted,
        random_state=settings.seed,
    )
    return fitted, held_out


def cross_validate(
    features: NDArray[np.float32],
    defaulted: Flags,
    settings: FitSettings,
    on_progress: Progress | None = None,
    arrange: ArrangeFold | None = None,
    fit: FitFold = fit_until_it_stops,
    on_fold: OnFold | None = None,
) -> CrossValidation:
    """Return out-of-fold probabilities of stratified folds.

    The clients a fold is judged on have no part in its fit, nor in when the fit stops, nor in what
    columns it is on.

    Args:
        features: Shape (n, features).
        defaulted: Shape (n,).
        settings: How to fit.
        on_progress: Called with folds done and folds in all.
        arrange: Makes the features of each fold; None: they are the same for all.
        fit: Fits a fold's model.
        on_fold: Told of each fold when it is done.

    Raises:
        TrainingImpossible: If there are too few defaults, or too few repaid loans.
    """
    require_both_outcomes(defaulted)
    pd = np.empty(len(defaulted))
    folds = assign_folds(defaulted, settings.seed)
    rounds = []
    for fold in range(FOLDS):
        rest, left_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        arranged = arrange(fold, rest) if arrange else features
        stopped = fit(arranged[rest], defaulted[rest], settings)
        pd[left_out] = stopped.predict(arranged[left_out])
        rounds.append(stopped.rounds)
        if on_progress:
            on_progress(fold + 1, FOLDS)
        if on_fold:
            on_fold(fold, left_out, pd[left_out])
    return CrossValidation(pd, folds, tuple(rounds))


def assign_folds(defaulted: Flags, seed: int) -> NDArray[np.int8]:
    """Return the fold that each client is left out of, shape (n,), stratified by outcome.

    Raises:
        TrainingImpossible: If there are too few defaults, or too few repaid loans.
    """
    require_both_outcomes(defaulted)
    folds = np.empty(len(defaulted), np.int8)
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for fold, (_, left_out) in enumerate(splitter.split(defaulted, defaulted)):
        folds[left_out] = fold
    return folds


def fit_booster(
    features: NDArray[np.float32],
    defaulted: Flags,
    rounds: int,
    settings: FitSettings,
    names: Sequence[str] = FEATURE_NAMES,
) -> xgb.Booster:
    """Return a booster of `rounds` trees fitted on all clients; it knows its columns' names."""
    matrix = xgb.DMatrix(features, defaulted, feature_names=list(names))
    return xgb.train(settings.to_parameters(), matrix, num_boost_round=rounds)


def require_both_outcomes(defaulted: Flags) -> None:
    """Return if there are enough defaults and enough repaid loans to learn from.

    Raises:
        TrainingImpossible: If there are not.
    """
    defaults = int(np.count_nonzero(defaulted))
    repaid = len(defaulted) - defaults
    if not (defaults and repaid):
        raise TrainingImpossible(
            f"application_train has {defaults} defaults and {repaid} repaid loans: TARGET holds "
            "one value only, so nothing can be told apart. Is it the right column, and the whole "
            "table?"
        )
    if min(defaults, repaid) < FEWEST_OF_A_CLASS:
        raise TrainingImpossible(
            f"application_train has {defaults} defaults and {repaid} repaid loans; fitting on "
            f"{FOLDS} folds needs at least {FEWEST_OF_A_CLASS} of each. Use more clients."
        )


def _to_matrix(sample: Sample) -> xgb.DMatrix:
    return xgb.DMatrix(sample.features, sample.defaulted, weight=sample.weights)
