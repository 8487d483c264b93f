"""What fitting on fewer features costs, each fold choosing them without who judges it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from credit.cost import Flags, Probabilities
from training.auc_difference import AucDifference, compare_auc
from training.fitting import (
    FitFold,
    FitSettings,
    Progress,
    StoppedFit,
    cross_validate,
    fit_until_it_stops,
)
from training.selection import (
    Features,
    NullImportanceSettings,
    select_by_correlation,
    select_by_null_importance,
)
from training.telling import Track

NameColumns = Callable[[Features, Flags], Sequence[str]]


@dataclass(frozen=True, slots=True)
class SetFigures:
    """What a set of features is worth out of fold.

    Attributes:
        method: How its features were chosen.
        features: How many, mean over the folds.
        auc: Out-of-fold AUC.
        against_all: Its AUC less that of all features; None for all of them.
    """

    method: str
    features: float
    auc: float
    against_all: AucDifference | None


def measure_selection_cost(
    features: Features,
    defaulted: Flags,
    names: Sequence[str],
    fit: FitSettings,
    settings: NullImportanceSettings,
    top: int,
    track: Track,
) -> tuple[SetFigures, ...]:
    """Return the figures of all features, of those by null importance, of the `top` by correlation.

    The folds are the same, and in each the features are chosen anew from its training clients.

    Args:
        features: Shape (n, features).
        defaulted: Shape (n,).
        names: Of the columns.
        fit: How to fit.
        settings: Of the null importance.
        top: How many features by correlation.
        track: Told the method, folds done, folds in all.

    Raises:
        TrainingImpossible: If there are too few of an outcome, or a fold keeps no feature.
    """
    choices: dict[str, NameColumns] = {
        "all": lambda _rows, _outcomes: names,
        "null importance": lambda rows, outcomes: (
            select_by_null_importance(rows, outcomes, names, settings).names
        ),
        "correlation": lambda rows, outcomes: select_by_correlation(rows, outcomes, names, top),
    }
    figures: list[SetFigures] = []
    pd_of_all: NDArray[np.float64] | None = None
    for method, choose in choices.items():
        counts: list[int] = []
        pd = cross_validate(
            features,
            defaulted,
            fit,
            _tell(track, method),
            fit=_fit_chosen(names, choose, counts),
        ).pd
        against = None if pd_of_all is None else compare_auc(defaulted, pd_of_all, pd)
        pd_of_all = pd if pd_of_all is None else pd_of_all
        auc = float(roc_auc_score(defaulted, pd))
        figures.append(SetFigures(method, float(np.mean(counts)), auc, against))
    return tuple(figures)


@dataclass(frozen=True, slots=True)
class _FitOnColumns:
    """A model of some of the columns it is given."""

    stopped: StoppedFit
    places: list[int]

    @property
    def rounds(self) -> int:
        return self.stopped.rounds

    def predict(self, features: Features) -> Probabilities:
        return self.stopped.predict(features[:, self.places])


def _fit_chosen(names: Sequence[str], choose: NameColumns, counts: list[int]) -> FitFold:
    """Return what fits each fold on columns its own clients choose, and notes how many."""
    numbers = {name: number for number, name in enumerate(names)}

    def fit(features: Features, defaulted: Flags, settings: FitSettings) -> StoppedFit:
        chosen = choose(features, defaulted)
        counts.append(len(chosen))
        places = [numbers[name] for name in chosen]
        stopped = fit_until_it_stops(features[:, places], defaulted, settings.constrain(chosen))
        return _FitOnColumns(stopped, places)

    return fit


def _tell(track: Track, method: str) -> Progress:
    return lambda done, of: track(f"Folds, {method}", done, of)
