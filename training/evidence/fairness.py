"""What a model's decisions mean for groups of clients, each figure with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from numpy.typing import NDArray

from credit.disclosure import SMALLEST_GROUP
from credit.evaluation.bootstrap import REPETITIONS, Counts, Estimate, bootstrap
from credit.fairness import AttributeAudit, FairnessAudit, Figure, GroupAudit, Spread
from training.evidence.group_figures import (
    FEWEST_CLIENTS,
    FEWEST_OF_OUTCOME,
    RATES,
    DecidedClients,
    GroupAucs,
    GroupRates,
    find_judged,
    find_reference,
)
from training.evidence.groups import Grouping

FIGURES = (*RATES, "auc")


def audit_fairness(
    groupings: Sequence[Grouping],
    decided: DecidedClients,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> FairnessAudit:
    """Return the audit of decisions on clients whose outcome is known.

    All figures come from the same draws of clients. A group of too few clients or outcomes is
    shown, not judged, and no other is compared with it; of a tiny one nothing is told.

    Args:
        groupings: What `training.evidence.groups.group_clients` returned.
        decided: The clients, in the same order; their PD out of fold.
        repetitions: Draws of the bootstrap.
        seed: Of the draws.
    """
    measured = [_GroupStatistic(grouping, decided) for grouping in groupings]

    def measure(counts: Counts) -> NDArray[np.float64]:
        return np.concatenate([statistic(counts).ravel() for statistic in measured])

    estimates = iter(bootstrap(measure, len(decided.pd), repetitions, seed))
    return FairnessAudit(
        clients=len(decided.pd),
        refused_share=float(decided.refused.mean()),
        costs=decided.costs,
        fewest_clients=FEWEST_CLIENTS,
        fewest_of_outcome=FEWEST_OF_OUTCOME,
        attributes=tuple(
            _describe_attribute(
                grouping,
                decided,
                [[next(estimates) for _ in FIGURES] for _ in grouping.groups],
            )
            for grouping in groupings
        ),
    )


class _GroupStatistic:
    def __init__(self, grouping: Grouping, decided: DecidedClients) -> None:
        self._rates = GroupRates(grouping, decided, find_reference(grouping, decided))
        self._aucs = GroupAucs(grouping, decided)

    def __call__(self, counts: Counts) -> NDArray[np.float64]:
        return np.column_stack([self._rates(counts), self._aucs(counts)])


def measure_spread(grouping: Grouping, decided: DecidedClients) -> Spread | None:
    """Return how far the judged groups lie apart; None if there are fewer than two.

    In fairlearn's words the favourable label is 1: approved as the prediction, repaid as the truth.
    """
    judged = find_judged(grouping, decided.defaulted)
    if np.count_nonzero(judged) < 2:  # noqa: PLR2004
        return None
    kept = judged[grouping.members]
    frame = MetricFrame(
        metrics={
            "approval": selection_rate,
            "of_repaid": true_positive_rate,
            "of_defaulted": false_positive_rate,
        },
        y_true=(~decided.defaulted[kept]).astype(int),
        y_pred=(~decided.refused[kept]).astype(int),
        sensitive_features=grouping.members[kept],
    )
    apart = frame.difference(method="between_groups")
    return Spread(
        approval_ratio=_keep_finite(float(frame.ratio(method="between_groups")["approval"])),
        opportunity=float(apart["of_repaid"]),
        odds=float(max(apart["of_repaid"], apart["of_defaulted"])),
    )


def _describe_attribute(
    grouping: Grouping, decided: DecidedClients, estimates: list[list[Estimate]]
) -> AttributeAudit:
    reference = find_reference(grouping, decided)
    judged = find_judged(grouping, decided.defaulted)
    size = len(grouping.groups)
    clients = np.bincount(grouping.members, minlength=size)
    defaults = np.bincount(grouping.members[decided.defaulted], minlength=size)
    return AttributeAudit(
        attribute=grouping.attribute,
        reference=None if reference is None else grouping.groups[reference],
        groups=tuple(
            GroupAudit(
                group=name,
                clients=int(clients[group]),
                defaults=int(defaults[group]),
                judged=bool(judged[group]),
                **_name_figures(estimates[group]),
            )
            if clients[group] >= SMALLEST_GROUP
            else _hide(name)
            for group, name in enumerate(grouping.groups)
            if clients[group]
        ),
        spread=measure_spread(grouping, decided),
    )


def _hide(group: str) -> GroupAudit:
    return GroupAudit(
        group=group, clients=None, defaults=None, judged=False, **dict.fromkeys(FIGURES)
    )


def _name_figures(estimates: list[Estimate]) -> dict[str, Figure | None]:
    return {name: _to_figure(found) for name, found in zip(FIGURES, estimates, strict=True)}


def _keep_finite(number: float) -> float | None:
    return number if isfinite(number) else None


def _to_figure(found: Estimate) -> Figure | None:
    if not np.isfinite([found.value, found.low, found.high]).all():
        return None
    return Figure(value=found.value, low=found.low, high=found.high)
