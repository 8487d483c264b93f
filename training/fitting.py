"""Gradient boosting on stratified folds, without leaks: each fold finds its own number of trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from credit.cost import Flags
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES

FOLDS = 5
FEWEST_OF_A_CLASS = 20
"""Below this many defaults, or repaid loans, folds hold too few to stop, or to judge, a fit."""

Progress = Callable[[int, int], None]
ArrangeFold = Callable[[int, NDArray[np.intp]], NDArray[np.float32]]
"""Returns the features of all clients for the model that leaves a fold out.

Takes the fold's number and the numbers of the clients who stay, from whom alone may be learned.
"""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a model is fitted; defaults were chosen on 60,301 real clients (docs/adr/0003).

    Attributes:
        parameters: XGBoost's own.
        rounds_max: Most trees.
        patience: Trees without improvement after which a fit stops.
        holdout_share: Part of a fold's training clients that decides when to stop.
        seed: Of folds and trees.
        threads: Cores to use; 0: all.
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

    def to_parameters(self) -> dict[str, str | float]:
        """Return what `xgboost.train` takes."""
        return {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "seed": self.seed,
            "nthread": self.threads,
            **dict(self.parameters),
        }


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


def cross_validate(
    features: NDArray[np.float32],
    defaulted: Flags,
    settings: FitSettings,
    on_progress: Progress | None = None,
    arrange: ArrangeFold | None = None,
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
        booster = fit_until_it_stops(arranged[rest], defaulted[rest], settings)
        pd[left_out] = booster.inplace_predict(arranged[left_out]).astype(np.float64)
        rounds.append(booster.num_boosted_rounds())
        if on_progress:
            on_progress(fold + 1, FOLDS)
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


def fit_until_it_stops(
    features: NDArray[np.float32], defaulted: Flags, settings: FitSettings
) -> xgb.Booster:
    """Return a booster with as many trees as serve a hold-out of these very clients best."""
    fitted, held_out = train_test_split(
        np.arange(len(defaulted)),
        test_size=settings.holdout_share,
        stratify=defaulted,
        random_state=settings.seed,
    )
    stop = xgb.callback.EarlyStopping(rounds=settings.patience, save_best=True)
    return xgb.train(
        settings.to_parameters(),
        xgb.DMatrix(features[fitted], defaulted[fitted]),
        num_boost_round=settings.rounds_max,
        evals=[(xgb.DMatrix(features[held_out], defaulted[held_out]), "held_out")],
        callbacks=[stop],
        verbose_eval=False,
    )


def require_both_outcomes(defaulted: Flags) -> None:
    """Return if there are enough defaults and enough repaid loans to learn from.

    Raises:
        TrainingImpossible: If there are not.
    """
    defaults = int(np.count_nonzero(defaulted))
    repaid = len(defaulted) - defaults
    if min(defaults, repaid) < FEWEST_OF_A_CLASS:
        raise TrainingImpossible(
            f"application_train has {defaults} defaults and {repaid} repaid loans; fitting on "
            f"{FOLDS} folds needs at least {FEWEST_OF_A_CLASS} of each. Use more clients, for "
            "instance `credit data make --clients 5000`."
        )
