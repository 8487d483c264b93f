"""The gate: every check of a challenger, whatever the others find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.exceptions import MlflowException

from credit.errors import RegistryError
from credit.temporary_folder import open_temporary_folder
from registry.gate.behaviour import (
    look_at_batch,
    look_at_monotony,
    look_at_parity,
    look_at_range,
    look_at_sentinels,
)
from registry.gate.bundle_checks import (
    look_at_fingerprint,
    look_at_integrity,
    look_at_signature,
)
from registry.gate.calibration import look_at_calibration
from registry.gate.codes import CheckCode
from registry.gate.evidence import DeletedVersion, EvidenceMissing, VersionEvidence
from registry.gate.fairness import look_at_change, look_at_hard_limits, look_at_reference_limits
from registry.gate.finding import Case, Finding, Look
from registry.gate.limits import LIMITS, GateLimits
from registry.gate.report import Check, GateReport, Verdict
from registry.gate.weight import look_at_weight
from registry.gate.worth import look_at_worth

LOOKS: tuple[tuple[tuple[CheckCode, ...], Look], ...] = (
    ((CheckCode.SIGNATURE,), look_at_signature),
    ((CheckCode.FINGERPRINT,), look_at_fingerprint),
    ((CheckCode.INTEGRITY,), look_at_integrity),
    ((CheckCode.AUC, CheckCode.COST), look_at_worth),
    ((CheckCode.CALIBRATION,), look_at_calibration),
    ((CheckCode.FAIRNESS,), look_at_hard_limits),
    ((CheckCode.FAIRNESS_CHANGE,), look_at_change),
    ((CheckCode.FAIRNESS_NOTES,), look_at_reference_limits),
    ((CheckCode.SIZE, CheckCode.LATENCY, CheckCode.MEMORY), look_at_weight),
    ((CheckCode.PARITY,), look_at_parity),
    ((CheckCode.RANGE,), look_at_range),
    ((CheckCode.BATCH,), look_at_batch),
    ((CheckCode.SENTINEL,), look_at_sentinels),
    ((CheckCode.MONOTONE,), look_at_monotony),
)
"""What is looked at, and which checks that makes, in the order of `CheckCode`."""


def judge_promotion(
    client: MlflowClient,
    tracking_uri: str,
    model_name: str,
    version: str,
    champion_version: str | None,
    stage: str,
    limits: GateLimits = LIMITS,
) -> GateReport:
    """Return what every check finds; nothing in the registry is changed.

    All that is looked at is in the registry: no tables. Evidence that is not there, or cannot be
    read, fails the checks that need it.

    Args:
        client: Of the registry.
        tracking_uri: The same registry, for MLflow's own functions.
        model_name: Registered model.
        version: The challenger.
        champion_version: The version that holds the stage, or Production where nobody holds it;
            None: nobody holds either. One that was deleted fails the checks that compare.
        stage: What the challenger would become.
        limits: What it is held to.

    Raises:
        RegistryError: If the challenger is not there.
    """
    mlflow.set_tracking_uri(tracking_uri)
    with open_temporary_folder("credit-gate-") as folder, _no_progress_bar():
        challenger = _open_version(client, model_name, version, folder / "challenger")
        champion = (
            None
            if champion_version is None
            else _open_champion(client, model_name, champion_version, folder / "champion")
        )
        checks = tuple(_look_at_all(Case(challenger, champion, limits)))
    return GateReport(
        model_name=model_name,
        version=version,
        champion_version=champion_version,
        stage=stage,
        judged_at=datetime.now(UTC).isoformat(timespec="seconds"),
        checks=checks,
    )


def _look_at_all(case: Case) -> Iterator[Check]:
    for codes, look in LOOKS:
        try:
            found = look(case)
        except EvidenceMissing as error:
            missing = Finding(Verdict.FAILED, "cannot be judged", "evidence", str(error))
            found = (missing,) * len(codes)
        findings = found if isinstance(found, tuple) else (found,)
        for code, finding in zip(codes, findings, strict=True):
            yield finding.name(code)


def _open_version(client: MlflowClient, name: str, version: str, folder: Path) -> VersionEvidence:
    try:
        registered = client.get_model_version(name, version)
    except MlflowException as error:
        raise RegistryError(
            f"{name} has no version {version} ({str(error).partition(chr(10))[0]}). "
            "`credit train` registers one."
        ) from None
    return VersionEvidence(client, registered, folder)


def _open_champion(
    client: MlflowClient, name: str, version: str, folder: Path
) -> VersionEvidence | DeletedVersion:
    try:
        registered = client.get_model_version(name, version)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise RegistryError(
                f"Version {version} of {name}, the champion, cannot be read "
                f"({str(error).partition(chr(10))[0]}). Try again."
            ) from None
        return DeletedVersion(f"version {version} of {name}")
    return VersionEvidence(client, registered, folder)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Keep MLflow from drawing a bar for each of a dozen small files."""
    name = MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.name
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
