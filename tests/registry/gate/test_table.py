from __future__ import annotations

from registry.gate.codes import TITLES, CheckCode
from registry.gate.report import Check, GateReport, Verdict
from registry.gate.table import WIDTHS, render_table

WIDEST = 110


def make_report(*checks: Check, champion: str | None = "3") -> GateReport:
    return GateReport(
        model_name="model",
        version="4",
        champion_version=champion,
        stage="Production",
        judged_at="2026-01-02T03:04:05+00:00",
        checks=checks,
    )


def make_check(code: str, verdict: Verdict, detail: str) -> Check:
    return Check(
        code=code,
        title="what is looked at " * 3,
        figure="0.1234 (0.1000 to 0.2000) " * 3,
        limit="below 0.1000",
        verdict=verdict,
        detail=detail,
    )


def test_every_check_stands_with_code_and_verdict_within_the_width() -> None:
    checks = [
        make_check(code.value, verdict, "why " * 60) for code in CheckCode for verdict in Verdict
    ]

    table = render_table(make_report(*checks))

    lines = table.splitlines()
    assert max(len(line) for line in lines) <= WIDEST
    for check in checks:
        assert any(
            line.startswith(f"{check.code} ") and line.endswith(check.verdict.value)
            for line in lines
        )


def test_failures_are_explained_before_warnings_and_passed_checks_are_not() -> None:
    table = render_table(
        make_report(
            make_check("AUC", Verdict.WARNED, "look at this"),
            make_check("COST", Verdict.PASSED, "nothing to say"),
            make_check("PARITY", Verdict.FAILED, "because of that"),
        )
    )

    assert table.index("failed PARITY: because of that") < table.index("warned AUC: look at this")
    assert "nothing to say" not in table
    assert table.endswith("Refused: 1 of 3 checks failed (PARITY).")


def test_who_is_judged_for_what_against_whom_is_said() -> None:
    check = make_check("AUC", Verdict.PASSED, "")

    assert render_table(make_report(check)).startswith(
        "model version 4 for Production, champion version 3"
    )
    assert ", no champion" in render_table(make_report(check, champion=None))
    assert render_table(make_report(check)).endswith("Passed: none of 1 checks failed.")


def test_codes_and_verdicts_fit_their_columns() -> None:
    assert max(len(code) for code in CheckCode) <= WIDTHS[0]
    assert max(len(verdict) for verdict in Verdict) <= WIDTHS[-1]
    assert TITLES.keys() == set(CheckCode)
