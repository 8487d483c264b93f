"""The steps of a release wired with the settings: promote, roll back, history, build."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from training.telling import Say

if TYPE_CHECKING:
    from registry.bento import BuiltBento
    from registry.gate.report import GateReport
    from registry.history import Record
    from registry.stage import Stage
    from registry.transition import Outcome, Request
    from settings import Settings


def find_user(settings: Settings) -> str:
    """Return who is at work: what was set, or the system's user and machine."""
    return settings.user or f"{getpass.getuser()}@{socket.gethostname()}"


def promote_version(
    settings: Settings, version: str, request: Request, show: Callable[[GateReport], None]
) -> Outcome:
    """Put the version into a stage, if the gate lets it through, and return what was done.

    Raises:
        CreditError: As `registry.promotion.promote`; RegistryError also if there is no registry.
    """
    from registry.connection import open_registry

    client = open_registry(settings.mlflow_tracking_uri)
    from registry.gate.judge import judge_promotion
    from registry.promotion import promote

    def judge(version: str, champion: str | None, stage: Stage) -> GateReport:
        return judge_promotion(
            client, settings.mlflow_tracking_uri, settings.model_name, version, champion, stage
        )

    return promote(client, settings.model_name, version, request, judge, show)


def roll_back_version(settings: Settings, request: Request, leaving: str | None) -> Outcome:
    """Put the version that held the stage before back into it, and return what was done.

    Raises:
        CreditError: As `registry.rollback.roll_back`; RegistryError also if there is no registry.
    """
    from registry.connection import open_registry

    client = open_registry(settings.mlflow_tracking_uri)
    from registry.rollback import roll_back

    return roll_back(client, settings.model_name, request, leaving)


def read_transitions(settings: Settings) -> tuple[Record, ...]:
    """Return the history of the registered model.

    Raises:
        RegistryError: If there is no registry, or a record cannot be read.
    """
    from registry.connection import open_registry

    client = open_registry(settings.mlflow_tracking_uri)
    from registry.history import read_history

    return read_history(client, settings.model_name)


def build_version(settings: Settings, stage: Stage, project: Path, say: Say) -> BuiltBento:
    """Import the version that holds the stage, and build the Bento pinned to it.

    Raises:
        RegistryError: If not exactly one version holds it, as it was when it was put there.
        FingerprintMismatch: If it was fitted with other feature code.
        BuildFailed: If BentoML cannot build.
    """
    from registry.connection import open_registry

    client = open_registry(settings.mlflow_tracking_uri)
    from registry.holder import find_recorded_holder

    model = find_recorded_holder(client, settings.model_name, stage)
    from registry.bento import build_bento
    from registry.model_import import import_model

    say(f"Importing {model.name} version {model.version}, which is {stage}, into BentoML's store")
    model_tag = import_model(model, settings.mlflow_tracking_uri, stage)
    say("Building the Bento")
    return build_bento(model, model_tag, project)


def choose_rollback_stage(settings: Settings) -> Stage:
    """Return Production if the history knows a version in it, else Staging."""
    from registry.stage import Stage
    from registry.tenure import find_previous

    records = read_transitions(settings)
    return Stage.PRODUCTION if find_previous(records, Stage.PRODUCTION) else Stage.STAGING
