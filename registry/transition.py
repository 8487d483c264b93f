"""Moving a version into a stage: recorded first, then moved, then closed.

Killed at any moment, the record says what was meant, and the next promotion or rollback goes on
from there before it does anything of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlflow import MlflowClient

from credit.errors import RegistryError
from registry.gate.report import GateReport
from registry.history import (
    Action,
    Record,
    Transition,
    close_record,
    give_up_record,
    list_tenures,
    open_record,
    read_history,
)
from registry.stage import Stage
from registry.stages import RegisteredModel, find_holding_version, has_version, put_in_stage


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants what.

    Attributes:
        stage: To which stage.
        who: User and machine.
        approver: Who approves of it.
        reason: Why.
        force: Go on though the gate refuses.
    """

    stage: Stage
    who: str
    approver: str | None = None
    reason: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        model: The version that holds the stage.
        record: What put it there.
        report: What the gate said; None: it was not asked.
        completed: Records of others, cut short, that were completed on the way.
    """

    model: RegisteredModel
    record: Record
    report: GateReport | None = None
    completed: tuple[Record, ...] = field(default=())


def complete_interrupted(client: MlflowClient, name: str) -> tuple[Record, ...]:
    """Carry out what was recorded and then cut short, and return those records.

    One whose version was deleted since is given up.
    """
    unfinished = [record for record in read_history(client, name) if record.is_open]
    for record in unfinished:
        if has_version(client, name, record.transition.version):
            _move(client, name, record)
        else:
            give_up_record(client, record)
    if not unfinished:
        return ()
    runs = {record.run_id for record in unfinished}
    return tuple(item for item in read_history(client, name) if item.run_id in runs)


def find_held(records: tuple[Record, ...]) -> dict[Stage, str]:
    """Return which version holds each stage, by the history."""
    return {item.stage: item.version for item in list_tenures(records) if item.until is None}


def require_free(model: RegisteredModel, stage: Stage, records: tuple[Record, ...]) -> None:
    """Return unless the move would take the version out of Production."""
    held = find_held(records)
    if stage is Stage.STAGING and held.get(Stage.PRODUCTION) == model.version:
        raise RegistryError(
            f"Version {model.version} of {model.name} is in Production, and MLflow gives a version "
            "one stage: moving it to Staging would leave Production without any. Promote another "
            "to Production first, or roll Production back."
        )


def describe_transition(
    model: RegisteredModel, action: Action, request: Request, records: tuple[Record, ...]
) -> Transition:
    """Return the record to be, as if the gate had not been asked."""
    last = records[-1] if records else None
    return Transition(
        number=last.transition.number + 1 if last else 1,
        action=action,
        stage=request.stage,
        version=model.version,
        from_version=find_held(records).get(request.stage),
        who=request.who,
        approver=request.approver,
        reason=request.reason,
        forced=False,
        gate_passed=None,
        gate_run=None,
        gate_sha256=None,
        model_sha256=model.bundle.model_sha256,
        bundle_digest=model.bundle.compute_digest(),
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        previous_sha256=last.sha256 if last else None,
    )


def carry_out(client: MlflowClient, name: str, transition: Transition) -> Record:
    """Write the record, move stage and alias, close the record, and return it.

    Raises:
        RegistryError: If somebody else moved the stage at the same moment.
    """
    record = open_record(client, name, transition)
    _move(client, name, record)
    stage, version = transition.stage, transition.version
    holder = find_holding_version(client, name, stage)
    if holder != version:
        raise RegistryError(
            f"Somebody else moved version {holder} of {name} to {stage} at the same moment. See "
            "`credit history`, then promote again."
        )
    return next(item for item in read_history(client, name) if item.run_id == record.run_id)


def _move(client: MlflowClient, name: str, record: Record) -> None:
    moved = record.transition
    put_in_stage(client, name, moved.version, moved.stage)
    close_record(client, record)
