"""What a load test saw: every request's latency, and the figures that objectives are about.

Locust's own statistics keep latencies to two digits, and none by the time.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sample = tuple[float, float, int]
"""When a request ended, in seconds of the epoch; its latency in milliseconds; and how many rows it
was answered for, 0 if it failed."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figures of one run; NaN where there was no request to measure.

    Attributes:
        seconds: Duration.
        requests: All of them, answered rightly or not.
        p50_ms: Median latency.
        p95_ms: Latency that one in twenty exceeds.
        p99_ms: Latency that one in a hundred exceeds.
        failure_share: Requests that failed or were answered wrongly, as a share of all.
        requests_per_second: Requests answered rightly.
        rows_per_second: Applicants decided on, of whom a request may hold many.
        p99_growth: The p99 at the end of the run as a multiple of that at its start.
    """

    seconds: float
    requests: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failure_share: float
    requests_per_second: float
    rows_per_second: float
    p99_growth: float


class Recording:
    """Keeps what became of every request."""

    def __init__(self) -> None:
        self._samples = array("d")

    def add(self, ended_at: float, latency_ms: float, rows: int) -> None:
        """Keep one request (`Sample`)."""
        self._samples.extend((ended_at, latency_ms, rows))

    def take_all(self) -> list[float]:
        """Return what was kept, flat, and forget it."""
        taken = self._samples.tolist()
        self._samples = array("d")
        return taken

    def extend(self, taken: Sequence[float]) -> None:
        """Keep what another recording had."""
        self._samples.extend(taken)

    def measure(self, started_at: float, ended_at: float, edge_share: float) -> Measurement:
        """Return the figures.

        Args:
            started_at: Seconds of the epoch.
            ended_at: Seconds of the epoch.
            edge_share: Which share of the time is its start, and which its end, for `p99_growth`.
        """
        samples = np.array(self._samples).reshape(-1, 3)
        ended, latencies_ms, rows = samples.T
        seconds = ended_at - started_at
        edge = edge_share * seconds
        first = _find_percentile(latencies_ms[ended <= started_at + edge], 99)
        last = _find_percentile(latencies_ms[ended >= ended_at - edge], 99)
        right = rows > 0
        return Measurement(
            seconds=seconds,
            requests=len(samples),
            p50_ms=_find_percentile(latencies_ms, 50),
            p95_ms=_find_percentile(latencies_ms, 95),
            p99_ms=_find_percentile(latencies_ms, 99),
            failure_share=float(1 - right.mean()) if len(samples) else float("nan"),
            requests_per_second=_find_rate(right, seconds),
            rows_per_second=_find_rate(rows, seconds),
            p99_growth=last / first if first > 0 else float("nan"),
        )


def _find_rate(counts: NDArray[np.generic], seconds: float) -> float:
    return float(counts.sum()) / seconds if seconds > 0 else float("nan")


def _find_percentile(latencies_ms: NDArray[np.float64], percent: float) -> float:
    return float(np.percentile(latencies_ms, percent)) if len(latencies_ms) else float("nan")
