"""The model families that are compared, each with its settings, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from training.comparison.early_stopping import Learn, Parameters
from training.comparison.imbalance import Imbalance
from training.comparison.learners import (
    learn_catboost,
    learn_hist_gradient_boosting,
    learn_lightgbm,
    learn_mlp,
    learn_xgboost,
)
from training.comparison.preparation import Columns, Preparation
from training.comparison.simple_models import ExternalScoreRule, WoeScorecard
from training.fitting import FitSettings

QUICK_CLIENTS = 60_000
"""Most clients a fold's slow fit is on, unless all is asked for; a fold of 60,301 has 48,241."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a fit may take.

    Attributes:
        parameters: The family's settings, by its library's names.
        clients_max: Most clients of a fold that are fitted on, drawn by outcome; None: all.
    """

    parameters: Parameters = field(default_factory=dict)
    clients_max: int | None = None


Make = Callable[[Parameters, FitSettings, Columns], BaseEstimator]


@dataclass(frozen=True, slots=True)
class Family:
    """Models of one kind.

    Attributes:
        name: What `--models` calls it.
        quick: Budget of the default run.
        full: Budget of `--full`.
        make: Returns the model, not fitted; or
        learn: fits it, stopping by held-out clients.
        preparation: What the columns are made into.
        package: What must be installed beyond the extra `training`, and can be imported.
        quick_strategies: Imbalance strategies of the default run.
        strategies: Those of `--full`: all that apply.
    """

    name: str
    quick: Budget
    full: Budget
    make: Make | None = None
    learn: Learn | None = None
    preparation: Preparation = Preparation.NOTHING
    package: str | None = None
    quick_strategies: tuple[Imbalance, ...] = (Imbalance.NONE,)
    strategies: tuple[Imbalance, ...] = tuple(Imbalance)


def _make_dummy(parameters: Parameters, _settings: FitSettings, _columns: Columns) -> BaseEstimator:
    return DummyClassifier(**parameters)


def _make_rule(_parameters: Parameters, _settings: FitSettings, columns: Columns) -> BaseEstimator:
    return ExternalScoreRule(columns.external_scores)


def _make_naive_bayes(
    parameters: Parameters, _settings: FitSettings, _columns: Columns
) -> BaseEstimator:
    return GaussianNB(**parameters)


def _make_logistic(
    parameters: Parameters, settings: FitSettings, _columns: Columns
) -> BaseEstimator:
    return LogisticRegression(**_seed(parameters, settings))


def _make_tree(parameters: Parameters, settings: FitSettings, _columns: Columns) -> BaseEstimator:
    return DecisionTreeClassifier(**_seed(parameters, settings))


def _make_forest(parameters: Parameters, settings: FitSettings, _columns: Columns) -> BaseEstimator:
    return RandomForestClassifier(n_jobs=settings.threads or -1, **_seed(parameters, settings))


def _make_scorecard(
    parameters: Parameters, _settings: FitSettings, columns: Columns
) -> BaseEstimator:
    return WoeScorecard(columns.names, columns.categories, parameters)


def _seed(parameters: Parameters, settings: FitSettings) -> Parameters:
    """Return the parameters, with the seed unless they have one: those of a tuned tree do."""
    return {"random_state": settings.seed, **parameters}


_LOGISTIC = {"C": 0.01, "solver": "newton-cholesky", "max_iter": 100}
_TREE = {"max_depth": 6, "min_samples_leaf": 200}
_FOREST = {"max_depth": 12, "min_samples_leaf": 50, "max_features": "sqrt"}
_HIST = {
    "learning_rate": 0.05,
    "max_leaf_nodes": 15,
    "max_features": 0.1,
    "l2_regularization": 50,
    "min_samples_leaf": 100,
    "max_bins": 127,
}
_LIGHTGBM = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "colsample_bytree": 0.1,
    "subsample": 0.8,
    "subsample_freq": 1,
    "reg_lambda": 50,
    "min_child_weight": 30,
    "min_child_samples": 1,
    "max_bin": 127,
}
_CATBOOST = {"learning_rate": 0.05, "depth": 4, "rsm": 0.1, "l2_leaf_reg": 50, "border_count": 128}
_MLP = {"hidden_layer_sizes": (32,), "alpha": 0.1, "batch_size": 512}
_SCORECARD = {"C": 0.01, "columns_max": 80, "max_n_prebins": 10}

SERVED_FAMILY = "xgboost"
"""Without any strategy it is the served model, which all others are set against."""

FAMILIES: tuple[Family, ...] = (
    Family(
        "dummy",
        Budget({"strategy": "prior"}),
        Budget({"strategy": "prior"}),
        make=_make_dummy,
        strategies=(Imbalance.NONE,),
    ),
    Family(
        "ext_source_rule",
        Budget(),
        Budget(),
        make=_make_rule,
        strategies=(Imbalance.NONE,),
    ),
    Family(
        "naive_bayes",
        Budget({"var_smoothing": 1.0}),
        Budget({"var_smoothing": 1.0}),
        make=_make_naive_bayes,
        preparation=Preparation.SCALED,
    ),
    Family(
        "logistic_regression",
        Budget(_LOGISTIC),
        Budget(_LOGISTIC),
        make=_make_logistic,
        preparation=Preparation.SCALED,
        quick_strategies=tuple(Imbalance),
    ),
    Family(
        "logistic_polynomial",
        Budget(_LOGISTIC),
        Budget(_LOGISTIC),
        make=_make_logistic,
        preparation=Preparation.POLYNOMIAL,
    ),
    Family("decision_tree", Budget(_TREE), Budget(_TREE), make=_make_tree),
    Family(
        "random_forest",
        Budget(_FOREST | {"n_estimators": 100, "max_samples": 0.5}, QUICK_CLIENTS),
        Budget(_FOREST | {"n_estimators": 400}),
        make=_make_forest,
    ),
    Family(
        "hist_gradient_boosting",
        Budget(_HIST, QUICK_CLIENTS),
        Budget(_HIST),
        learn=learn_hist_gradient_boosting,
    ),
    Family(
        "lightgbm",
        Budget(_LIGHTGBM),
        Budget(_LIGHTGBM),
        learn=learn_lightgbm,
        package="lightgbm",
        quick_strategies=(Imbalance.NONE, Imbalance.WEIGHT),
    ),
    Family(
        SERVED_FAMILY,
        Budget(dict(FitSettings().parameters)),
        Budget(dict(FitSettings().parameters)),
        learn=learn_xgboost,
        quick_strategies=tuple(Imbalance),
    ),
    Family(
        "catboost",
        Budget(_CATBOOST),
        Budget(_CATBOOST),
        learn=learn_catboost,
        package="catboost",
    ),
    Family(
        "mlp",
        Budget(_MLP, QUICK_CLIENTS),
        Budget(_MLP | {"hidden_layer_sizes": (64,), "learning_rate_init": 0.0005}),
        learn=learn_mlp,
        preparation=Preparation.SCALED,
    ),
    Family(
        "woe_scorecard",
        Budget(_SCORECARD, QUICK_CLIENTS),
        Budget(_SCORECARD | {"columns_max": 1000, "max_n_prebins": 20}),
        make=_make_scorecard,
        package="optbinning",
        # A client made up between two others lies in no bin that means anything.
        strategies=(Imbalance.NONE, Imbalance.WEIGHT, Imbalance.UNDERSAMPLING),
    ),
)
