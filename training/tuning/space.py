"""Search spaces, stated as data: which values each parameter may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Value = bool | int | float | str | None
Parameters = Mapping[str, Value]
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Span:
    """Every number from `low` to `high`.

    Attributes:
        low: Smallest.
        high: Largest.
        log: Whether doubling it counts alike everywhere, rather than adding to it.
        whole: Whether it is an integer.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def to_distribution(self) -> BaseDistribution:
        """Return what Optuna draws from."""
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values."""

    values: tuple[Value, ...]

    def to_distribution(self) -> BaseDistribution:
        """Return what Optuna draws from."""
        return CategoricalDistribution(self.values)


Space = Mapping[str, Span | Choice]


def describe_space(space: Space) -> dict[str, object]:
    """Return the space as plain values, for a hash and for people."""
    return {name: asdict(space[name]) for name in sorted(space)}
