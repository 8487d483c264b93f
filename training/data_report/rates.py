"""Default rates of groups, with their intervals; small groups are merged before they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from credit.disclosure import SMALLEST_GROUP
from training.data_report.applicants import UNKNOWN, Codes, Flags
from training.rate_interval import find_rate_interval


@dataclass(frozen=True, slots=True)
class Group:
    """Clients that have something in common.

    Attributes:
        label: What they share.
        clients: How many there are whose outcome is known.
        defaults: How many of them defaulted.
    """

    label: str
    clients: int
    defaults: int

    @property
    def rate(self) -> float:
        """The default rate; NaN of nobody."""
        return self.defaults / self.clients if self.clients else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The rate's 95 % interval; NaN of nobody."""
        return find_rate_interval(self.defaults, self.clients)


def count_flag(label: str, flags: Flags, defaulted: Flags) -> Group:
    """Return the group of those flagged; both of shape (clients,), outcomes known."""
    return Group(label, int(np.count_nonzero(flags)), int(np.count_nonzero(flags & defaulted)))


def count_levels(
    codes: Codes, names: Sequence[str], defaulted: Flags, missing: str = "missing"
) -> list[Group]:
    """Return a group a level that anybody has, the missing last; not merged yet."""
    size = len(names) + 1
    places = np.where(codes == UNKNOWN, len(names), codes)
    clients: NDArray[np.int64] = np.bincount(places, minlength=size)
    defaults: NDArray[np.int64] = np.bincount(places[defaulted], minlength=size)
    return [
        Group(name, int(count), int(bad))
        for name, count, bad in zip([*names, missing], clients, defaults, strict=True)
        if count
    ]


def merge_rare(groups: Iterable[Group], smallest: int = SMALLEST_GROUP) -> list[Group]:
    """Return the groups, the rare ones as one of at least `smallest` clients.

    Should they not be as many together, they join the next larger group: to leave them out would
    tell of them by the difference to all. Empty if all clients together are fewer.
    """
    by_size = sorted(groups, key=lambda group: group.clients)
    rare: list[Group] = []
    while by_size and (by_size[0].clients < smallest or 0 < _count(rare) < smallest):
        rare.append(by_size.pop(0))
    if rare and _count(rare) >= smallest:
        by_size.append(_join(_name_rare(rare, smallest), rare))
    return by_size


def compute_chance(groups: Sequence[Group]) -> float:
    """Return how likely rates that differ as much are by chance (chi-squared); NaN if none can."""
    table = np.array([[group.defaults, group.clients - group.defaults] for group in groups])
    if len(table) < 2 or not table.sum(axis=0).all():  # noqa: PLR2004 # two groups to compare
        return float("nan")
    return float(chi2_contingency(table, correction=False).pvalue)


def _name_rare(rare: Sequence[Group], smallest: int) -> str:
    *rarer, last = rare
    if rarer and last.clients >= smallest:
        return f"{last.label} or rarer"
    return f"other ({len(rare)} levels)"


def _count(groups: Iterable[Group]) -> int:
    return sum(group.clients for group in groups)


def _join(label: str, groups: Sequence[Group]) -> Group:
    if len(groups) == 1:
        return groups[0]
    return Group(label, _count(groups), sum(group.defaults for group in groups))
