"""How each family that stops early is fitted: all by log loss, patience and rounds of one kind."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from credit.cost import Probabilities
from training.comparison.early_stopping import Features, Learned, Parameters
from training.fitting import FitSettings, Sample, StoppedFit, grow_xgboost
from training.lightgbm_fit import grow_lightgbm

EPOCHS_MAX = 40
EPOCHS_PATIENCE = 4


def learn_xgboost(
    parameters: Parameters, fitted: Sample, held_out: Sample, settings: FitSettings
) -> Learned:
    """Return XGBoost's trees; with the served model's parameters, the very ones it has."""
    return _learn(grow_xgboost(fitted, held_out, _tell(settings, parameters)))


def learn_lightgbm(
    parameters: Parameters, fitted: Sample, held_out: Sample, settings: FitSettings
) -> Learned:
    """Return LightGBM's trees; with tuned parameters, the very ones that tuning judged."""
    return _learn(grow_lightgbm(fitted, held_out, _tell(settings, parameters)))


def learn_catboost(
    parameters: Parameters, fitted: Sample, held_out: Sample, settings: FitSettings
) -> Learned:
    """Return CatBoost's trees; it writes no folder and says nothing."""
    from catboost import CatBoostClassifier, Pool

    model = CatBoostClassifier(
        iterations=settings.rounds_max,
        early_stopping_rounds=settings.patience,
        random_seed=settings.seed,
        thread_count=settings.threads or -1,
        allow_writing_files=False,
        verbose=False,
        **parameters,
    )
    model.fit(
        Pool(fitted.features, fitted.defaulted.astype(int), weight=fitted.weights),
        eval_set=Pool(held_out.features, held_out.defaulted.astype(int), weight=held_out.weights),
    )
    return Learned(_take_second(model), int(model.tree_count_))


def learn_hist_gradient_boosting(
    parameters: Parameters, fitted: Sample, held_out: Sample, settings: FitSettings
) -> Learned:
    """Return scikit-learn's own trees; it keeps those grown while its patience lasted.

    It cannot bin a column of which none of these clients has a value, so it does not get it.
    """
    known = np.flatnonzero(~np.isnan(fitted.features).all(axis=0))
    model = HistGradientBoostingClassifier(
        max_iter=settings.rounds_max,
        n_iter_no_change=settings.patience,
        early_stopping=True,
        tol=0.0,
        random_state=settings.seed,
        **parameters,
    )
    model.fit(
        fitted.features[:, known],
        fitted.defaulted,
        sample_weight=fitted.weights,
        X_val=held_out.features[:, known],
        y_val=held_out.defaulted,
        sample_weight_val=held_out.weights,
    )
    predict = _take_second(model)
    return Learned(lambda features: predict(features[:, known]), int(model.n_iter_))


def learn_mlp(
    parameters: Parameters, fitted: Sample, held_out: Sample, settings: FitSettings
) -> Learned:
    """Return the network of the best epoch.

    scikit-learn's own early stopping goes by accuracy, which says nothing where 8 % default.
    """
    model = MLPClassifier(random_state=settings.seed, **parameters)
    best, best_loss, best_epoch = model, float("inf"), 0
    for epoch in range(1, min(EPOCHS_MAX, settings.rounds_max) + 1):
        model.partial_fit(
            fitted.features, fitted.defaulted, classes=[False, True], sample_weight=fitted.weights
        )
        pd = model.predict_proba(held_out.features)[:, 1]
        loss = float(log_loss(held_out.defaulted, pd, sample_weight=held_out.weights))
        if loss < best_loss:
            best, best_loss, best_epoch = deepcopy(model), loss, epoch
        elif epoch - best_epoch >= EPOCHS_PATIENCE:
            break
    return Learned(_take_second(best), best_epoch)


def _tell(settings: FitSettings, parameters: Parameters) -> FitSettings:
    return replace(settings, parameters=tuple(parameters.items()))


def _learn(stopped: StoppedFit) -> Learned:
    return Learned(stopped.predict, stopped.rounds)


def _take_second(model: ClassifierMixin) -> Callable[[Features], Probabilities]:
    def predict(features: Features) -> Probabilities:
        return np.asarray(model.predict_proba(features)[:, 1], np.float64)

    return predict
