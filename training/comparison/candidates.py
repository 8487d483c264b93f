"""Which models are compared: a family with an imbalance strategy and a budget."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from credit.cost import Flags
from credit.errors import TrainingImpossible
from training.comparison.early_stopping import EarlyStopped, Features, Parameters
from training.comparison.families import FAMILIES, SERVED_FAMILY, Family
from training.comparison.imbalance import Imbalance, make_sampler, weigh
from training.comparison.preparation import Columns, Preparation, prepare
from training.fitting import FitSettings

INSTALL = "Install what is missing with `pip install 'credit-scoring[comparison]'`."
_SAMPLING_PACKAGE = "imblearn"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model to compare.

    Attributes:
        family: Its kind.
        imbalance: Its strategy.
        parameters: Its settings.
        clients_max: Most clients of a fold it is fitted on; None: all.
    """

    family: Family
    imbalance: Imbalance
    parameters: Parameters
    clients_max: int | None

    @property
    def name(self) -> str:
        """Family and strategy."""
        if self.imbalance is Imbalance.NONE:
            return self.family.name
        return f"{self.family.name}, {self.imbalance.value}"

    @property
    def is_served(self) -> bool:
        """Whether it is the model that training publishes."""
        return self.family.name == SERVED_FAMILY and self.imbalance is Imbalance.NONE

    @property
    def missing_package(self) -> str | None:
        """What it needs and is not installed, by the name it is imported under."""
        needed = [self.family.package] if self.family.package else []
        needed += [_SAMPLING_PACKAGE] if self.imbalance.resamples else []
        return next((name for name in needed if importlib.util.find_spec(name) is None), None)


@dataclass(frozen=True, slots=True)
class Model:
    """A candidate ready to be fitted: its columns' preparation, its sampler and its estimator.

    Attributes:
        pipeline: Of scikit-learn, or of imbalanced-learn where there is a sampler.
        weighted: Whether the estimator is told to weigh both outcomes alike.
    """

    pipeline: Any
    weighted: bool

    def fit(self, features: Features, defaulted: Flags) -> None:
        """Fit every step on these clients, in place."""
        told = {"model__sample_weight": weigh(defaulted)} if self.weighted else {}
        self.pipeline.fit(features, defaulted, **told)

    def predict(self, features: Features) -> NDArray[np.float64]:
        """Return the probabilities of default, shape (n,)."""
        return np.asarray(self.pipeline.predict_proba(features)[:, 1], np.float64)


def list_candidates(
    models: Collection[str] = (),
    *,
    full: bool = False,
    parameters: Mapping[str, Parameters] | None = None,
) -> list[Candidate]:
    """Return the candidates, the served model first, whatever else is asked for.

    Args:
        models: Names of families; none: all.
        full: Every strategy that applies, and budgets without bounds.
        parameters: Settings by family, each in place of all the default ones: what was tuned
            without a setting is not compared with it.

    Raises:
        TrainingImpossible: If there is no family of a name.
    """
    given = parameters or {}
    _require_known([*models, *given])
    candidates = [
        candidate
        for family in FAMILIES
        for candidate in _combine(family, given.get(family.name), full=full)
        if candidate.is_served or not models or family.name in models
    ]
    return sorted(candidates, key=lambda candidate: not candidate.is_served)


def build_model(candidate: Candidate, columns: Columns, settings: FitSettings) -> Model:
    """Return the candidate's model, not fitted.

    A sampler comes last before the estimator, so it never sees a client the fold left out, and
    SMOTE gets columns without gaps on one scale, whatever the family takes. XGBoost is held to the
    catalog's directions, as the served model is, wherever the columns are the catalog's own.
    """
    family, imbalance = candidate.family, candidate.imbalance
    preparation = family.preparation
    if imbalance is Imbalance.SMOTE and preparation is Preparation.NOTHING:
        preparation = Preparation.SCALED
    if preparation is Preparation.NOTHING:
        settings = settings.constrain(columns.names)
    steps = [("prepare", prepare(preparation, columns))]
    if family.learn:
        model = EarlyStopped(family.learn, candidate.parameters, imbalance, settings)
        return Model(Pipeline([*steps, ("model", model)]), weighted=False)
    make = _require_make(family)
    estimator = make(candidate.parameters, settings, columns)
    if not imbalance.resamples:
        pipeline = Pipeline([*steps, ("model", estimator)])
        return Model(pipeline, weighted=imbalance is Imbalance.WEIGHT)
    from imblearn.pipeline import Pipeline as SamplingPipeline

    sampler = ("sample", make_sampler(imbalance, settings.seed))
    return Model(SamplingPipeline([*steps, sampler, ("model", estimator)]), weighted=False)


def _combine(family: Family, given: Parameters | None, *, full: bool) -> list[Candidate]:
    budget = family.full if full else family.quick
    strategies = family.strategies if full else family.quick_strategies
    parameters = budget.parameters if given is None else given
    return [Candidate(family, strategy, parameters, budget.clients_max) for strategy in strategies]


def _require_known(names: Collection[str]) -> None:
    known = [family.name for family in FAMILIES]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise TrainingImpossible(
            f"There is no model family {', '.join(unknown)}; name some of {', '.join(known)}."
        )


def _require_make(family: Family) -> Callable[..., Any]:
    if family.make is None:
        raise ValueError(f"{family.name} says neither how it is made nor how it learns.")
    return family.make
