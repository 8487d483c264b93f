"""What a load generator has seen, and the figures of it."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a stretch of time.

    Attributes:
        seconds: How long it was.
        answered: Requests that were answered rightly.
        failures: Requests that were not, by what was wrong.
        p50_ms: Median latency of those that were answered, and further quantiles; NaN if none was.
    """

    seconds: float
    answered: int
    failures: dict[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return self.answered / self.seconds

    @property
    def failed(self) -> int:
        """Requests without a right answer."""
        return sum(self.failures.values())


@dataclass(slots=True)
class Tally:
    """Every request's beginning and end, in seconds of one clock, and the faults among them."""

    began_s: array[float] = field(default_factory=lambda: array("d"))
    ended_s: array[float] = field(default_factory=lambda: array("d"))
    faults: dict[int, str] = field(default_factory=dict)

    def add(self, began_s: float, ended_s: float, fault: str | None = None) -> None:
        """Remember a request."""
        if fault is not None:
            self.faults[len(self.began_s)] = fault
        self.began_s.append(began_s)
        self.ended_s.append(ended_s)

    def count_faults(self) -> dict[str, int]:
        """Return how many requests failed, by what was wrong."""
        return dict(Counter(self.faults.values()))

    def sum_up(self, from_s: float, to_s: float, *, by_beginning: bool) -> Figures:
        """Return the figures of a stretch.

        Args:
            from_s: Its beginning.
            to_s: Its end.
            by_beginning: A request belongs to the stretch in which it began, which is right where
                requests come at a given rate; else to the one in which it ended.
        """
        began, ended = np.array(self.began_s), np.array(self.ended_s)
        moment = began if by_beginning else ended
        inside = (moment >= from_s) & (moment < to_s)
        is_right = np.ones(len(began), np.bool_)
        is_right[list(self.faults)] = False
        failures = Counter(fault for place, fault in self.faults.items() if inside[place])
        counted = inside & is_right
        return Figures(
            to_s - from_s,
            int(np.count_nonzero(counted)),
            dict(failures),
            *_find_quantiles_ms((ended - began)[counted]),
        )


def _find_quantiles_ms(latencies: Seconds) -> tuple[float, float, float, float]:
    if not len(latencies):
        return (float("nan"),) * 4
    p50, p95, p99, largest = (1_000 * np.quantile(latencies, (0.5, 0.95, 0.99, 1))).tolist()
    return p50, p95, p99, largest
