"""The spike as Locust takes it: how many users there should be now."""

from __future__ import annotations

from locust import LoadTestShape

from loadtests.load_shapes import find_spike_level
from loadtests.options import MOST_SPAWNED


class Spike(LoadTestShape):
    """Few users, then all at once, then few again.

    Args:
        users: The most.
        seconds: Duration of the run.
    """

    def __init__(self, users: int, seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._users = users
        self._seconds = seconds

    def tick(self) -> tuple[int, float] | None:
        """Return how many users there should be now, and how many come a second."""
        progress = self.get_run_time() / self._seconds  # type: ignore[no-untyped-call]
        if progress >= 1:
            return None
        return max(1, round(self._users * find_spike_level(progress))), MOST_SPAWNED
