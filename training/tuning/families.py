"""What can be tuned: each family's search space, as data, and how its settings are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import xgboost as xgb
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from training.fitting import FitFold, FitSettings, fit_until_it_stops
from training.lightgbm_fit import fit_lightgbm, import_lightgbm
from training.tuning.family_name import FamilyName
from training.tuning.space import Choice, Numbers, Parameters, Space, Span


class SearchMethod(StrEnum):
    """How a space is searched."""

    OPTUNA = "optuna"
    GRID = "grid"


@dataclass(frozen=True, slots=True)
class BoostedFamily:
    """Trees by boosting, searched by Optuna; each fold finds its own number of trees.

    Attributes:
        name: Its name.
        space: What is searched.
        fixed: What is not.
        start: The setting to be better than, where no tuned one is known.
        fit: Fits a fold's model.
        find_version: Returns the version of the library that does.
    """

    name: FamilyName
    space: Space
    fixed: Numbers
    start: Numbers
    fit: FitFold
    find_version: Callable[[], str]

    method = SearchMethod.OPTUNA


@dataclass(frozen=True, slots=True)
class GridFamily:
    """A small model of scikit-learn's, of which every setting of a grid is tried.

    Attributes:
        name: Its name.
        make: Makes the estimator, fitted after the median is put in for what is missing.
        grid: The values of each parameter.
        fixed: What is not searched.
        scale: Whether it needs columns of one scale.
    """

    name: FamilyName
    make: Callable[..., Any]
    grid: Mapping[str, Choice]
    fixed: Parameters = field(default_factory=dict)
    scale: bool = False

    method = SearchMethod.GRID


Family = BoostedFamily | GridFamily

XGBOOST = BoostedFamily(
    FamilyName.XGBOOST,
    # From eta 0.03 and up to depth 6 a fit takes seconds: `credit train` makes some twenty.
    space={
        "eta": Span(0.03, 0.12, log=True),
        "max_depth": Span(2, 6, whole=True),
        "min_child_weight": Span(1, 200, log=True),
        "subsample": Span(0.5, 1.0),
        "colsample_bytree": Span(0.05, 0.6, log=True),
        "reg_lambda": Span(1, 300, log=True),
        "reg_alpha": Span(0, 20),
    },
    fixed={"max_bin": 128},
    start=dict(FitSettings().parameters),
    fit=fit_until_it_stops,
    find_version=lambda: xgb.__version__,
)

LIGHTGBM = BoostedFamily(
    FamilyName.LIGHTGBM,
    space={
        "learning_rate": Span(0.03, 0.12, log=True),
        "num_leaves": Span(4, 64, log=True, whole=True),
        "min_child_samples": Span(20, 2000, log=True, whole=True),
        "subsample": Span(0.5, 1.0),
        "colsample_bytree": Span(0.05, 0.6, log=True),
        "reg_lambda": Span(1, 300, log=True),
        "reg_alpha": Span(0, 20),
    },
    fixed={"max_bin": 127, "subsample_freq": 1},
    start={
        "learning_rate": 0.05,
        "num_leaves": 16,
        "min_child_samples": 400,
        "subsample": 0.8,
        "colsample_bytree": 0.1,
        "reg_lambda": 50,
        "max_bin": 127,
        "subsample_freq": 1,
    },
    fit=fit_lightgbm,
    find_version=lambda: str(import_lightgbm().__version__),
)

LOGISTIC_REGRESSION = GridFamily(
    FamilyName.LOGISTIC_REGRESSION,
    LogisticRegression,
    grid={"C": Choice((0.0003, 0.001, 0.003, 0.01, 0.03, 0.1))},
    fixed={"max_iter": 2000},
    scale=True,
)

DECISION_TREE = GridFamily(
    FamilyName.DECISION_TREE,
    DecisionTreeClassifier,
    grid={
        "max_depth": Choice((3, 5, 7, 9)),
        "min_samples_leaf": Choice((50, 200, 800)),
    },
    fixed={"random_state": 0},
)

NAIVE_BAYES = GridFamily(
    FamilyName.NAIVE_BAYES,
    GaussianNB,
    grid={"var_smoothing": Choice((1e-9, 1e-3, 1e-2, 0.1, 1.0, 10.0))},
    scale=True,
)

FAMILIES: Mapping[FamilyName, Family] = {
    family.name: family
    for family in (XGBOOST, LIGHTGBM, LOGISTIC_REGRESSION, DECISION_TREE, NAIVE_BAYES)
}
