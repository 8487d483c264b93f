"""A gate's report as a plain table for a terminal, a log or a page."""

from __future__ import annotations

from textwrap import wrap

from registry.gate.report import Check, GateReport, Verdict

HEADING = ("check", "looked at", "found", "limit", "verdict")
WIDTHS = (15, 24, 32, 24, 7)
"""Characters a column takes at most: 110 in all, with the gaps between."""
TEXT_WIDTH = 108
_GAP = "  "


def render_table(report: GateReport) -> str:
    """Return a line a check, wrapped where it is long, and below them what needs to be read.

    Failures come first among the details, then warnings and what was skipped.
    """
    champion = (
        f"champion version {report.champion_version}" if report.champion_version else "no champion"
    )
    opening = f"{report.model_name} version {report.version} for {report.stage}, {champion}"
    rows = [_list_cells(check) for check in report.checks]
    lines = [opening, "", *_lay_out(HEADING), _GAP.join("-" * width for width in WIDTHS)]
    for row in rows:
        lines += _lay_out(row)
    for verdict in (Verdict.FAILED, Verdict.WARNED, Verdict.SKIPPED):
        for check in report.checks:
            if check.verdict is verdict and check.detail:
                lines += ["", *_explain(check)]
    return "\n".join([*lines, "", *wrap(conclude(report), width=TEXT_WIDTH)])


def _list_cells(check: Check) -> tuple[str, ...]:
    return check.code, check.title, check.figure, check.limit, check.verdict.value


def _lay_out(cells: tuple[str, ...]) -> list[str]:
    columns = [wrap(cell, width) or [""] for cell, width in zip(cells, WIDTHS, strict=True)]
    height = max(len(column) for column in columns)
    return [
        _GAP.join(
            (column[line] if line < len(column) else "").ljust(width)
            for column, width in zip(columns, WIDTHS, strict=True)
        ).rstrip()
        for line in range(height)
    ]


def _explain(check: Check) -> list[str]:
    return wrap(
        f"{check.verdict.value} {check.code}: {check.detail}",
        width=TEXT_WIDTH,
        subsequent_indent="  ",
    )


def conclude(report: GateReport) -> str:
    """Return in one line whether the gate lets the version through."""
    count = len(report.checks)
    if report.passed:
        return f"Passed: none of {count} checks failed."
    codes = ", ".join(check.code for check in report.failures)
    return f"Refused: {len(report.failures)} of {count} checks failed ({codes})."
