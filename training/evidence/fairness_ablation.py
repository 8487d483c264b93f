"""What leaving gender and age out of the model costs, and what it does to the groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities, choose_threshold
from credit.decision import refuse
from credit.evaluation.bootstrap import Counts, Estimate, bootstrap
from credit.evaluation.weighted import compute_auc, compute_cost, rank
from training.evidence.calibration import recalibrate_in_folds
from training.evidence.group_figures import (
    RATES,
    DecidedClients,
    GroupRates,
    find_judged,
    find_reference,
)
from training.evidence.groups import Grouping
from training.evidence.protected import leave_out_protected
from training.fitting import FitSettings, Progress, cross_validate

COMPARED = (
    "approval_rate",
    "approval_ratio",
    "opportunity_gap",
    "missed_default_gap",
    "calibration_ratio",
)
_COLUMNS = [RATES.index(name) for name in COMPARED]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of both models, from the same draws of clients.

    Attributes:
        full: Of the model with all features.
        reduced: Of the model without gender and age.
        difference: The second less the first.
    """

    full: Estimate
    reduced: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What it does to a group that is large enough to be judged.

    Attributes:
        attribute: What the clients are grouped by.
        group: The group.
        reference: Whether it is the one that ratios and gaps compare with, for both models.
        changes: By figure, those of `COMPARED`.
    """

    attribute: str
    group: str
    reference: bool
    changes: dict[str, Change]


@dataclass(frozen=True, slots=True)
class ProtectedAblation:
    """Two models on the same folds: with all features, and without gender and age.

    Attributes:
        left_out: Features the second does without.
        features: Features it has.
        auc: Area under the ROC curve.
        cost: Business cost per applicant, each model at its own cheapest threshold.
        groups: What it does to each judged group.
        pd: Out-of-fold probabilities without, recalibrated if those with are, shape (n,).
    """

    left_out: tuple[str, ...]
    features: int
    auc: Change
    cost: Change
    groups: tuple[GroupChange, ...]
    pd: Probabilities


def ablate_protected(  # noqa: PLR0913 # the second fit must be the first in all but its columns
    features: NDArray[np.float32],
    names: tuple[str, ...],
    decided: DecidedClients,
    folds: NDArray[np.int8],
    groupings: Sequence[Grouping],
    fit: FitSettings,
    on_fold: Progress | None = None,
    *,
    recalibrate: bool = False,
) -> ProtectedAblation | None:
    """Return what gender, age and the features derived from them are worth; None if none is there.

    Thresholds of both models are chosen here, alike; intervals take models and decisions as given.

    Args:
        features: What the model is fitted on, shape (n, len(names)).
        names: Of its columns.
        decided: The clients, with the full model's out-of-fold probabilities.
        folds: The fold each client was left out of.
        groupings: The clients' groups.
        fit: How the full model was fitted.
        on_fold: Told after each fold how many are done, of how many.
        recalibrate: Whether the full model's probabilities were recalibrated in folds: then the
            reduced one's are as well.

    Raises:
        ValueError: If the full model's folds are not those of these settings.
    """
    reduced, kept = leave_out_protected(features, names)
    if len(kept) == len(names) or not kept:
        return None
    validation = cross_validate(reduced, decided.defaulted, fit.constrain(kept), on_fold)
    if not np.array_equal(validation.folds, folds):
        raise ValueError("The model that is compared was fitted on other folds.")
    reduced_pd = validation.pd
    if recalibrate:
        reduced_pd = recalibrate_in_folds(decided.defaulted, reduced_pd, folds)
    return compare_models(
        decided,
        reduced_pd,
        groupings,
        tuple(name for name in names if name not in kept),
        len(kept),
        fit.seed,
    )


def compare_models(
    decided: DecidedClients,
    reduced_pd: Probabilities,
    groupings: Sequence[Grouping],
    left_out: tuple[str, ...],
    features: int,
    seed: int = 0,
) -> ProtectedAblation:
    """Return the comparison of two models by their out-of-fold probabilities."""
    full = _decide(decided.defaulted, decided.pd, decided.costs)
    reduced = _decide(decided.defaulted, reduced_pd, decided.costs)
    references = [find_reference(grouping, full) for grouping in groupings]
    measure_full = _Measure(groupings, references, full)
    measure_reduced = _Measure(groupings, references, reduced)

    def measure(counts: Counts) -> NDArray[np.float64]:
        one, other = measure_full(counts), measure_reduced(counts)
        return np.column_stack([one, other, other - one]).ravel()

    estimates = bootstrap(measure, len(decided.pd), seed=seed)
    changes = iter(Change(*estimates[at : at + 3]) for at in range(0, len(estimates), 3))
    return ProtectedAblation(
        left_out=left_out,
        features=features,
        auc=next(changes),
        cost=next(changes),
        groups=tuple(
            GroupChange(
                grouping.attribute,
                grouping.groups[group],
                reference=group == reference,
                changes={name: next(changes) for name in COMPARED},
            )
            for grouping, reference in zip(groupings, references, strict=True)
            for group in np.flatnonzero(find_judged(grouping, decided.defaulted))
        ),
        pd=reduced_pd,
    )


class _Measure:
    """AUC, cost, and the compared figures of the judged groups, in a row."""

    def __init__(
        self,
        groupings: Sequence[Grouping],
        references: Sequence[int | None],
        decided: DecidedClients,
    ) -> None:
        self._decided = decided
        self._ranking = rank(decided.defaulted, decided.pd)
        self._judged = [find_judged(grouping, decided.defaulted) for grouping in groupings]
        self._rates = [
            GroupRates(grouping, decided, reference)
            for grouping, reference in zip(groupings, references, strict=True)
        ]

    def __call__(self, counts: Counts) -> NDArray[np.float64]:
        decided = self._decided
        whole = [
            compute_auc(self._ranking, counts),
            compute_cost(decided.defaulted, decided.refused, counts, decided.costs),
        ]
        of_groups = [
            rates(counts)[judged][:, _COLUMNS].ravel()
            for rates, judged in zip(self._rates, self._judged, strict=True)
        ]
        return np.concatenate([whole, *of_groups])


def _decide(defaulted: Flags, pd: Probabilities, costs: CostMatrix) -> DecidedClients:
    refused = refuse(pd, choose_threshold(defaulted, pd, costs).threshold)
    return DecidedClients(defaulted, pd, refused, costs)
