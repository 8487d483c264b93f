"""Finds columns that know the outcome, before a model is fitted that would believe them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from credit.cost import Flags
from credit.errors import TargetLeak
from credit.features.feature import CLIENT
from training.column_auc import compute_auc, compute_auc_error, compute_flag_auc

FEATURE_LIMIT = 0.80
"""AUC no single column reaches honestly (ADR 0012): the best reach 0.74, whole models 0.80."""

MODEL_LIMIT = 0.85
"""AUC no model of these tables reaches honestly: the best published have 0.80."""

GAIN_LIMIT = 0.60
"""Share of a quick model's gain no single column has honestly: 0.28 is the largest seen."""

STANDARD_ERRORS = 3
NAMED = 5
_QUICK = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 3,
    "max_bin": 64,
    "eta": 0.2,
    "min_child_weight": 5,
}
_QUICK_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Suspect:
    """What no honest column would do.

    Attributes:
        column: Its name; of the quick model's AUC, those it gains most by.
        finding: Which figure is too good.
        figure: Its value.
        limit: The most that an honest column would reach.
    """

    column: str
    finding: str
    figure: float
    limit: float

    def __str__(self) -> str:
        return f"{self.column} ({self.finding} {self.figure:.3f}, limit {self.limit:.3f})"


def require_no_leak(
    features: NDArray[np.float32],
    defaulted: Flags,
    clients: NDArray[np.int64],
    names: Sequence[str],
    threads: int = 0,
) -> None:
    """Return if no column, and no quick model of all, foretells the outcome implausibly well.

    Args:
        features: Shape (n, features), NaN for missing.
        defaulted: Shape (n,), with both outcomes.
        clients: Identifiers, shape (n,): their order must not tell the outcome either.
        names: Of the columns.
        threads: Cores to use; 0: all.

    Raises:
        TargetLeak: If one does.
    """
    suspects = screen_columns(features, defaulted, clients, names)
    suspects = suspects or judge_quick_fit(features, defaulted, names, threads)
    if suspects:
        listed = "; ".join(str(suspect) for suspect in suspects[:NAMED])
        more = f"; and {len(suspects) - NAMED} more" if len(suspects) > NAMED else ""
        raise TargetLeak(
            f"The outcome is known to: {listed}{more}. Nothing known when a loan is applied for "
            "tells that much: look for what was recorded afterwards, or made from TARGET, in the "
            "tables these columns come from, remove it there and train again."
        )


def screen_columns(
    features: NDArray[np.float32],
    defaulted: Flags,
    clients: NDArray[np.int64],
    names: Sequence[str],
) -> list[Suspect]:
    """Return what separates the outcomes alone, worst first: values, gaps, order of identifiers.

    A figure counts only beyond `STANDARD_ERRORS` of it, so that a column that few clients have is
    not suspected by chance.
    """
    suspects = [_judge(CLIENT, "AUC of the identifiers' order", compute_auc(clients, defaulted))]
    for name, column in zip(names, features.T, strict=True):
        suspects.append(_judge(name, "AUC alone", compute_auc(column, defaulted)))
        missing = compute_flag_auc(np.isnan(column), defaulted)
        suspects.append(_judge(name, "AUC of being missing", missing))
    found = [suspect for suspect in suspects if suspect is not None]
    return sorted(found, key=lambda suspect: suspect.figure, reverse=True)


def judge_quick_fit(
    features: NDArray[np.float32], defaulted: Flags, names: Sequence[str], threads: int = 0
) -> list[Suspect]:
    """Return whether a quick model, judged out of fold, is too good, or leans on one column."""
    auc, gains = _fit_quickly(features, defaulted, threads)
    best = np.argsort(-gains)[:NAMED]
    bad, good = int(np.count_nonzero(defaulted)), int(np.count_nonzero(~defaulted))
    auc_limit = MODEL_LIMIT + STANDARD_ERRORS * compute_auc_error(MODEL_LIMIT, bad, good)
    if auc > auc_limit:
        leaders = ", ".join(names[position] for position in best)
        return [Suspect(leaders, "AUC of a quick model that leans on them", auc, auc_limit)]
    luck = STANDARD_ERRORS * compute_auc_error(0.5, bad, good)
    if gains[best[0]] > GAIN_LIMIT and auc > 0.5 + luck:
        share = float(gains[best[0]])
        return [Suspect(names[best[0]], "share of a quick model's gain", share, GAIN_LIMIT)]
    return []


def _judge(name: str, finding: str, measured: tuple[float, int, int]) -> Suspect | None:
    auc, bad, good = measured
    if not min(bad, good):
        return None
    separation = max(auc, 1 - auc)
    limit = FEATURE_LIMIT + STANDARD_ERRORS * compute_auc_error(FEATURE_LIMIT, bad, good)
    return Suspect(name, finding, separation, limit) if separation > limit else None


def _fit_quickly(
    features: NDArray[np.float32], defaulted: Flags, threads: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the AUC on halves not fitted on, and each column's share of the gain."""
    pd = np.empty(len(defaulted))
    gains = np.zeros(features.shape[1])
    for fitted, judged in StratifiedKFold(2, shuffle=True, random_state=0).split(
        features, defaulted
    ):
        matrix = xgb.QuantileDMatrix(features[fitted], defaulted[fitted], max_bin=64)
        booster = xgb.train({**_QUICK, "nthread": threads}, matrix, num_boost_round=_QUICK_ROUNDS)
        pd[judged] = booster.inplace_predict(features[judged])
        for column, gain in booster.get_score(importance_type="total_gain").items():
            gains[int(column.removeprefix("f"))] += gain
    return float(roc_auc_score(defaulted, pd)), gains / max(gains.sum(), 1e-12)
