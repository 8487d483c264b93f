"""Models that grow step by step, and stop by clients held out of their fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from credit.cost import Flags
from training.comparison.imbalance import Imbalance, make_sampler, weigh
from training.fitting import FitSettings, Sample, split_held_out

Features = NDArray[np.float32]
Parameters = Mapping[str, Any]
"""A family's own, by its library's names."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fit came to.

    Attributes:
        predict: Returns probabilities of default, shape (n,), of features.
        rounds: Steps it took until it was best: trees, or epochs.
    """

    predict: Callable[[Features], NDArray[Any]]
    rounds: int


Learn = Callable[[Parameters, Sample, Sample, FitSettings], Learned]
"""Fits on the first sample, and stops by the log loss of the second."""


class EarlyStopped(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fits on most of the clients and stops by the others, as the served model does.

    Only those fitted on are resampled: a client made up of clients on the other side of the split
    would stop nothing. The held-out ones are weighted instead, so that both tell of one world.

    Args:
        learn: How the family fits.
        parameters: What it is told.
        imbalance: Strategy.
        settings: Hold-out, patience, most rounds, seed, threads.

    Attributes:
        learned_: What came of it.
    """

    def __init__(
        self, learn: Learn, parameters: Parameters, imbalance: Imbalance, settings: FitSettings
    ) -> None:
        self.learn = learn
        self.parameters = parameters
        self.imbalance = imbalance
        self.settings = settings

    def fit(self, X: Features, y: Flags) -> Self:
        """Return itself, fitted."""
        fitted, held_out = split_held_out(X, y, self.settings)
        self.classes_ = np.array([False, True])
        self.learned_ = self.learn(
            self.parameters,
            self._balance(fitted),
            self._weigh(held_out),
            self.settings,
        )
        return self

    def predict_proba(self, X: Features) -> NDArray[np.float64]:
        """Return the probabilities of repaying, and of default, shape (n, 2)."""
        pd = np.asarray(self.learned_.predict(X), np.float64)
        return np.column_stack([1 - pd, pd])

    def _balance(self, sample: Sample) -> Sample:
        if not self.imbalance.resamples:
            return self._weigh(sample)
        sampler = make_sampler(self.imbalance, self.settings.seed)
        return Sample(*sampler.fit_resample(sample.features, sample.defaulted))

    def _weigh(self, sample: Sample) -> Sample:
        if self.imbalance is Imbalance.NONE:
            return sample
        return replace(sample, weights=weigh(sample.defaulted))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
