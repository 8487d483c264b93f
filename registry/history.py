"""The record of every transition: runs of an MLflow experiment that are only ever added.

A record is one call to MLflow, so it is there whole or not at all. It is written before anything is
moved, and closed when all is; one that is open tells of a promotion that was cut short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run
from mlflow.exceptions import MlflowException
from pydantic import BaseModel, ConfigDict, ValidationError

from credit.errors import RegistryError
from registry.stage import Stage
from registry.stages import select_name

RECORD_TAG = "credit.transition"
RUNNING, FINISHED, GIVEN_UP = "RUNNING", "FINISHED", "KILLED"
"""MLflow's words for what is to be done, what is done, and what never will be."""


class Action(StrEnum):
    """What was done."""

    PROMOTE = "promote"
    ROLL_BACK = "rollback"


class Transition(BaseModel):
    """Who moved what, from where, to where, why, and on what grounds.

    Attributes:
        number: Place in the history, from 1.
        action: What was done.
        stage: To which stage.
        version: Which version was moved there.
        from_version: Which version held the stage; None: nobody.
        who: User and machine.
        approver: Who approved of it; a promotion to Production has one.
        reason: Why; a forced promotion has one.
        forced: Whether it went against the gate.
        gate_passed: What the gate said; None: it was not asked.
        gate_run: The run that keeps the gate's report.
        gate_sha256: Of that report.
        model_sha256: Of the version's model file.
        bundle_digest: Of model file, threshold and all other facts that travel with it.
        begun_at: UTC, ISO 8601.
        previous_sha256: Of the record before it and when that was done, so that none but the last
            can be changed or taken out unseen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    number: int
    action: Action
    stage: Stage
    version: str
    from_version: str | None
    who: str
    approver: str | None
    reason: str | None
    forced: bool
    gate_passed: bool | None
    gate_run: str | None
    gate_sha256: str | None
    model_sha256: str
    bundle_digest: str
    begun_at: str
    previous_sha256: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A transition in the history.

    Attributes:
        transition: What was meant to be done.
        text: As it was written.
        run_id: Where.
        ended_at: When stage and alias had been moved; None: not yet, or never.
        is_open: Whether it is still to be carried out.
    """

    transition: Transition
    text: str
    run_id: str
    ended_at: datetime | None
    is_open: bool

    @property
    def sha256(self) -> str:
        """What the next record keeps of this one: what was meant, and when it was done."""
        done = self.ended_at.isoformat() if self.ended_at else f"open: {self.is_open}"
        return hashlib.sha256(f"{self.text} {done}".encode()).hexdigest()


def read_history(client: MlflowClient, name: str) -> tuple[Record, ...]:
    """Return all records of a registered model, oldest first.

    Raises:
        RegistryError: If one cannot be read.
    """
    experiment = _find_experiment(client, name)
    if experiment is None:
        return ()
    records = [_read_record(run) for run in _list_runs(client, experiment)]
    return tuple(sorted(records, key=lambda record: (record.transition.number, record.run_id)))


def open_record(client: MlflowClient, name: str, transition: Transition) -> Record:
    """Write down what is going to be done, and return the record."""
    text = transition.model_dump_json()
    run = client.create_run(
        require_experiment(client, name),
        run_name=f"{transition.number:04} {transition.action} {transition.version}",
        tags={
            RECORD_TAG: text,
            "action": transition.action,
            "stage": transition.stage,
            "version": transition.version,
            "who": transition.who,
        },
    )
    return Record(transition, text, run.info.run_id, None, is_open=True)


def close_record(client: MlflowClient, record: Record) -> None:
    """Write down that it is done."""
    client.set_terminated(record.run_id, FINISHED)


def give_up_record(client: MlflowClient, record: Record) -> None:
    """Write down that it never will be done."""
    client.set_terminated(record.run_id, GIVEN_UP)


def find_breaks(records: Sequence[Record]) -> list[str]:
    """Return what does not fit in the chain of records: one changed, missing or doubled."""
    breaks = []
    expected: tuple[int, str | None] = (1, None)
    for record in records:
        number, previous = record.transition.number, record.transition.previous_sha256
        if number != expected[0]:
            breaks.append(f"record {number} stands where {expected[0]} was expected")
        elif previous != expected[1]:
            breaks.append(f"record {number - 1} is not as it was when {number} was written")
        expected = (number + 1, record.sha256)
    return breaks


def require_experiment(client: MlflowClient, name: str) -> str:
    """Return the id of the experiment that keeps the records of a registered model.

    Raises:
        RegistryError: If somebody deleted it.
    """
    if experiment := _find_experiment(client, name):
        return str(experiment.experiment_id)
    return str(client.create_experiment(_name_experiment(name), _locate_artifacts(client, name)))


def _find_experiment(client: MlflowClient, name: str) -> Experiment | None:
    experiment = client.get_experiment_by_name(_name_experiment(name))
    if experiment is not None and experiment.lifecycle_stage == "deleted":
        raise RegistryError(
            f"The experiment {experiment.name!r}, which keeps the history of {name}, was deleted. "
            f"Restore it: `mlflow experiments restore -x {experiment.experiment_id}`."
        )
    return experiment


def _name_experiment(name: str) -> str:
    return f"{name}-transitions"


def _locate_artifacts(client: MlflowClient, name: str) -> str | None:
    """Return the folder where training keeps its own; None lets a server decide."""
    trained_ones = f"{select_name(name)} and run_id != ''"
    for version in client.search_model_versions(trained_ones, max_results=1):
        try:
            trained = client.get_experiment(client.get_run(str(version.run_id)).info.experiment_id)
        except MlflowException:  # the run was deleted
            return None
        location = str(trained.artifact_location)
        return location if location.startswith("file:") else None
    return None


def _list_runs(client: MlflowClient, experiment: Experiment) -> list[Run]:
    runs: list[Run] = []
    token = None
    while token is None or token:
        page = client.search_runs(
            [experiment.experiment_id],
            f"tags.`{RECORD_TAG}` LIKE '%'",
            page_token=token,
            order_by=["attributes.start_time ASC"],
        )
        runs += page
        token = page.token or ""
    return runs


def _read_record(run: Run) -> Record:
    text = run.data.tags[RECORD_TAG]
    try:
        transition = Transition.model_validate_json(text)
    except ValidationError as error:
        faults = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        raise RegistryError(
            f"The record of a transition in run {run.info.run_id} cannot be read "
            f"({faults or 'no JSON'}); somebody changed its tag {RECORD_TAG!r}."
        ) from None
    done = run.info.status == FINISHED and run.info.end_time is not None
    ended_at = datetime.fromtimestamp(run.info.end_time / 1_000, UTC) if done else None
    return Record(transition, text, run.info.run_id, ended_at, run.info.status == RUNNING)
