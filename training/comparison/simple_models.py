"""Models that a model must beat, or be readable beside: a rule of one line, and a scorecard."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import ModuleType
from typing import Self, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags

from credit.cost import Flags
from training.column_auc import compute_auc
from training.comparison.early_stopping import Features, Parameters

_SOLVER = {"solver": "mip", "mip_solver": "bop"}
"""optbinning's usual one, CP-SAT, takes Ctrl-C for itself and then lets it kill the process."""


class _TakesGaps(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ExternalScoreRule(_TakesGaps):
    """Says 1 less the mean of the external scores that are known: an order, not a probability.

    A client without any gets the mean of the clients it was fitted on.

    Args:
        places: Columns of the scores.
    """

    def __init__(self, places: Sequence[int]) -> None:
        self.places = places

    def fit(self, X: Features, y: Flags) -> Self:  # noqa: ARG002 -- scikit-learn's call
        """Return itself.

        Raises:
            ValueError: If there is no column of scores.
        """
        if not len(self.places):
            raise ValueError(
                "no EXT_SOURCE column holds two values, so there is nothing to rule by"
            )
        self.classes_ = np.array([False, True])
        self.usual_ = float(np.nanmean(X[:, list(self.places)]))
        return self

    def predict_proba(self, X: Features) -> NDArray[np.float64]:
        """Return what stands for the probabilities of repaying, and of default, shape (n, 2)."""
        scores = X[:, list(self.places)].astype(np.float64)
        known = ~np.isnan(scores)
        total, count = np.where(known, scores, 0).sum(axis=1), known.sum(axis=1)
        mean = np.where(count, total / np.maximum(count, 1), self.usual_).clip(0, 1)
        return np.column_stack([mean, 1 - mean])


class WoeScorecard(_TakesGaps):
    """Logistic regression on weights of evidence of optimal bins, by optbinning.

    Missing values are a bin of their own, with the weight of evidence that was seen. Binning takes
    some 50 ms a column, so only those are binned that tell most by themselves.

    Args:
        names: Of the columns.
        categories: Places of those that are categories.
        parameters: ``C`` of the regression; ``columns_max``, most columns to bin; all else is
            optbinning's, of `BinningProcess`.
    """

    def __init__(
        self, names: Sequence[str], categories: Sequence[int], parameters: Parameters
    ) -> None:
        self.names = names
        self.categories = categories
        self.parameters = parameters

    def fit(self, X: Features, y: Flags, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Return itself, binned and fitted."""
        optbinning = _import_optbinning()
        binning = dict(self.parameters)
        regression = LogisticRegression(C=binning.pop("C"), solver="newton-cholesky")
        self.places_ = _find_telling(X, y, binning.pop("columns_max"))
        binned = [self.names[place] for place in self.places_]
        process = optbinning.BinningProcess(
            variable_names=binned,
            binning_fit_params=dict.fromkeys(binned, _SOLVER),
            categorical_variables=[
                self.names[place] for place in self.categories if place in self.places_
            ],
            **binning,
        )
        self.classes_ = np.array([False, True])
        self.scorecard_ = optbinning.Scorecard(process, regression).fit(
            self._name(X), y.astype(int), sample_weight=sample_weight, metric_missing="empirical"
        )
        return self

    def predict_proba(self, X: Features) -> NDArray[np.float64]:
        """Return the probabilities of repaying, and of default, shape (n, 2)."""
        return np.asarray(self.scorecard_.predict_proba(self._name(X)), np.float64)

    def _name(self, features: Features) -> pd.DataFrame:
        columns = [self.names[place] for place in self.places_]
        return pd.DataFrame(features[:, self.places_].astype(np.float64), columns=columns)


def _find_telling(features: Features, defaulted: Flags, columns_max: int) -> list[int]:
    """Return the places, ascending, of the columns whose AUC, times the share known, says most."""
    told = []
    for column in features.T:
        auc, bad, good = compute_auc(column, defaulted)
        told.append(0.0 if np.isnan(auc) else abs(auc - 0.5) * (bad + good))
    return sorted(np.argsort(told, kind="stable")[::-1][:columns_max].tolist())


def _import_optbinning() -> ModuleType:
    """Return optbinning; a solver of CVXPY's, which we don't use, may complain when it loads."""
    previous = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        import optbinning as package
    finally:
        logging.disable(previous)
    return cast("ModuleType", package)
