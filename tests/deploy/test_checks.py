from __future__ import annotations

import pytest

from deploy.container_check.checks import check_memory, check_ready_time, check_size
from deploy.container_check.container import Usage, Usages
from deploy.container_check.report import Report

MB = 1_000_000


def use(pss_mb: float, cpu_seconds: float) -> Usages:
    return Usages([Usage("main", int(pss_mb * MB), int(pss_mb * MB), cpu_seconds)] * 2, None)


@pytest.mark.parametrize(
    ("layers_mb", "stand_in", "failed"),
    [
        ([150, 549], False, 0),
        ([150, 551], False, 1),
        ([300, 500], True, 0),  # on a registry's base it is smaller
        ([100, 571], True, 1),
    ],
)
def test_the_size_is_judged_on_the_registry_s_base(
    layers_mb: list[int], *, stand_in: bool, failed: int
) -> None:
    report = Report()

    check_size(report, [size * MB for size in layers_mb], stand_in=stand_in)

    assert (report.passed, report.failed) == (1 - failed, failed)


@pytest.mark.parametrize(
    ("seconds", "busy_seconds", "verdict"),
    [
        (3.9, 3.0, (1, 0)),
        (3.9, 9.0, (1, 0)),  # in time although others were at work
        (4.1, 3.0, (0, 1)),
        (4.1, 9.0, (0, 0)),  # who knows
    ],
)
def test_being_late_counts_only_where_nobody_else_was_at_work(
    seconds: float, busy_seconds: float, verdict: tuple[int, int]
) -> None:
    report = Report()

    check_ready_time(report, seconds, busy_seconds, use(100, 1.5))

    assert (report.passed, report.failed) == verdict


@pytest.mark.parametrize(("pss_mb", "failed"), [(249, 0), (251, 1)])
def test_memory_is_that_of_all_processes(pss_mb: float, failed: int) -> None:
    report = Report()

    check_memory(report, use(pss_mb, 0), "now")

    assert report.failed == failed


def test_a_check_that_did_nothing_does_not_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert Report().conclude() == 1
    assert capsys.readouterr().out == "0 passed, 0 failed\n"
