"""The way back: the version that held a stage before, put back into it."""

from __future__ import annotations

from mlflow import MlflowClient

from credit.errors import RegistryError
from registry.history import Action, Record, find_previous, read_history
from registry.stages import load_version
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

    The gate is not asked: the version has been there, and going back must not fail.

    Args:
        client: Of the registry.
        name: Registered model.
        request: Who wants it, and in which stage.
        leaving: The version to get away from; a repetition then goes no further back. None:
            whatever holds the stage.

    Raises:
        RegistryError: If no version held the stage before, it is in Production now, or another than
            `leaving` holds the stage.
    """
    completed = complete_interrupted(client, name)
    records = read_history(client, name)
    last = next(
        (item for item in reversed(records) if item.transition.stage is request.stage), None
    )
    if last and _is_done_already(last, leaving, completed):
        return Outcome(load_version(client, name, last.transition.version), last, None, completed)
    found = find_previous(records, request.stage)
    if found and leaving not in (None, found[0]):
        raise RegistryError(
            f"Version {leaving} of {name} is not in {request.stage}; version {found[0]} is. "
            "`credit history` shows what was."
        )
    if found is None or found[1] is None:
        holder = f"version {found[0]} is the first" if found else "no version is"
        raise RegistryError(
            f"There is nothing to go back to: {holder} in {request.stage} of {name}. "
            "`credit history` shows what was."
        )
    model = load_version(client, name, found[1])
    require_free(model, request.stage, records)
    transition = describe_transition(model, Action.ROLL_BACK, request, records)
    return Outcome(model, carry_out(client, name, transition), None, completed)


def _is_done_already(last: Record, leaving: str | None, completed: tuple[Record, ...]) -> bool:
    """Return whether the last move was this very rollback: cut short before, or asked for twice."""
    moved = last.transition
    if moved.action is not Action.ROLL_BACK:
        return False
    return last in completed or (leaving is not None and leaving == moved.from_version)
