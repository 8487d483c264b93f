"""The measured figures the demo tables are drawn from: marginals, shares, counts, correlations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.contract.column import Kind

FIGURES_FILE = Path(__file__).with_name("figures.json")

# Where the quantile functions are measured; the outermost stand for smallest and largest.
LEVELS = (
    *(0.0005, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5),
    *(0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995),
)
COARSE_LEVELS = LEVELS[0::2]

Floats = NDArray[np.float64]
Latent = NDArray[np.float32]
Codes = NDArray[np.int64]

_NORMAL = NormalDist()


def to_normal(shares: Sequence[float]) -> Floats:
    """Return the standard normal quantile of each share; 0 and 1 become -inf and inf."""
    return np.array(
        [
            -np.inf if share <= 0 else np.inf if share >= 1 else _NORMAL.inv_cdf(share)
            for share in shares
        ]
    )


@dataclass(frozen=True, slots=True)
class Marginal:
    """The distribution of one quantity, as a monotone function of a standard normal latent.

    Attributes:
        missing: Share of missing values.
        values: Quantiles, or for steps the distinct values, ascending.
        positions: Where in the latent the quantiles lie; for steps, each value's upper end.
        steps: True if the quantity takes only ``values``.
    """

    missing: float
    values: Floats
    positions: Floats
    steps: bool

    @classmethod
    def from_json(cls, figures: Mapping[str, Any]) -> Marginal:
        """Return the marginal that ``demo.measure`` wrote."""
        missing = float(figures.get("missing", 0.0))
        if "quantiles" in figures:
            quantiles = np.array(figures["quantiles"], dtype=np.float64)
            levels = LEVELS if len(quantiles) == len(LEVELS) else COARSE_LEVELS
            return cls(missing, quantiles, to_normal(levels), steps=False)
        shares = np.cumsum(figures["shares"], dtype=np.float64)
        return cls(
            missing,
            np.array(figures["values"], dtype=np.float64),
            to_normal(list(shares[:-1] / shares[-1])) if len(shares) else np.empty(0),
            steps=True,
        )

    def invert(self, latent: Latent) -> Floats:
        """Return the value at each latent, of the same shape."""
        if self.steps:
            return self.values[np.searchsorted(self.positions, latent)]
        return np.interp(latent, self.positions, self.values)

    def score(self, latent: Latent) -> Latent:
        """Return the latent as far as the value shows it: a step's middle, else the latent."""
        if not self.steps:
            return latent
        upper = np.array([_NORMAL.cdf(z) for z in self.positions] + [1.0])
        lower = np.concatenate([[0.0], upper[:-1]])
        middles = to_normal(list((lower + upper) / 2)).astype(np.float32)
        return middles[np.searchsorted(self.positions, latent)]


@dataclass(frozen=True, slots=True)
class Profile:
    """Texts and numbers that occur together: one row a combination, with its share.

    Attributes:
        columns: Names of the columns.
        values: Of shape (combinations, columns); a text is its code in the contract, -1 no text.
        positions: Upper end of each combination but the last in a standard normal latent.
    """

    columns: tuple[str, ...]
    values: Codes
    positions: Floats

    @classmethod
    def from_json(cls, table: str, figures: Mapping[str, Any]) -> Profile:
        """Return the profile that ``demo.measure`` wrote about columns of a table."""
        columns = tuple(figures["columns"])
        rows = [
            [_encode(table, column, cell) for column, cell in zip(columns, row, strict=True)]
            for row in figures["rows"]
        ]
        shares = np.cumsum(figures["shares"], dtype=np.float64)
        return cls(columns, np.array(rows), to_normal(list(shares[:-1] / shares[-1])))

    def invert(self, latent: Latent) -> Codes:
        """Return the combination at each latent, of shape (n, columns)."""
        combinations: Codes = self.values[np.searchsorted(self.positions, latent)]
        return combinations


def _encode(table: str, column: str, cell: object) -> int:
    declared = TABLES[table].by_name.get(column)
    if declared is None or declared.kind is not Kind.CATEGORY:
        return int(str(cell))
    return -1 if cell is None else list_texts(table, column).index(str(cell))


def list_texts(table: str, column: str) -> tuple[str, ...]:
    """Return the texts of a category: the contract's, then its sentinel; a code is the position."""
    declared = TABLES[table].by_name[column]
    sentinel = (declared.sentinel,) if isinstance(declared.sentinel, str) else ()
    return declared.categories + sentinel


def code_of(table: str, column: str, text: str) -> int:
    """Return the code of a text of a category."""
    return list_texts(table, column).index(text)


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was measured in one part of a table.

    Attributes:
        label: Which part.
        share: Its share of the rows.
        marginals: By quantity.
        profiles: By name.
    """

    label: str
    share: float
    marginals: Mapping[str, Marginal]
    profiles: Mapping[str, Profile]


@dataclass(frozen=True)
class Figures:
    """All that was measured, ready to draw from.

    Attributes:
        strata: By what was measured (a table or a view of it): its parts, in their order.
        counts: By table: how many rows a client has, or has who has any.
        copula: Names of the application's correlated quantities and their Cholesky factor.
        default_effects: Weight of each of them, and of texts, in the logit of default.
        intercept: The logit's constant.
    """

    strata: Mapping[str, tuple[Stratum, ...]]
    counts: Mapping[str, Marginal]
    copula: tuple[tuple[str, ...], Latent]
    default_effects: Mapping[str, Any]
    intercept: float


def read_figures(file: Path = FIGURES_FILE) -> dict[str, Any]:
    """Return the figures as they stand in the file."""
    figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return figures


@cache
def load_figures(file: Path = FIGURES_FILE) -> Figures:
    """Return the figures, ready to draw from; read once a process."""
    return parse_figures(read_figures(file))


def parse_figures(raw: Mapping[str, Any]) -> Figures:
    """Return the figures, ready to draw from, out of what stands in the file."""
    names = tuple(raw["copula"]["names"])
    correlations = np.eye(len(names))
    correlations[np.tril_indices(len(names), -1)] = raw["copula"]["lower"]
    correlations += np.tril(correlations, -1).T
    return Figures(
        strata={name: _load_strata(view) for name, view in raw["strata"].items()},
        counts={name: Marginal.from_json(figures) for name, figures in raw["counts"].items()},
        copula=(names, factorise(correlations).astype(np.float32)),
        default_effects=raw["default"]["effects"],
        intercept=float(raw["default"]["intercept"]),
    )


def factorise(correlations: Floats) -> Floats:
    """Return L, where L L' is the correlation matrix nearest in sight that is positive definite."""
    eigenvalues, vectors = np.linalg.eigh(correlations)
    repaired = (vectors * np.maximum(eigenvalues, 1e-3)) @ vectors.T
    scale = np.sqrt(np.diag(repaired))
    return np.linalg.cholesky(repaired / np.outer(scale, scale))


def _load_strata(view: Mapping[str, Any]) -> tuple[Stratum, ...]:
    table = view["table"]
    return tuple(
        Stratum(
            label=label,
            share=part["share"],
            marginals={
                name: Marginal.from_json(figures) for name, figures in part["quantities"].items()
            },
            profiles={
                name: Profile.from_json(table, figures)
                for name, figures in part.get("profiles", {}).items()
            },
        )
        for label, part in view["parts"].items()
    )
