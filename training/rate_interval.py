"""How sure a share is that was counted."""

from __future__ import annotations

from scipy.stats import binomtest


def find_rate_interval(events: int, clients: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of events / clients (1927); it fits small groups and large.

    NaN of nobody.
    """
    if not clients:
        return float("nan"), float("nan")
    interval = binomtest(events, clients).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
