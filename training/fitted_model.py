"""A model fitted with all that is needed to judge it: folds, nested thresholds, recalibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities
from training.evidence.calibration import (
    LOGISTIC,
    Recalibration,
    judge_recalibrations,
    recalibrate_in_folds,
)
from training.fitting import (
    CrossValidation,
    FitSettings,
    cross_validate,
    fit_booster,
    fit_until_it_stops,
)
from training.nested_threshold import NestedThresholds, choose_nested_thresholds
from training.recalibration import LogisticMap, fit_logistic_map, recalibrate_booster
from training.telling import Say, Track


@dataclass(frozen=True, slots=True)
class FittedModel:
    """The served model, and what its folds said.

    Attributes:
        names: Its features.
        booster: Fitted on all clients.
        rounds: Its trees.
        validation: Out-of-fold probabilities, recalibrated if the model is.
        nested: Decisions by thresholds that have not seen the client.
        recalibrations: What a second step would change.
        applied: The second step the booster carries, None without one.
    """

    names: tuple[str, ...]
    booster: xgb.Booster
    rounds: int
    validation: CrossValidation
    nested: NestedThresholds
    recalibrations: tuple[Recalibration, ...]
    applied: LogisticMap | None


def fit_model(
    features: NDArray[np.float32],
    defaulted: Flags,
    names: tuple[str, ...],
    costs: CostMatrix,
    settings: FitSettings,
    say: Say,
    track: Track,
) -> FittedModel:
    """Return the model of all clients, with its out-of-fold judgement.

    The PD moves with the features in the catalog's directions alone, in the folds as in the model.
    A logistic recalibration becomes part of the booster only if it is shown to help out of fold.
    Decisions of the nested folds are made before it, which keeps the applicants' order.

    Raises:
        TrainingImpossible: If there are too few clients of a class.
    """
    settings = settings.constrain(names)
    say(f"Fitting on folds of {len(defaulted):,} clients, {features.shape[1]} features")
    validation = cross_validate(features, defaulted, settings, partial(track, "Folds"))
    say("Choosing thresholds in nested folds")
    nested = choose_nested_thresholds(
        defaulted,
        validation.pd,
        validation.folds,
        partial(_predict_pair, features, defaulted, settings),
        costs,
        partial(track, "Pairs of folds"),
    )
    steps = judge_recalibrations(defaulted, validation.pd, validation.folds, seed=settings.seed)
    rounds = round(float(np.mean(validation.rounds)))
    say(f"Fitting the model on all clients, {rounds} trees")
    booster = fit_booster(features, defaulted, rounds, settings, names)
    applied = _find_recalibration(defaulted, validation.pd, steps)
    if applied:
        say(
            "A logistic recalibration is shown to help, and becomes part of the model: slope "
            f"{applied.slope:.3f}, intercept {applied.intercept:+.3f}"
        )
        booster = recalibrate_booster(booster, applied)
        recalibrated = recalibrate_in_folds(defaulted, validation.pd, validation.folds)
        validation = replace(validation, pd=recalibrated)
        # The order stays, so the nested decisions do too; their thresholds are told as served.
        moved = applied.apply(np.array(nested.thresholds))
        nested = replace(nested, thresholds=tuple(moved.tolist()))
    return FittedModel(names, booster, rounds, validation, nested, steps, applied)


def _find_recalibration(
    defaulted: Flags, pd: Probabilities, steps: tuple[Recalibration, ...]
) -> LogisticMap | None:
    """Return the logistic step if it is shown to help, and leaves the applicants' order as it is.

    On a model that ranks worse than chance the best map turns the order round; that is no mending.
    """
    if not any(step.helps for step in steps if step.method == LOGISTIC):
        return None
    found = fit_logistic_map(defaulted, pd)
    return found if found.slope > 0 else None


def _predict_pair(
    features: NDArray[np.float32],
    defaulted: Flags,
    settings: FitSettings,
    rest: NDArray[np.intp],
    left_out: NDArray[np.intp],
) -> Probabilities:
    stopped = fit_until_it_stops(features[rest], defaulted[rest], settings)
    return stopped.predict(features[left_out])
