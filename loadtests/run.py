"""One run of a scenario: its pace, what it records, and the verdicts at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from math import isnan
from typing import Any

from loadtests.inquiries import Inquiry
from loadtests.load_shapes import find_spike_level
from loadtests.measurement import Measurement, Recording
from loadtests.objectives import Verdict, judge, tabulate
from loadtests.open_loop import Profile, Schedule
from loadtests.options import LoadOptions
from loadtests.scenarios import Load


class Run:
    """What all clients of a run share.

    Args:
        options: What was chosen.
        inquiries: Without end.
        seconds: Duration of the run; None: until it is interrupted.
        clock: Returns the seconds of the epoch.
    """

    def __init__(
        self,
        options: LoadOptions,
        inquiries: Iterator[Inquiry],
        seconds: float | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.options = options
        self._clock = clock
        self.rate = options.rate
        self._inquiries = inquiries
        self._seconds = seconds
        self._recording = Recording()
        self._schedule: Schedule | None = None
        self._started_at = self._ended_at = float("nan")

    def start(self) -> None:
        """Begin anew."""
        self._recording = Recording()
        self._started_at = self._clock()
        self._ended_at = float("nan")
        if self.rate is not None:
            self._schedule = Schedule(self._started_at, self._make_profile(self.rate))

    def start_at_share(self, share: float) -> None:
        """Go on in an open loop, at a share of what was answered until now; forget the rest."""
        reached = self._recording.measure(self._started_at, self._clock(), 1).requests_per_second
        self.rate = max(share * reached, 1.0)
        self.start()

    def choose_inquiry(self) -> Inquiry:
        """Return what is asked next."""
        return next(self._inquiries)

    def find_due(self) -> float | None:
        """Return when the next request is due, in seconds of the epoch; None: at once."""
        return None if self._schedule is None else self._schedule.take()

    def record(self, latency_ms: float, rows: int) -> None:
        """Keep what became of a request; no rows: it failed."""
        self._recording.add(self._clock(), latency_ms, rows)

    def end(self, moment_seconds: float) -> list[float]:
        """End the run, and return for how many seconds requests were due that nobody sent.

        Once it has ended, nothing.

        Args:
            moment_seconds: Those of the last moment do not count.
        """
        if not isnan(self._ended_at):
            return []
        self._ended_at = now = self._clock()
        if self._schedule is None:
            return []
        return [now - due for due in self._schedule.take_overdue(now - moment_seconds)]

    def hand_over(self, data: dict[str, Any]) -> None:
        """Put what was recorded into the report of a worker to its master."""
        data["credit_samples"] = self._recording.take_all()

    def take_over(self, data: dict[str, Any]) -> None:
        """Keep what a worker recorded."""
        self._recording.extend(data.get("credit_samples", ()))

    def measure(self) -> Measurement:
        """Return the figures of the run."""
        edge_share = self.options.scenario.edge_share
        return self._recording.measure(self._started_at, self._ended_at, edge_share)

    def judge(self) -> list[Verdict]:
        """Return a verdict on each objective."""
        return judge(self.options.state_objectives(self.rate), self.measure())

    def describe(self) -> str:
        """Return what ran, and the verdicts as a table."""
        measured = self.measure()
        loop = "closed loop" if self.rate is None else f"open loop, {self.rate:,.0f} due a second"
        return (
            f"Scenario {self.options.name}, {loop}: {measured.requests:,} requests in "
            f"{measured.seconds:,.1f} s\n{tabulate(self.judge())}"
        )

    def _make_profile(self, rate: float) -> Profile:
        if self.options.scenario.load is Load.SPIKE and self._seconds is not None:
            return partial(_rate_of_spike, rate, self._seconds)
        return lambda _seconds: rate


def _rate_of_spike(highest: float, duration: float, seconds: float) -> float:
    return highest * find_spike_level(seconds / duration)
