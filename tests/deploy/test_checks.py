from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, nullcontext

import pytest

import deploy.container_check.start as start_module
from deploy.container_check.checks import (
    check_memory,
    check_ready_time,
    check_rights,
    check_size,
    check_writes,
)  # fmt: skip
from deploy.container_check.container import Container, Usage, Usages
from deploy.container_check.report import Report
from deploy.container_check.start import Start, start_timed

MB = 1_000_000


def use(pss_mb: float, cpu_seconds: float) -> Usages:
    return Usages([Usage("main", int(pss_mb * MB), int(pss_mb * MB), cpu_seconds)] * 2, None)


class PlayedContainer(Container):
    """Says what it was told to say."""

    removed: int
    log: str
    answers: Mapping[str, str]

    def __init__(self, log: str = "", answers: Mapping[str, str] | None = None) -> None:
        facts = {"removed": 0, "log": log, "answers": answers or {"du": "12 /tmp"}}
        for name, fact in facts.items():
            object.__setattr__(self, name, fact)

    def execute(self, *command: str, timeout_seconds: float = 30) -> str:
        del timeout_seconds
        return self.answers[command[0]]

    def read_log(self, lines: int | None = None) -> str:
        del lines
        return self.log

    def remove(self) -> None:
        object.__setattr__(self, "removed", self.removed + 1)


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
    ("seconds", "busy_seconds", "always", "verdict"),
    [
        (3.9, 3.0, False, (1, 0)),
        (3.9, 9.0, False, (1, 0)),  # in time although others were at work
        (4.1, 3.0, False, (0, 1)),
        (4.1, 9.0, False, (0, 0)),  # who knows
        (4.1, 9.0, True, (0, 1)),
    ],
)
def test_being_late_counts_only_where_nobody_else_was_at_work(
    seconds: float, busy_seconds: float, *, always: bool, verdict: tuple[int, int]
) -> None:
    report = Report()

    check_ready_time(report, Start(seconds, busy_seconds, 0, use(100, 1.5)), always=always)

    assert (report.passed, report.failed) == verdict


def test_the_engine_is_none_of_the_others() -> None:
    assert Start(5, 9, engine_seconds=0, usages=use(100, 1.5)).is_disturbed
    assert not Start(5, 9, engine_seconds=5, usages=use(100, 1.5)).is_disturbed


def test_what_has_no_verdict_is_told_again_before_the_last_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report()
    report.check("one", holds=True)
    check_ready_time(report, Start(9, 90, 0, use(100, 1.5)), always=False)
    report.check("another", holds=True)

    assert report.conclude() == 0
    *_, told, last = capsys.readouterr().out.splitlines()
    assert told.startswith("NOT JUDGED: ready within")
    assert last == "2 passed, 0 failed"


IN_TIME, LATE = Start(3, 3, 0, use(100, 1.5)), Start(6, 3, 0, use(100, 1.5))
DISTURBED, DISTURBED_MORE = Start(5, 9, 0, use(100, 1.5)), Start(7, 9, 0, use(100, 1.5))


@pytest.mark.parametrize(
    ("starts", "judged", "removed"),
    [
        ([IN_TIME], IN_TIME, 0),
        ([LATE], LATE, 0),
        ([DISTURBED, IN_TIME], IN_TIME, 1),
        ([DISTURBED, LATE], LATE, 1),  # nobody else is to blame
        ([DISTURBED, DISTURBED_MORE], DISTURBED, 1),
    ],
)
def test_a_late_start_beside_others_is_made_once_more(
    starts: list[Start], judged: Start, removed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, left = PlayedContainer(), iter(starts)
    monkeypatch.setattr(start_module, "_time_start", lambda *_: (container, next(left)))

    _, found = start_timed(ExitStack(), lambda: nullcontext(container), lambda _line: None)

    assert found == judged
    assert container.removed == removed
    assert next(left, None) is None


@pytest.mark.parametrize(
    ("log", "failed"),
    [
        ("ready", 0),
        ("ready\nOSError: [Errno 30] Read-only file system: '/app/x'", 1),
        ("PermissionError: [Errno 13] Permission denied: '/var/x'", 1),
    ],
)
def test_a_write_that_was_refused_is_a_failure(log: str, failed: int) -> None:
    report = Report()

    check_writes(report, PlayedContainer(log))

    assert (report.passed, report.failed) == (1 - failed, failed)


@pytest.mark.parametrize(
    ("user", "own", "failed"),
    [("1034", "", 0), ("0", "", 1), ("1034", "/app/.venv/bin/python\n", 1)],
)
def test_the_service_is_not_root_and_owns_nothing_of_the_image(
    user: str, own: str, failed: int
) -> None:
    report = Report()

    check_rights(report, PlayedContainer(answers={"id": user, "sh": own}))

    assert (report.passed, report.failed) == (2 - failed, failed)


@pytest.mark.parametrize(("pss_mb", "failed"), [(249, 0), (251, 1)])
def test_memory_is_that_of_all_processes(pss_mb: float, failed: int) -> None:
    report = Report()

    check_memory(report, use(pss_mb, 0), "now")

    assert report.failed == failed


def test_a_check_that_did_nothing_does_not_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert Report().conclude() == 1
    assert capsys.readouterr().out == "0 passed, 0 failed\n"
