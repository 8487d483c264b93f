"""The history as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from registry.history import Action, Record
from registry.stage import Stage
from registry.tenure import Tenure

DEEDS = {Action.PROMOTE: "promoted", Action.ROLL_BACK: "rolled back"}
MOMENT = "%Y-%m-%d %H:%M:%S"


def render_history(records: Iterable[Record]) -> str:
    """Return two lines a record: what was done and when (UTC), by whom and why."""
    lines = [line for record in records for line in _tell(record)]
    return "\n".join(lines) if lines else "Nothing was promoted yet."


def render_day(held: Sequence[Tenure], day: date, stages: Iterable[Stage]) -> str:
    """Return which version held each stage on a day, and from when to when (UTC).

    Args:
        held: What `find_tenures_on` found.
        day: Which day.
        stages: Which stages.
    """
    lines = []
    for stage in stages:
        told = [_tell_tenure(tenure) for tenure in held if tenure.stage is stage]
        lines += told or [f"{stage}: no version on {day}"]
    return "\n".join(lines)


def describe_tenure(tenure: Tenure) -> dict[str, object]:
    """Return a tenure for a script to read."""
    moved = tenure.record.transition
    return {
        "stage": tenure.stage,
        "version": tenure.version,
        "since": tenure.since.isoformat(),
        "until": tenure.until.isoformat() if tenure.until else None,
        "record": moved.number,
        "model_sha256": moved.model_sha256,
        "bundle_digest": moved.bundle_digest,
    }


def _tell_tenure(tenure: Tenure) -> str:
    until = f"until {tenure.until:{MOMENT}}" if tenure.until else "and still"
    moved = tenure.record.transition
    return (
        f"{tenure.stage}: version {tenure.version} since {tenure.since:{MOMENT}} {until} "
        f"(record {moved.number}, model {moved.model_sha256[:12]})"
    )


def _tell(record: Record) -> Iterable[str]:
    moved = record.transition
    when = f"{record.ended_at:{MOMENT}}" if record.ended_at else _tell_state(record)
    yield (
        f"{moved.number:>4}  {when:<19}  {moved.stage:<10}  "
        f"{moved.from_version or 'none'} -> {moved.version}  {DEEDS[moved.action]}"
        f"{_tell_gate(moved.gate_passed, forced=moved.forced)}"
    )
    approved = f", approved by {moved.approver}" if moved.approver else ""
    reason = f": {moved.reason}" if moved.reason else ""
    yield f"      by {moved.who}{approved}{reason}"


def _tell_gate(passed: bool | None, *, forced: bool) -> str:  # noqa: FBT001 -- three answers
    if passed is None:
        return ""
    return ", gate refused, FORCED" if forced else ", gate passed"


def _tell_state(record: Record) -> str:
    return "cut short" if record.is_open else "given up"
