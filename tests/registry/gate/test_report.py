from __future__ import annotations

import pytest
from pydantic import ValidationError

from registry.gate.codes import CheckCode
from registry.gate.finding import Finding
from registry.gate.report import Check, GateReport, Verdict


def make_check(code: str, verdict: Verdict, detail: str = "") -> Check:
    return Check(
        code=code,
        title="what is looked at",
        figure="0.5",
        limit="0.4",
        verdict=verdict,
        detail=detail,
        figures={"figure": 0.1 + 0.2},
        limits={"limit": 0.4},
    )


def make_report(*checks: Check, champion: str | None = "3") -> GateReport:
    return GateReport(
        model_name="model",
        version="4",
        champion_version=champion,
        stage="Staging",
        judged_at="2026-01-02T03:04:05+00:00",
        checks=checks,
    )


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.WARNED, Verdict.SKIPPED])
def test_only_a_failed_check_fails_the_report(verdict: Verdict) -> None:
    sound, failed = make_check("ONE", verdict), make_check("TWO", Verdict.FAILED)

    assert make_report(sound).passed
    assert make_report(sound).failures == ()
    assert not make_report(sound, failed).passed
    assert make_report(sound, failed).failures == (failed,)


@pytest.mark.parametrize("champion", ["3", None])
def test_a_report_reads_back_to_the_last_bit(champion: str | None) -> None:
    report = make_report(make_check("ONE", Verdict.PASSED), champion=champion)

    assert GateReport.from_json(report.to_json()) == report


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(ValidationError):
        GateReport.from_json('{"version": "1"}')


def test_a_figure_that_is_no_number_is_told_and_not_counted() -> None:
    finding = Finding(Verdict.FAILED, "nan", "1", figures={"one": float("nan"), "two": 2})

    check = finding.name(CheckCode.AUC)

    assert check.figures == {"two": 2.0}
    assert (check.code, check.verdict) == ("AUC", Verdict.FAILED)
