"""Draws quantities part by part, out of latents that carry a client's risk."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.figures import Codes, Floats, Latent, Marginal, Stratum, to_normal

Columns = dict[str, NDArray[Any]]


def draw_latent(rng: np.random.Generator, count: int) -> Latent:
    """Return standard normal latents of shape (count,)."""
    return rng.standard_normal(count, dtype=np.float32)


def load_factor(rng: np.random.Generator, factor: Latent, loading: float) -> Latent:
    """Return standard normal latents that correlate with the factor by the loading."""
    own = np.float32(np.sqrt(1 - loading**2))
    return np.float32(loading) * factor + own * draw_latent(rng, len(factor))


def snap(amounts: Floats, step: float) -> Floats:
    """Return amounts as multiples of a step, as the source's currency has them."""
    snapped: Floats = np.round(np.round(amounts / step) * step, 3)
    return snapped


def expand(counts: Codes) -> tuple[Codes, Codes]:
    """Return for every row of every owner: the owner, and the row's place 0, 1, 2 … in it."""
    owners = np.repeat(np.arange(len(counts)), counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    return owners, np.arange(len(owners)) - starts


class Parts:
    """The rows of a table, by the part of a measured view that they belong to.

    Attributes:
        strata: The parts that were measured.
        codes: Each row's position in ``strata``, of shape (n,).
    """

    def __init__(self, strata: tuple[Stratum, ...], codes: Codes, rng: np.random.Generator) -> None:
        self.strata = strata
        self.codes = codes
        self._rng = rng
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(strata) + 1))
        self._members = [order[start:stop] for start, stop in pairwise(edges)]

    @classmethod
    def by_label(
        cls, strata: tuple[Stratum, ...], labels: NDArray[np.str_], rng: np.random.Generator
    ) -> Parts:
        """Return the parts that the labels name; an unmeasured label falls to the last part."""
        positions = {part.label: code for code, part in enumerate(strata)}
        distinct, members = np.unique(labels, return_inverse=True)
        known = np.array([positions.get(str(label), len(strata) - 1) for label in distinct])
        return cls(strata, known[members], rng)

    @classmethod
    def by_share(
        cls, strata: tuple[Stratum, ...], latent: Latent, rng: np.random.Generator
    ) -> Parts:
        """Return parts drawn in their measured shares; a higher latent falls to a later part."""
        shares = np.cumsum([part.share for part in strata])
        edges = to_normal(list(shares[:-1] / shares[-1]))
        return cls(strata, np.searchsorted(edges, latent), rng)

    @classmethod
    def whole(cls, strata: tuple[Stratum, ...], count: int, rng: np.random.Generator) -> Parts:
        """Return all rows as members of the only part."""
        return cls(strata, np.zeros(count, dtype=np.int64), rng)

    def number(self, name: str, latent: Latent | None = None, gap: Latent | None = None) -> Floats:
        """Return the quantity, of shape (n,); NaN where missing or not measured in the part.

        A higher ``latent`` gives a higher value; the lowest of ``gap`` are missing.
        """
        gap = draw_latent(self._rng, len(self.codes)) if gap is None else gap
        values = self.known_number(name, latent)
        for part, members in zip(self.strata, self._members, strict=True):
            marginal = part.marginals.get(name)
            if marginal is not None and marginal.missing > 0:
                bound = to_normal([marginal.missing])[0]
                values[members[gap[members] < bound]] = np.nan
        return values

    def known_number(self, name: str, latent: Latent | None = None) -> Floats:
        """Return the quantity as if it were never missing, of shape (n,)."""
        return self._map(name, latent, Marginal.invert)

    def score(self, name: str, latent: Latent) -> Floats:
        """Return the latent as far as the quantity's value shows it, of shape (n,)."""
        return self._map(name, latent, Marginal.score)

    def flag(self, name: str, latent: Latent | None = None) -> NDArray[np.bool_]:
        """Return a 0/1 quantity as booleans; false where not measured in the part."""
        chosen: NDArray[np.bool_] = self.known_number(name, latent) == 1
        return chosen

    def combine(self, name: str, latent: Latent | None = None) -> Columns:
        """Return the columns of a profile, each of shape (n,), as codes; -1 is no text."""
        latent = draw_latent(self._rng, len(self.codes)) if latent is None else latent
        columns: Columns = {}
        for part, members in zip(self.strata, self._members, strict=True):
            profile = part.profiles[name]
            rows = profile.invert(latent[members])
            for position, column in enumerate(profile.columns):
                if column not in columns:
                    columns[column] = np.zeros(len(self.codes), dtype=np.int16)
                columns[column][members] = rows[:, position]
        return columns

    def _map(
        self, name: str, latent: Latent | None, draw: Callable[[Marginal, Latent], NDArray[Any]]
    ) -> Floats:
        latent = draw_latent(self._rng, len(self.codes)) if latent is None else latent
        values = np.full(len(self.codes), np.nan)
        for part, members in zip(self.strata, self._members, strict=True):
            marginal = part.marginals.get(name)
            if marginal is not None and len(marginal.values) and len(members):
                values[members] = draw(marginal, latent[members])
        return values
