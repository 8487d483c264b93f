"""A booster whose log-odds are stretched and moved: a logistic recalibration inside its trees."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from credit.cost import Flags, Probabilities

_FURTHEST = 1e-12


@dataclass(frozen=True, slots=True)
class LogisticMap:
    """What turns log-odds into better calibrated ones: `slope * log-odds + intercept`.

    Attributes:
        slope: Above 0, so that the order of the applicants stays as it is.
        intercept: Added.
    """

    slope: float
    intercept: float

    def apply(self, pd: Probabilities) -> Probabilities:
        """Return the recalibrated probabilities, shape of `pd`."""
        return np.asarray(expit(self.slope * to_log_odds(pd) + self.intercept))


def to_log_odds(pd: Probabilities) -> Probabilities:
    """Return log-odds, finite also for probabilities of 0 and 1."""
    return np.asarray(logit(np.clip(pd, _FURTHEST, 1 - _FURTHEST)))


def fit_logistic_map(defaulted: Flags, pd: Probabilities) -> LogisticMap:
    """Return the map of greatest likelihood on these clients, each of shape (n,).

    Platt, in Advances in Large Margin Classifiers (1999), on log-odds instead of margins.
    """
    model = LogisticRegression(C=np.inf).fit(to_log_odds(pd)[:, None], defaulted)
    return LogisticMap(float(model.coef_[0, 0]), float(model.intercept_[0]))


def recalibrate_booster(booster: xgb.Booster, using: LogisticMap) -> xgb.Booster:
    """Return a booster that gives the recalibrated probabilities itself.

    Leaves are multiplied by the slope and the base score is moved, so nothing but the one file
    travels to serving, and its Shapley values stay exact.

    Raises:
        ValueError: If the slope is not positive: the map would turn the order round.
    """
    if using.slope <= 0:
        raise ValueError(f"A recalibration must keep the order; its slope is {using.slope:g}.")
    model = json.loads(booster.save_raw("json"))
    learner = model["learner"]
    for tree in learner["gradient_booster"]["model"]["trees"]:
        for node, child in enumerate(tree["left_children"]):
            tree["base_weights"][node] *= using.slope
            if child == -1:
                tree["split_conditions"][node] *= using.slope
    parameters = learner["learner_model_param"]
    base = float(json.loads(parameters["base_score"])[0])
    moved = using.apply(np.array([base]))[0]
    parameters["base_score"] = json.dumps([float(moved)])
    return xgb.Booster(model_file=bytearray(json.dumps(model).encode()))
