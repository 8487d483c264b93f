"""Which version held which stage from when to when, by the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from registry.history import Action, Record
from registry.stage import Stage


@dataclass(frozen=True, slots=True)
class Tenure:
    """How long a version held a stage.

    Attributes:
        stage: Which stage.
        version: Which version.
        since: From when.
        until: To when; None: it still does.
        record: What put it there.
    """

    stage: Stage
    version: str
    since: datetime
    until: datetime | None
    record: Record


def list_tenures(records: Sequence[Record]) -> list[Tenure]:
    """Return who held which stage from when to when, by the records that are closed."""
    tenures: list[Tenure] = []
    for record in records:
        moved = record.transition
        if record.ended_at is None:
            continue
        for place, tenure in enumerate(tenures):
            # A version holds one stage at a time, and a stage has one holder.
            if tenure.until is None and (
                tenure.stage is moved.stage or tenure.version == moved.version
            ):
                tenures[place] = replace(tenure, until=record.ended_at)
        tenures.append(Tenure(moved.stage, moved.version, record.ended_at, None, record))
    return tenures


def find_tenures_on(tenures: Sequence[Tenure], day: date, stages: Iterable[Stage]) -> list[Tenure]:
    """Return those of the stages that lasted any part of a day (UTC)."""
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    wanted = set(stages)
    return [
        tenure
        for tenure in tenures
        if tenure.stage in wanted
        and tenure.since < end
        and (tenure.until is None or tenure.until > begin)
    ]


def find_tenure(records: Sequence[Record], stage: Stage) -> Tenure | None:
    """Return the tenure of the version that holds the stage; None: no version does."""
    tenures = list_tenures(records)
    return next((item for item in tenures if item.stage is stage and item.until is None), None)


def find_held(records: Sequence[Record]) -> dict[Stage, str]:
    """Return which version holds each stage."""
    return {item.stage: item.version for item in list_tenures(records) if item.until is None}


def find_previous(records: Sequence[Record], stage: Stage) -> tuple[str, str | None] | None:
    """Return who holds the stage and who held it before, rollbacks taken back; None: nobody does.

    A version that was rolled back is no "previous" one: two rollbacks go two versions back.
    """
    stack: list[str] = []
    for record in records:
        moved = record.transition
        if moved.stage is not stage or record.ended_at is None:
            continue
        below = stack[:-1]
        if moved.action is Action.ROLL_BACK and moved.version in below:
            del stack[len(below) - below[::-1].index(moved.version) :]
        elif not stack or stack[-1] != moved.version:
            stack.append(moved.version)
    if find_tenure(records, stage) is None:
        return None
    return stack[-1], (stack[-2] if len(stack) > 1 else None)
