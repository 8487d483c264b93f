"""Moving a version into a stage: recorded first, then moved, then closed.

Killed at any moment, the record says what was meant, and the next promotion or rollback goes on
from there before it does anything of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    open_record,
    read_history,
)
from registry.stage import Stage
from registry.stages import (
    RegisteredModel,
    find_holding_version,
    has_begun,
    has_version,
    put_in_stage,
)
from registry.tenure import find_held

MOST_CHARACTERS = 1_000


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

    def __post_init__(self) -> None:
        """Refuse what MLflow would not keep.

        Raises:
            RegistryError: If a text is too long.
        """
        texts = {"who": self.who, "approver": self.approver, "reason": self.reason}
        for name, text in texts.items():
            if text is not None and len(text) > MOST_CHARACTERS:
                raise RegistryError(
                    f"The {name} has {len(text):,} characters; at most {MOST_CHARACTERS:,} are "
                    "kept. Say it in fewer."
                )


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


def complete_interrupted(
    client: MlflowClient, name: str, is_asked_for: Callable[[Transition], bool]
) -> tuple[Record, ...]:
    """Deal with what was recorded and then cut short, and return what was carried out of it.

    A move that has begun is carried out: stage and alias would disagree. One of which nothing was
    done is carried out only if it is what is asked for now, and else given up, as is one whose
    version was deleted.
    """
    carried_out = []
    for record in read_history(client, name):
        if not record.is_open:
            continue
        moved = record.transition
        if has_version(client, name, moved.version) and (
            is_asked_for(moved) or has_begun(client, name, moved.version, moved.stage)
        ):
            put_in_stage(client, name, moved.version, moved.stage)
            close_record(client, record)
            carried_out.append(record.run_id)
        else:
            give_up_record(client, record)
    if not carried_out:
        return ()
    return tuple(item for item in read_history(client, name) if item.run_id in carried_out)


def require_free(model: RegisteredModel, stage: Stage, records: Sequence[Record]) -> None:
    """Return unless the move would take the version out of Production."""
    held = find_held(records)
    if stage is Stage.STAGING and held.get(Stage.PRODUCTION) == model.version:
        raise RegistryError(
            f"Version {model.version} of {model.name} is in Production, and MLflow gives a version "
            "one stage: moving it to Staging would leave Production without any. Promote another "
            "to Production first, or roll Production back."
        )


def describe_transition(
    model: RegisteredModel, action: Action, request: Request, records: Sequence[Record]
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


def carry_out(
    client: MlflowClient, name: str, transition: Transition, records: Sequence[Record]
) -> Record:
    """Write the record, move stage and alias, close the record, and return it.

    Args:
        client: Of the registry.
        name: Registered model.
        transition: What to do.
        records: The history that it was decided on.

    Raises:
        RegistryError: If somebody else promoted or rolled back meanwhile; nothing is moved then.
    """
    if [item.run_id for item in read_history(client, name)] != [item.run_id for item in records]:
        raise RegistryError(
            f"Somebody else promoted a version of {name}, or rolled one back, meanwhile. Look at "
            "`credit history`, and say it again."
        )
    record = open_record(client, name, transition)
    put_in_stage(client, name, transition.version, transition.stage)
    holder = find_holding_version(client, name, transition.stage)
    if holder != transition.version:
        give_up_record(client, record)
        raise RegistryError(
            f"Somebody else moved version {holder} of {name} to {transition.stage} at the same "
            "moment. Look at `credit history`, and say it again."
        )
    close_record(client, record)
    return next(item for item in read_history(client, name) if item.run_id == record.run_id)
