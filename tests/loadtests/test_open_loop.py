"""A run in both loops against a service whose answers take a known time, on a clock of our own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtests.inquiries import Inquiry
from loadtests.load_shapes import MEAN_SPIKE_LEVEL, find_spike_level
from loadtests.open_loop import Schedule
from loadtests.options import LoadOptions
from loadtests.run import Run

NOBODY: Iterator[Inquiry] = iter(())


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def ask_slow_service(rate: float | None, *, answer_seconds: float, seconds: float) -> Run:
    """Return a run of one sender, which is free again when it has its answer."""
    clock = Clock()
    run = Run(LoadOptions("single", rate, 0.7, {}), NOBODY, seconds, clock)
    run.start()
    end = clock.now + seconds
    while True:
        due = run.find_due() or clock.now
        if max(due, clock.now) >= end:
            break
        clock.now = max(due, clock.now) + answer_seconds
        run.record(1_000 * (clock.now - due), rows=1)
    clock.now = max(clock.now, end)
    for waited in run.end(moment_seconds=1):
        run.record(1_000 * waited, rows=0)
    return run


def test_a_service_that_keeps_up_has_the_latency_of_its_answers() -> None:
    measured = ask_slow_service(5, answer_seconds=0.1, seconds=10).measure()

    assert measured.requests == 50
    assert measured.p99_ms == pytest.approx(100)
    assert measured.failure_share == 0


def test_a_closed_loop_flatters_a_slow_service_and_an_open_one_does_not() -> None:
    closed = ask_slow_service(None, answer_seconds=0.5, seconds=10).measure()
    open_ = ask_slow_service(10, answer_seconds=0.5, seconds=10).measure()

    assert closed.p99_ms == pytest.approx(500)
    assert closed.failure_share == 0
    # The nineteenth request was due after 1.8 seconds and answered after 9.5.
    assert open_.p50_ms > 3_000
    assert open_.p99_ms > 7_500


def test_what_was_due_and_never_sent_fails_but_for_the_last_moment() -> None:
    run = ask_slow_service(10, answer_seconds=0.5, seconds=10)

    measured = run.measure()
    sent = 20
    assert measured.requests == pytest.approx(10 * (10 - 1), abs=1)
    assert measured.failure_share == pytest.approx(1 - sent / measured.requests)
    verdicts = {verdict.name: verdict for verdict in run.judge()}
    assert verdicts["requests_per_second"].limit == pytest.approx(9.5)
    assert not verdicts["requests_per_second"].kept
    assert not verdicts["failure_share"].kept


def test_every_due_time_is_given_once() -> None:
    schedule = Schedule(100, lambda _seconds: 4)

    assert [schedule.take() for _ in range(3)] == [100, 100.25, 100.5]
    assert list(schedule.take_overdue(101.3)) == [100.75, 101, 101.25]
    assert schedule.take() == 101.5


def test_a_run_goes_on_at_a_share_of_what_was_reached() -> None:
    clock = Clock()
    run = Run(LoadOptions("soak", None, 0.7, {}), NOBODY, 620, clock)
    run.start()
    for _ in range(200):
        clock.now += 0.01
        run.record(10, rows=1)

    run.start_at_share(0.7)

    assert run.rate == pytest.approx(70)
    assert run.find_due() == clock.now
    assert run.find_due() == pytest.approx(clock.now + 1 / 70)
    clock.now += 1
    run.end(1)
    limits = {verdict.name: verdict.limit for verdict in run.judge()}
    assert limits["requests_per_second"] == pytest.approx(0.95 * 70)


def test_a_spike_in_an_open_loop_is_one_of_the_rate() -> None:
    clock = Clock()
    run = Run(LoadOptions("spike", 80, 0.7, {}), NOBODY, 10, clock)
    run.start()

    due = [run.find_due() for _ in range(250)]

    seconds = [time - clock.now for time in due if time is not None]
    assert sum(second < 4 for second in seconds) == 40
    assert sum(4 <= second < 6 for second in seconds) == pytest.approx(160, abs=8)
    assert sum(6 <= second < 10 for second in seconds) == pytest.approx(40, abs=1)


def test_the_mean_of_the_spike_is_that_of_its_levels() -> None:
    levels = [find_spike_level(number / 1_000) for number in range(1_000)]

    assert sum(levels) / len(levels) == pytest.approx(MEAN_SPIKE_LEVEL)
    assert levels[0] == levels[-1] < max(levels) == 1


def test_stated_objectives_take_the_place_of_the_scenario_s() -> None:
    options = LoadOptions("single", 500, 0.7, {"requests_per_second": 3, "p99_growth": 2})

    objectives = options.state_objectives(500)

    assert objectives["requests_per_second"] == 3
    assert objectives["p99_growth"] == 2
    assert objectives["failure_share"] == 0
