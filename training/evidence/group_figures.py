"""Figures of groups of clients, fast enough to bootstrap: sums over cells, not over clients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities
from credit.evaluation.bootstrap import Counts
from credit.evaluation.weighted import CALIBRATION_BINS, compute_auc, rank
from training.evidence.groups import Grouping

Numbers = NDArray[np.float64]

FEWEST_CLIENTS = 100
FEWEST_OF_OUTCOME = 20

RATES = (
    "default_rate",
    "approval_rate",
    "approval_ratio",
    "approval_of_repaid",
    "opportunity_gap",
    "missed_default_rate",
    "missed_default_gap",
    "mean_pd",
    "calibration_gap",
    "calibration_ratio",
    "calibration_error",
    "cost",
)
"""Figures of a group, in the order of `GroupRates`; `credit.fairness` says what each is."""


@dataclass(frozen=True, slots=True)
class DecidedClients:
    """Clients whose outcome is known, with what a model foretold and what was decided.

    Attributes:
        defaulted: Outcomes, shape (n,).
        pd: Out-of-fold probabilities of default, shape (n,).
        refused: Decisions, shape (n,).
        costs: Prices of mistakes.
    """

    defaulted: Flags
    pd: Probabilities
    refused: Flags
    costs: CostMatrix


def find_judged(grouping: Grouping, defaulted: Flags) -> NDArray[np.bool_]:
    """Return which groups have enough clients of both outcomes to be judged, shape (groups,)."""
    size = len(grouping.groups)
    clients = np.bincount(grouping.members, minlength=size)
    defaults = np.bincount(grouping.members[defaulted], minlength=size)
    rarer = np.minimum(defaults, clients - defaults)
    return np.asarray((clients >= FEWEST_CLIENTS) & (rarer >= FEWEST_OF_OUTCOME))


def find_reference(grouping: Grouping, decided: DecidedClients) -> int | None:
    """Return the number of the most approved group among those judged; None if none is."""
    judged = find_judged(grouping, decided.defaulted)
    if not judged.any():
        return None
    size = len(grouping.groups)
    approved = np.bincount(grouping.members[~decided.refused], minlength=size)
    clients = np.bincount(grouping.members, minlength=size)
    rates = np.where(judged, approved / np.maximum(clients, 1), -1.0)
    return int(np.argmax(rates))


class GroupRates:
    """The rates of every group, for clients who each count a number of times.

    Args:
        grouping: The groups.
        decided: The clients.
        reference: Number of the group that ratios and gaps compare with; None: they are NaN. It
            stays the same in every draw.
    """

    def __init__(self, grouping: Grouping, decided: DecidedClients, reference: int | None) -> None:
        self._groups = len(grouping.groups)
        self._reference = reference
        self._costs = decided.costs
        self._pd = decided.pd
        bins = _assign_bins(grouping, decided.pd)
        self._bins = grouping.members * CALIBRATION_BINS + bins
        self._cells = (self._bins * 2 + decided.defaulted) * 2 + decided.refused

    def __call__(self, counts: Counts) -> Numbers:
        """Return the figures of shape (groups, len(RATES)), NaN where nobody is counted."""
        bins = self._groups * CALIBRATION_BINS
        cells = np.bincount(self._cells, counts, minlength=bins * 4).astype(np.float64)
        pd_sums = np.bincount(self._bins, counts * self._pd, minlength=bins).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            figures = self._compute(
                cells.reshape(self._groups, CALIBRATION_BINS, 2, 2),
                pd_sums.reshape(self._groups, CALIBRATION_BINS),
            )
        figures[~np.isfinite(figures)] = np.nan
        return figures

    def _compute(self, cells: Numbers, pd_sums: Numbers) -> Numbers:
        outcomes = cells.sum(axis=1)
        repaid, defaulted = outcomes.sum(axis=2).T
        clients = repaid + defaulted
        approved_repaid, approved_defaulted = outcomes[:, :, 0].T
        default_rate, mean_pd = defaulted / clients, pd_sums.sum(axis=1) / clients
        approval = (approved_repaid + approved_defaulted) / clients
        opportunity, missed = approved_repaid / repaid, approved_defaulted / defaulted
        error = np.abs(pd_sums - cells[:, :, 1].sum(axis=2)).sum(axis=1) / clients
        cost = self._costs.false_negative * approved_defaulted
        cost = cost + self._costs.false_positive * (repaid - approved_repaid)
        return np.column_stack(
            [
                default_rate,
                approval,
                approval / self._of_reference(approval),
                opportunity,
                opportunity - self._of_reference(opportunity),
                missed,
                missed - self._of_reference(missed),
                mean_pd,
                mean_pd - default_rate,
                mean_pd / default_rate,
                error,
                cost / clients,
            ]
        )

    def _of_reference(self, rates: Numbers) -> float:
        return float("nan") if self._reference is None else float(rates[self._reference])


class GroupAucs:
    """The AUC inside every group, for clients who each count a number of times.

    Args:
        grouping: The groups.
        decided: The clients.
    """

    def __init__(self, grouping: Grouping, decided: DecidedClients) -> None:
        self._members = [
            np.flatnonzero(grouping.members == group) for group in range(len(grouping.groups))
        ]
        self._rankings = [
            rank(decided.defaulted[members], decided.pd[members]) for members in self._members
        ]

    def __call__(self, counts: Counts) -> Numbers:
        """Return the AUC of each group, shape (groups,); NaN of one outcome only."""
        return np.array(
            [
                compute_auc(ranking, counts[members]) if len(members) else np.nan
                for members, ranking in zip(self._members, self._rankings, strict=True)
            ]
        )


def _assign_bins(grouping: Grouping, pd: Probabilities) -> NDArray[np.intp]:
    """Return the tenth of its group's probabilities each client is in; ties stay together."""
    bins = np.zeros(len(pd), np.intp)
    for group in np.unique(grouping.members):
        members = np.flatnonzero(grouping.members == group)
        of_group = pd[members]
        places = np.searchsorted(np.sort(of_group), of_group)
        bins[members] = places * CALIBRATION_BINS // len(members)
    return bins
