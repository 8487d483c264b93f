"""How the load of a run changes while it lasts."""

from __future__ import annotations

LOW = 1 / 8
SPIKE_FROM, SPIKE_UNTIL = 0.4, 0.6


def find_spike_level(progress: float) -> float:
    """Return the load as a share of the highest: an eighth, all for a fifth of the time, an eighth.

    Args:
        progress: Which share of the time is over.
    """
    return 1.0 if SPIKE_FROM <= progress < SPIKE_UNTIL else LOW


MEAN_SPIKE_LEVEL = LOW + (1 - LOW) * (SPIKE_UNTIL - SPIKE_FROM)
