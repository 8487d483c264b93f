"""Objectives: what a load test must show, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Literal

from loadtests.measurement import Measurement

Bound = Literal["at most", "at least"]

BOUNDS: Mapping[str, Bound] = {
    "p50_ms": "at most",
    "p95_ms": "at most",
    "p99_ms": "at most",
    "failure_share": "at most",
    "requests_per_second": "at least",
    "rows_per_second": "at least",
    "p99_growth": "at most",
}
"""Every objective: a figure of `Measurement`, and on which side of its limit it must be."""

SHOWN_WHOLE = 1_000

Objectives = Mapping[str, float]
"""Limits by the name of the objective."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an objective was kept.

    Attributes:
        name: The objective.
        limit: What was asked for.
        measured: What was seen; NaN where nothing could be measured, which keeps no objective.
    """

    name: str
    limit: float
    measured: float

    @property
    def kept(self) -> bool:
        """Whether the figure is on the right side of the limit."""
        if isnan(self.measured):
            return False
        if BOUNDS[self.name] == "at most":
            return self.measured <= self.limit
        return self.measured >= self.limit


def judge(objectives: Objectives, measured: Measurement) -> list[Verdict]:
    """Return a verdict on each objective."""
    return [
        Verdict(name, limit, float(getattr(measured, name))) for name, limit in objectives.items()
    ]


def parse_objective(text: str) -> tuple[str, float]:
    """Return name and limit of an objective as the command line has it, `p99_ms=100`.

    Raises:
        ValueError: If there is no such objective, or its limit is not a number from 0 on.
    """
    name, _, limit_text = text.partition("=")
    if name not in BOUNDS:
        raise ValueError(f"{name!r} is no objective. There are: {', '.join(BOUNDS)}.")
    try:
        limit = float(limit_text)
    except ValueError:
        limit = -1.0
    if not (isfinite(limit) and limit >= 0):
        raise ValueError(f"{limit_text!r} is no limit. Write a number from 0 on, as in {name}=100.")
    return name, limit


def tabulate(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts as a table, a line each."""
    lines = [f"{'objective':22}{'limit':>18}{'measured':>14}  verdict"]
    for verdict in verdicts:
        limit = f"{BOUNDS[verdict.name]} {verdict.limit:,g}"
        word = "kept" if verdict.kept else "MISSED"
        lines.append(f"{verdict.name:22}{limit:>18}{_show(verdict.measured):>14}  {word}")
    return "\n".join(lines)


def _show(figure: float) -> str:
    if isnan(figure):
        return "none"
    return f"{figure:,.0f}" if figure >= SHOWN_WHOLE else f"{figure:,.4g}"
