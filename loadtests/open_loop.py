"""The open loop: requests become due at a rate, whether or not earlier ones were answered.

Clients that wait for an answer before they ask again ask a slow service less, and so see less of
its slowness. Here a request's latency counts from the moment it was due: one that no sender was
free for waits, as it would in the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

Profile = Callable[[float], float]
"""Takes the seconds since the start; returns requests a second, above 0."""


class Schedule:
    """Tells senders when the next request is due; each due time is given once.

    Args:
        started_at: When the first request is due, in seconds of any clock.
        profile: The rate.
    """

    def __init__(self, started_at: float, profile: Profile) -> None:
        self._started_at = started_at
        self._profile = profile
        self._next = started_at

    def take(self) -> float:
        """Return when the next request is due; in the past if senders came too late for it."""
        due = self._next
        self._next = due + 1 / self._profile(due - self._started_at)
        return due

    def take_overdue(self, now: float) -> Iterator[float]:
        """Yield when requests were due that nobody sent until now."""
        while self._next < now:
            yield self.take()
