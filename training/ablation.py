"""What each family of features is worth: models without it, or with it, against the usual one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from credit.cost import CostMatrix, Flags, Probabilities, choose_threshold
from credit.decision import refuse
from credit.features.catalog import FAMILIES, FEATURE_NAMES
from training.auc_difference import AucDifference, compare_auc
from training.feature_matrix import FeatureMatrix, find_varying, take_columns
from training.fitting import ArrangeFold, FitSettings, assign_folds, cross_validate
from training.fold_features import FittedFamily, make_fold_features
from training.nested_folds import NestedFeatures
from training.tables import Tables

Features = NDArray[np.float32]

FIT = FitSettings(
    parameters=(
        ("eta", 0.1),
        ("max_depth", 4),
        ("colsample_bytree", 0.1),
        ("subsample", 0.8),
        ("reg_lambda", 50),
        ("min_child_weight", 30),
        ("max_bin", 64),
    ),
    rounds_max=800,
    patience=30,
)
"""Quicker than the served model's fit, a third of its time: a table is some fifteen models."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class CostDifference:
    """The second model's cost per applicant less the first's, with its 95 % interval."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """A model that differs from the usual one by a family.

    Attributes:
        change: ``all``, ``without FAMILY`` or ``with FAMILY``.
        features: Columns it was fitted on.
        auc: Out-of-fold AUC.
        cost: Cost per applicant at its own cheapest threshold.
        auc_gain: Its AUC less the usual model's; None for that one.
        cost_gain: Its cost less the usual model's; None for that one.
    """

    change: str
    features: int
    auc: float
    cost: float
    auc_gain: AucDifference | None
    cost_gain: CostDifference | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """A model's out-of-fold probabilities, and what each client costs it."""

    features: int
    pd: Probabilities
    costs: NDArray[np.float64]


def ablate_families(
    matrix: FeatureMatrix, tables: Tables, costs: CostMatrix, fit: FitSettings = FIT
) -> Iterator[Ablation]:
    """Yield the usual model, it without each family, and it with each family fitted inside folds.

    All are judged out of fold, on the same folds.

    Args:
        matrix: Features and outcomes.
        tables: The open tables, whose rows are scored.
        costs: Prices of mistakes.
        fit: How to fit.

    Raises:
        TrainingImpossible: If there are too few of an outcome.
        ValueError: If the matrix has no outcomes.
    """
    if matrix.defaulted is None:
        raise ValueError("Without outcomes nothing can be judged.")
    defaulted = matrix.defaulted
    usual_names = find_varying(matrix.features, FEATURE_NAMES)
    features = take_columns(matrix.features, usual_names)
    usual = _judge(features, defaulted, costs, fit.constrain(usual_names))
    yield _compare("all", usual, None, defaulted)
    for family, members in FAMILIES.items():
        names = tuple(name for name in usual_names if name not in members)
        if len(names) < len(usual_names):
            reduced = take_columns(matrix.features, names)
            judged = _judge(reduced, defaulted, costs, fit.constrain(names))
            yield _compare(f"without {family}", judged, usual, defaulted)
    folds = assign_folds(defaulted, fit.seed)
    for fitted in FittedFamily:
        nested = make_fold_features(fitted, matrix, folds, tables, fit.seed)
        if not nested.names:
            continue
        judged = _judge(features, defaulted, costs, fit.constrain(usual_names), nested)
        yield _compare(f"with {fitted.value}", judged, usual, defaulted)


def _judge(
    features: Features,
    defaulted: Flags,
    costs: CostMatrix,
    fit: FitSettings,
    nested: NestedFeatures | None = None,
) -> _Judged:
    arrange = None if nested is None else _append(features, nested)
    pd = cross_validate(features, defaulted, fit, arrange=arrange).pd
    refused = refuse(pd, choose_threshold(defaulted, pd, costs).threshold)
    missed, lost = defaulted & ~refused, ~defaulted & refused
    of_clients = costs.false_negative * missed + costs.false_positive * lost
    columns = features.shape[1] + (len(nested.names) if nested else 0)
    return _Judged(columns, pd, of_clients.astype(np.float64))


def _append(features: Features, nested: NestedFeatures) -> ArrangeFold:
    def arrange(fold: int, _rest: NDArray[np.intp]) -> Features:
        return np.hstack([features, nested.leave_out(fold)])

    return arrange


def _compare(change: str, judged: _Judged, usual: _Judged | None, defaulted: Flags) -> Ablation:
    return Ablation(
        change,
        judged.features,
        float(roc_auc_score(defaulted, judged.pd)),
        float(judged.costs.mean()),
        None if usual is None else compare_auc(defaulted, usual.pd, judged.pd),
        None if usual is None else _compare_costs(usual.costs, judged.costs),
    )


def _compare_costs(
    usual: NDArray[np.float64], other: NDArray[np.float64], seed: int = 0
) -> CostDifference:
    """Return the paired difference with its percentile bootstrap interval, thresholds as given."""
    difference = other - usual
    values, counts = np.unique(difference, return_counts=True)
    # Clients who cost alike are alike: resampling them is drawing how often each value comes.
    drawn = np.random.default_rng(seed).multinomial(
        len(difference), counts / len(difference), RESAMPLES
    )
    means = drawn @ values / len(difference)
    low, high = np.percentile(means, (2.5, 97.5))
    return CostDifference(float(difference.mean()), float(low), float(high))
