"""How far two populations lie apart, column by column: the population stability index (PSI)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

BINS = 10
RARE_SHARE = 0.01
"""Categories less frequent than this in the reference share a bin with those it does not have."""
SMOOTHING = 0.5
"""Added to each bin that either side fills, so that an empty one has a logarithm (Krichevsky,
Trofimov 1981)."""

NOTABLE, LARGE = 0.1, 0.25
"""Usual reading: below 0.1 no drift worth the name, from 0.25 on a large one (Siddiqi, Credit Risk
Scorecards, 2006). It knows nothing of sample size: two samples of one population, of n and m
clients, lie (bins - 1) (1/n + 1/m) apart on average (Yurdakul, Naranjo 2020)."""

CHANCE = 0.05
"""Share of pairs of samples of one population in which any column may be called drifted."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a column lies apart.

    Attributes:
        psi: Population stability index.
        chance: What it exceeds by chance, in any of the columns compared, 1 time in 20.
    """

    psi: float
    chance: float

    def reaches(self, limit: float) -> bool:
        """Return whether the index is at or above the limit, and above what chance explains."""
        return self.psi >= limit and self.psi > self.chance


@dataclass(frozen=True, slots=True)
class Bins:
    """Where values of each column are counted, learned from a reference.

    A numeric column's bin i holds values above edge i - 1, up to and with edge i. A category's bin
    i holds that one value; the bin after the last edge holds all others. Missing is its own bin.

    Attributes:
        edges: Ascending a column, +inf where it has fewer, shape (columns, most edges).
        categorical: Which columns are categories, shape (columns,).
    """

    edges: NDArray[np.float64]
    categorical: NDArray[np.bool_]

    def count(self, values: Values) -> Counts:
        """Return how many values fall in each bin, shape (columns, edges + 2); missing is last.

        Args:
            values: Shape (n, columns); NaN is missing.

        Raises:
            ValueError: If the number of columns is another than the reference's.
        """
        if values.shape[1:] != (len(self.edges),):
            raise ValueError(f"Bins of {len(self.edges)} columns; got values {values.shape}.")
        slots = self.edges.shape[1] + 2
        counts = np.empty((len(self.edges), slots), np.int64)
        columns = zip(values.T, self.edges, self.categorical, strict=True)
        for position, (column, edges, categorical) in enumerate(columns):
            places = _place(column.astype(np.float64), edges, categorical=bool(categorical))
            counts[position] = np.bincount(places, minlength=slots)
        return counts


def make_bins(
    reference: Values, categorical: NDArray[np.bool_] | None = None, bins: int = BINS
) -> Bins:
    """Return bins that hold about as many of the reference's values each.

    Edges are the reference's own quantiles, so a rising transform of both sides changes nothing. A
    value so frequent that it is several quantiles has a bin of its own.

    Args:
        reference: Shape (n, columns); NaN is missing.
        categorical: Which columns are codes of categories, shape (columns,); None: none is.
        bins: Of a numeric column, before equal edges fall together.
    """
    columns = reference.shape[1]
    flags = np.zeros(columns, np.bool_) if categorical is None else categorical
    found = []
    for column, is_category in zip(reference.T, flags, strict=True):
        known = column[~np.isnan(column)].astype(np.float64)
        found.append(_keep_frequent(known) if is_category else _find_edges(known, bins))
    edges = np.full((columns, max(map(len, found), default=0)), np.inf)
    for row, values in zip(edges, found, strict=True):
        row[: len(values)] = values
    return Bins(edges, flags)


def compare_columns(
    reference: Values, current: Values, categorical: NDArray[np.bool_], compared: int
) -> tuple[Drift, ...]:
    """Return how far each column lies apart, in the order of the columns.

    Args:
        reference: Shape (n, columns); NaN is missing. Bins are learned from it.
        current: Shape (m, columns).
        categorical: Which columns are codes of categories, shape (columns,).
        compared: How many columns are compared in all, with those of other calls.
    """
    bins = make_bins(reference, categorical)
    both = bins.count(reference), bins.count(current)
    found = zip(compute_psi(*both), compute_chance(*both, CHANCE / compared), strict=True)
    return tuple(Drift(float(psi), float(chance)) for psi, chance in found)


def compute_psi(reference_counts: Counts, counts: Counts) -> NDArray[np.float64]:
    """Return the population stability index of each column, shape (columns,), at least 0.

    The sum over bins of (p - q) ln(p / q), p and q the smoothed shares of both sides; symmetric.

    Args:
        reference_counts: What `Bins.count` returned for one side, shape (columns, bins).
        counts: The same for the other side.

    Raises:
        ValueError: If shapes differ.
    """
    if reference_counts.shape != counts.shape:
        raise ValueError(f"Shapes differ: {reference_counts.shape} and {counts.shape}.")
    used = (reference_counts + counts) > 0
    one, other = _smooth(reference_counts, used), _smooth(counts, used)
    return np.asarray(((one - other) * np.log(one / other)).sum(axis=1, where=used))


def compute_chance(reference_counts: Counts, counts: Counts, level: float) -> NDArray[np.float64]:
    """Return the index that two samples of one population exceed by chance, shape (columns,).

    That of a share `level` of such pairs: (1/n + 1/m) times chi-squared of bins - 1 degrees of
    freedom (Yurdakul, Naranjo, Statistical Properties of the Population Stability Index, 2020), the
    quantile by Wilson and Hilferty's cube (1931).

    Args:
        reference_counts: What `Bins.count` returned for one side, shape (columns, bins).
        counts: The same for the other side.
        level: Share of pairs beyond, in (0, 1).
    """
    freedom = np.maximum(((reference_counts + counts) > 0).sum(axis=1) - 1, 0)
    spread = 2 / (9 * np.maximum(freedom, 1))
    quantile = freedom * (1 - spread + NormalDist().inv_cdf(1 - level) * np.sqrt(spread)) ** 3
    clients = [np.maximum(side.sum(axis=1), 1) for side in (reference_counts, counts)]
    return np.asarray(quantile * (1 / clients[0] + 1 / clients[1]))


def _smooth(counts: Counts, used: NDArray[np.bool_]) -> NDArray[np.float64]:
    total = counts.sum(axis=1) + SMOOTHING * used.sum(axis=1)
    return (counts + SMOOTHING) / np.where(total > 0, total, 1.0)[:, None]


def _place(
    column: NDArray[np.float64], edges: NDArray[np.float64], *, categorical: bool
) -> NDArray[np.intp]:
    places = np.searchsorted(edges, column, side="left")
    if categorical:
        known = np.append(edges, np.inf)[places] == column
        places = np.where(known, places, len(edges))
    places[np.isnan(column)] = len(edges) + 1
    return places


def _keep_frequent(known: NDArray[np.float64]) -> NDArray[np.float64]:
    values, counts = np.unique(known, return_counts=True)
    return values[counts >= RARE_SHARE * len(known)]


def _find_edges(known: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    if not len(known):
        return np.empty(0)
    places = -(-np.arange(1, bins) * len(known) // bins) - 1
    quantiles, hits = np.unique(np.sort(known)[places], return_counts=True)
    just_below = np.nextafter(quantiles[hits > 1], -np.inf)
    return np.union1d(quantiles, just_below)
