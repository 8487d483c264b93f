"""Numbers in bands and histograms whose every part holds enough clients."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.disclosure import SMALLEST_GROUP
from training.data_report.applicants import Flags, Numbers
from training.data_report.rates import Group, count_flag
from training.data_report.words import tell_number

DECILES = 10
BINS = 40
TAIL = 0.005
"""Share of the clients at either end that a histogram leaves out."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the values of some clients lie.

    Attributes:
        label: Whose.
        edges: Of the bins, shape (bins + 1,), rounded.
        density: Share of the clients a unit (of the logarithm, where that is drawn), shape (bins,).
        clients: How many have a value.
    """

    label: str
    edges: NDArray[np.float64]
    density: NDArray[np.float64]
    clients: int


def choose_deciles(numbers: Numbers) -> list[float]:
    """Return the limits between ten bands of about as many clients; fewer where values repeat."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return []
    limits = np.quantile(known, np.arange(1, DECILES) / DECILES)
    return keep_apart(known, sorted({float(f"{limit:.3g}") for limit in limits}))


def keep_apart(known: Numbers, limits: Sequence[float]) -> list[float]:
    """Return the limits between which enough clients lie; `known` has no NaN."""
    below = np.searchsorted(np.sort(known), limits, "left")
    kept: list[float] = []
    last = 0
    for limit, count in zip(limits, below, strict=True):
        if count - last >= SMALLEST_GROUP and len(known) - count >= SMALLEST_GROUP:
            kept.append(limit)
            last = int(count)
    return kept


def count_bands(
    numbers: Numbers, defaulted: Flags, limits: Sequence[float], *, whole: bool = False
) -> list[Group]:
    """Return a group a band, ascending; clients without a value, if enough, are the last.

    Args:
        numbers: Shape (clients,), NaN for missing.
        defaulted: Shape (clients,), all known.
        limits: Between the bands; one that has too few clients beside it is left out.
        whole: Whether the numbers are counts.
    """
    missing = np.isnan(numbers)
    groups: list[Group] = []
    if np.count_nonzero(~missing) >= SMALLEST_GROUP:
        kept = keep_apart(numbers[~missing], limits)
        places = np.digitize(numbers, kept)
        groups = [
            count_flag(label, (places == place) & ~missing, defaulted)
            for place, label in enumerate(_label_bands(kept, whole=whole))
        ]
    if np.count_nonzero(missing) >= SMALLEST_GROUP:
        groups.append(count_flag("missing", missing, defaulted))
    return groups


def measure_histograms(
    series: Sequence[tuple[str, Numbers]], *, logarithmic: bool = False
) -> list[Histogram]:
    """Return a histogram for each series with enough clients, all between the same two values."""
    known = {label: _take_known(numbers, logarithmic=logarithmic) for label, numbers in series}
    together = np.concatenate([np.empty(0), *known.values()])
    if len(together) < 2 * SMALLEST_GROUP:
        return []
    tail = max(TAIL, SMALLEST_GROUP / len(together))
    low, high = np.quantile(together, [tail, 1 - tail])
    edges = np.unique([float(f"{edge:.3g}") for edge in _space(low, high, logarithmic=logarithmic)])
    if len(edges) < 2:  # noqa: PLR2004 # a bin has two edges
        return []
    return [
        _measure(label, values, edges, logarithmic=logarithmic)
        for label, values in known.items()
        if np.count_nonzero((values >= edges[0]) & (values <= edges[-1])) >= SMALLEST_GROUP
    ]


def _take_known(numbers: Numbers, *, logarithmic: bool) -> Numbers:
    known = numbers[~np.isnan(numbers)]
    return known[known > 0] if logarithmic else known


def _space(low: float, high: float, *, logarithmic: bool) -> Numbers:
    if low == high:
        return np.array([low])
    if logarithmic:
        return np.geomspace(low, high, BINS + 1)
    return np.linspace(low, high, BINS + 1)


def _measure(label: str, values: Numbers, edges: Numbers, *, logarithmic: bool) -> Histogram:
    inside = values[(values >= edges[0]) & (values <= edges[-1])]
    inner = keep_apart(inside, edges[1:-1].tolist())
    own = np.array([edges[0], *inner, edges[-1]])
    counts, _ = np.histogram(inside, own)
    widths = np.diff(np.log10(own) if logarithmic else own)
    return Histogram(label, own, counts / len(inside) / widths, len(values))


def _label_bands(limits: Sequence[float], *, whole: bool) -> list[str]:
    if not limits:
        return ["all"]
    between = [
        _label_whole(low, high) if whole else f"{tell_number(low)} to {tell_number(high)}"
        for low, high in itertools.pairwise(limits)
    ]
    first = _label_whole(0, limits[0]) if whole else f"below {tell_number(limits[0])}"
    return [first, *between, f"{tell_number(limits[-1])} and more"]


def _label_whole(low: float, high: float) -> str:
    last = high - 1
    return f"{low:,.0f}" if low == last else f"{low:,.0f} to {last:,.0f}"
