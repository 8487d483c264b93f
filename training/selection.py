"""Which features tell something of the outcome: by null importance, and by correlation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.cost import Flags
from credit.errors import TrainingImpossible

Features = NDArray[np.float32]
Progress = Callable[[int, int], None]
FEWEST_KNOWN = 20
"""With fewer known values of an outcome a correlation is luck, and counts as none."""


@dataclass(frozen=True, slots=True)
class NullImportanceSettings:
    """How importances are told from those that chance gives (measured in docs/adr/0012).

    Attributes:
        permutations: Fits on shuffled outcomes.
        repeats: Fits on the true outcomes, whose mean counts.
        rounds: Trees of a fit.
        quantile: A feature is kept if its gain is above this quantile of its gains by chance.
        seed: Of shuffles and fits.
        threads: Cores to use; 0: all.
    """

    permutations: int = 30
    repeats: int = 10
    rounds: int = 40
    quantile: float = 0.75
    seed: int = 0
    threads: int = 0


@dataclass(frozen=True, slots=True)
class JudgedFeature:
    """What a feature is worth.

    Attributes:
        name: Its name.
        importance: Gain under the true outcomes.
        null_quantile: The quantile of its gains under shuffled ones.
        score: log of the first over the second, each with a thousandth of the mean gain added.
    """

    name: str
    importance: float
    null_quantile: float
    score: float

    @property
    def kept(self) -> bool:
        """True if the outcome gains more by it than chance would."""
        return self.importance > self.null_quantile


@dataclass(frozen=True, slots=True)
class SelectedFeatures:
    """The features that are kept, and how all were judged.

    Attributes:
        names: The kept ones, in the order they were given.
        judged: All of them, in the order they were given.
        settings: How.
    """

    names: tuple[str, ...]
    judged: tuple[JudgedFeature, ...]
    settings: NullImportanceSettings


def select_by_null_importance(
    features: Features,
    defaulted: Flags,
    names: Sequence[str],
    settings: NullImportanceSettings = NullImportanceSettings(),
    on_progress: Progress | None = None,
) -> SelectedFeatures:
    """Return the features that gain more under the true outcomes than under shuffled ones.

    Altmann, Tolosi, Sander, Lengauer, Permutation importance: a corrected feature importance
    measure, Bioinformatics 26 (2010), with the total gain of gradient boosting as importance.
    Only the rows given are looked at: give none that the selection is judged by.

    Raises:
        TrainingImpossible: If no feature is left.
    """
    true, null = _measure_gains(features, defaulted, settings, on_progress)
    importances = true.mean(axis=0)
    quantiles = np.quantile(null, settings.quantile, axis=0)
    floor = max(float(importances.mean()), 1e-12) / 1000
    scores = np.log((importances + floor) / (quantiles + floor))
    judged = tuple(
        JudgedFeature(name, *map(float, figures))
        for name, *figures in zip(names, importances, quantiles, scores, strict=True)
    )
    kept = tuple(feature.name for feature in judged if feature.kept)
    if not kept:
        raise TrainingImpossible(
            f"None of {len(judged)} features tells more of the outcome than chance would on "
            f"{len(defaulted):,} clients. Use more clients, or train without a selection."
        )
    return SelectedFeatures(kept, judged, settings)


def select_by_correlation(
    features: Features, defaulted: Flags, names: Sequence[str], top: int
) -> tuple[str, ...]:
    """Return the names of the `top` features that correlate most with the outcome, in given order.

    The point-biserial correlation, in absolute value, among the clients whose value is known.
    """
    correlations = np.array([_correlate(column, defaulted) for column in features.T])
    chosen = np.sort(np.argsort(-correlations, kind="stable")[:top])
    return tuple(names[position] for position in chosen)


def _measure_gains(
    features: Features,
    defaulted: Flags,
    settings: NullImportanceSettings,
    on_progress: Progress | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gains of shape (fits, features): under the true outcomes, under shuffled ones.

    The columns are binned once: where the cuts lie does not depend on the outcomes.
    """
    generator = np.random.default_rng(settings.seed)
    matrix = xgb.QuantileDMatrix(features, max_bin=64)
    outcomes = [defaulted] * settings.repeats
    outcomes += [generator.permutation(defaulted) for _ in range(settings.permutations)]
    gains = np.zeros((len(outcomes), features.shape[1]))
    for fit, labels in enumerate(outcomes):
        matrix.set_label(labels)
        booster = xgb.train(
            _list_parameters(settings, fit), matrix, num_boost_round=settings.rounds
        )
        for column, gain in booster.get_score(importance_type="total_gain").items():
            gains[fit, int(column.removeprefix("f"))] = gain
        if on_progress:
            on_progress(fit + 1, len(outcomes))
    return gains[: settings.repeats], gains[settings.repeats :]


def _list_parameters(settings: NullImportanceSettings, fit: int) -> dict[str, str | float]:
    return {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 4,
        "max_bin": 64,
        "eta": 0.1,
        "colsample_bytree": 0.3,  # so that a feature is seen without its twins too
        "subsample": 0.8,
        "reg_lambda": 50,
        "min_child_weight": 30,  # or a value that few clients have beats a chance of nothing
        "seed": settings.seed * 100_003 + fit,
        "nthread": settings.threads,
    }


def _correlate(column: NDArray[np.float32], defaulted: Flags) -> float:
    known = ~np.isnan(column)
    values, outcomes = column[known].astype(np.float64), defaulted[known]
    bad = int(np.count_nonzero(outcomes))
    if min(bad, len(outcomes) - bad) < FEWEST_KNOWN or not (spread := values.std()):
        return 0.0
    share = bad / len(outcomes)
    gap = values[outcomes].mean() - values[~outcomes].mean()
    return float(abs(gap) / spread * np.sqrt(share * (1 - share)))
