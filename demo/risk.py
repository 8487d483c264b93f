"""Decides who defaults: a logit of the application and of the risk in every history."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from demo.clients import Clients, Flags
from demo.figures import Figures, Floats, code_of

# Logit of default per standard deviation of a history's risk, for who has such a history. The
# rarer the history, and the dimmer its rows show the risk, the larger the weight must be for a
# model to gain from its table.
HISTORY_WEIGHTS: dict[str, float] = {
    "bureau": 0.50,
    "bureau_balance": 0.82,
    "previous": 0.64,
    "pos": 0.60,
    "card": 1.00,
    "installments": 0.45,
}
# Of the effects measured on the application. With all of them, and six histories beside it, a
# model would tell defaults better than anybody could with the real tables.
APPLICATION_WEIGHT = 0.86


def compute_logit(clients: Clients, figures: Figures, present: Mapping[str, Flags]) -> Floats:
    """Return the logit of default, of shape (n,), without its constant.

    ``present`` tells for each risk factor which clients have rows that show it.
    """
    logit = np.zeros(len(clients))
    for name, effect in figures.default_effects.items():
        if "=" not in name:
            logit += effect * clients.scores[name]
            continue
        column, text = name.split("=", 1)
        logit += effect * (clients.texts[column] == code_of("application_train", column, text))
    logit *= APPLICATION_WEIGHT
    for name, weight in HISTORY_WEIGHTS.items():
        logit += weight * clients.factors[name] * present[name]
    return logit


def draw_defaults(logit: Floats, intercept: float, rng: np.random.Generator) -> Flags:
    """Return who defaults, of shape (n,): each with its own probability, the total next to exact.

    Systematic sampling: clients are lined up in random order, each as long as its probability,
    and whoever stands on a whole number from a random start defaults.
    """
    pd = 1 / (1 + np.exp(-(logit + intercept)))
    order = rng.permutation(len(pd))
    marks = np.floor(np.cumsum(pd[order]) + rng.random())
    defaulted = np.zeros(len(pd), dtype=np.bool_)
    defaulted[order] = np.diff(marks, prepend=0.0) > 0
    return defaulted
