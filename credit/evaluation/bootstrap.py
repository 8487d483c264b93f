"""How sure a figure is: the bootstrap over clients, the same draws for every model compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Statistic = Callable[[Counts], "float | NDArray[np.float64]"]
"""Takes how often each client is drawn, shape (n,); returns a number, or several of shape (k,)."""

REPETITIONS = 500
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval.

    Attributes:
        value: On the clients as they are.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """Return `value (low to high)`, each in the given format."""
        return f"{self.value:{spec}} ({self.low:{spec}} to {self.high:{spec}})"

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def bootstrap(
    statistic: Statistic, clients: int, repetitions: int = REPETITIONS, seed: int = 0
) -> list[Estimate]:
    """Return an estimate with its percentile interval for each number of the statistic.

    Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. A pair of models is
    compared by a statistic that takes both from the same counts. Draws for which a number is NaN,
    such as a rate of nobody, are left out of its interval.
    """
    found = np.atleast_1d(statistic(np.ones(clients, np.int64)))
    drawn = np.array(
        [np.atleast_1d(statistic(counts)) for counts in draw_counts(clients, repetitions, seed)]
    )
    return [
        Estimate(float(value), *find_interval(values))
        for value, values in zip(found, drawn.T, strict=True)
    ]


def draw_counts(clients: int, repetitions: int = REPETITIONS, seed: int = 0) -> Iterator[Counts]:
    """Yield how often each client is drawn, shape (clients,), the same for the same seed."""
    for drawn in _draw_once(clients, repetitions, seed):
        yield drawn.astype(np.int64)


@lru_cache(maxsize=1)  # a run draws the same clients for a dozen measures
def _draw_once(clients: int, repetitions: int, seed: int) -> NDArray[np.uint8]:
    """Return all draws, a byte a client: that one is drawn 256 times never happens."""
    generator = np.random.default_rng(seed)
    drawn = np.empty((repetitions, clients), np.uint8)
    for number in range(repetitions):
        drawn[number] = np.bincount(generator.integers(clients, size=clients), minlength=clients)
    return drawn


def forget_draws() -> None:
    """Free what is kept of the last draws: half a kilobyte a client."""
    _draw_once.cache_clear()


def find_interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of drawn values, shape (repetitions,); NaN of none."""
    sound = values[np.isfinite(values)]
    if not len(sound):
        return np.nan, np.nan
    tail = (1 - level) / 2
    low, high = np.quantile(sound, [tail, 1 - tail])
    return float(low), float(high)
