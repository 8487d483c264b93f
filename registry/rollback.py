"""The way back: the version that held a stage before, put back into it."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow import MlflowClient

from credit.errors import RegistryError
from registry.history import Action, Record, Transition, read_history
from registry.holder import find_standing, require_as_recorded
from registry.stage import Stage
from registry.stages import RegisteredModel, load_version
from registry.tenure import find_previous
from registry.transition import (
    Outcome,
    Request,
    carry_out,
    complete_interrupted,
    describe_transition,
    require_free,
)


def roll_back(
    client: MlflowClient, name: str, request: Request, leaving: str | None = None
) -> Outcome:
    """Put the version that held the stage before back into it, and return what was done.

    The gate is not asked: the version has been there, and going back must not fail. Where somebody
    moved another version into the stage past the gate, the one of the history is put back.

    Args:
        client: Of the registry.
        name: Registered model.
        request: Who wants it, and in which stage.
        leaving: The version to get away from; a repetition then goes no further back. None:
            whatever holds the stage.

    Raises:
        RegistryError: If no version held the stage before, it is in Production now, it is not as it
            was when it was promoted, or another than `leaving` holds the stage.
        FingerprintMismatch: If the version carries no bundle.
    """

    def is_asked_for(moved: Transition) -> bool:
        return _is_rollback(moved, request.stage) and leaving in {None, moved.from_version}

    completed = complete_interrupted(client, name, is_asked_for)
    records = read_history(client, name)
    standing = find_standing(client, name, request.stage, records)
    last = next(
        (item for item in reversed(records) if item.transition.stage is request.stage), None
    )
    if last and standing and is_asked_for(last.transition) and (leaving or last in completed):
        return Outcome(standing, last, None, completed)
    model = load_version(
        client, name, _choose_target(name, request.stage, records, standing, leaving)
    )
    require_as_recorded(model, records)
    require_free(model, request.stage, records)
    transition = describe_transition(model, Action.ROLL_BACK, request, records)
    if leaving is not None:
        transition = transition.model_copy(update={"from_version": leaving})
    return Outcome(model, carry_out(client, name, transition, records), None, completed)


def _is_rollback(moved: Transition, stage: Stage) -> bool:
    return moved.action is Action.ROLL_BACK and moved.stage is stage


def _choose_target(
    name: str,
    stage: Stage,
    records: Sequence[Record],
    standing: RegisteredModel | None,
    leaving: str | None,
) -> str:
    """Return the version to go back to."""
    found = find_previous(records, stage)
    if found is None:
        raise RegistryError(
            f"There is nothing to go back to: no version is in {stage} of {name} by the history. "
            "`credit history` shows what was."
        )
    holder, previous = found
    if standing is None and leaving != holder:
        return holder  # the registry holds something that the history does not know
    if leaving not in {None, holder}:
        raise RegistryError(
            f"Version {leaving} of {name} is not in {stage}; version {holder} is. "
            "`credit history` shows what was."
        )
    if previous is None:
        raise RegistryError(
            f"There is nothing to go back to: version {holder} is the first in {stage} of {name}. "
            "`credit history` shows what was."
        )
    return previous
