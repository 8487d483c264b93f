from __future__ import annotations

from math import isnan

import pytest

from loadtests.measurement import Recording


def test_figures_are_those_of_the_requests() -> None:
    recording = Recording()
    for number in range(1, 101):
        recording.add(ended_at=number / 10, latency_ms=number, rows=0 if number == 50 else 3)

    measured = recording.measure(0, 10, 0.1)

    assert measured.requests == 100
    assert (measured.p50_ms, measured.p95_ms, measured.p99_ms) == pytest.approx(
        (50.5, 95.05, 99.01)
    )
    assert measured.failure_share == pytest.approx(0.01)
    assert measured.requests_per_second == pytest.approx(9.9)
    assert measured.rows_per_second == pytest.approx(29.7)


def test_growth_compares_the_end_with_the_start_and_leaves_out_what_lies_between() -> None:
    recording = Recording()
    for second, latency_ms in ((0, 10), (50, 10_000), (99, 25)):
        recording.add(1_000 + second, latency_ms, 1)

    assert recording.measure(1_000, 1_100, 0.1).p99_growth == pytest.approx(2.5)


def test_without_requests_nothing_is_measured() -> None:
    measured = Recording().measure(0, 10, 0.1)

    assert measured.requests_per_second == 0
    assert all(map(isnan, (measured.p50_ms, measured.failure_share, measured.p99_growth)))


def test_what_workers_recorded_counts_at_their_master_once() -> None:
    worker, master = Recording(), Recording()
    worker.add(1, 20, 1)
    master.extend(worker.take_all())
    worker.add(2, 40, 1)
    master.extend(worker.take_all())

    measured = master.measure(0, 2, 0.1)

    assert (measured.requests, measured.p50_ms) == (2, 30)
