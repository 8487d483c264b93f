"""Promotions and rollbacks with a gate of the test's own, and a client that can be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from registry.gate.report import Check, GateReport, Verdict
from registry.history import read_history
from registry.promotion import promote
from registry.rollback import roll_back
from registry.stage import Stage
from registry.stages import find_holding_version
from registry.transition import Outcome, Request

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tests.registry.conftest import Registry

STAGING = Request(Stage.STAGING, "ann@desk")
PRODUCTION = Request(Stage.PRODUCTION, "ann@desk", approver="Bea Lang")
MOVES = (
    "create_experiment",
    "create_run",
    "log_text",
    "set_terminated",
    "transition_model_version_stage",
    "set_registered_model_alias",
    "delete_registered_model_alias",
)


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it is done."""


class MortalClient:
    """MLflow's client, killed before one of the calls that change something."""

    def __init__(self, client: MlflowClient, lives: int) -> None:
        self._client = client
        self.lives = lives

    def __getattr__(self, name: str) -> object:
        if name in MOVES:
            if self.lives == 0:
                raise Killed
            self.lives -= 1
        return getattr(self._client, name)


def make_mortal(client: MlflowClient, lives: int | None) -> MlflowClient:
    """Return a client that is killed after so many changes; None: never."""
    return client if lives is None else cast("MlflowClient", MortalClient(client, lives))


class Gate:
    """A gate that lets through, or does not, and remembers whom it judged against whom."""

    def __init__(self, verdict: Verdict = Verdict.PASSED) -> None:
        self.verdict = verdict
        self.judged: list[tuple[str, str | None]] = []

    def __call__(self, version: str, champion: str | None, stage: Stage) -> GateReport:
        self.judged.append((version, champion))
        check = Check(
            code="AUC", title="ranks", figure="0.7", limit="0.6", verdict=self.verdict, detail="why"
        )
        return GateReport(
            model_name="credit_scoring_model",
            version=version,
            champion_version=champion,
            stage=stage,
            judged_at="2026-01-01T00:00:00+00:00",
            checks=(check,),
        )


def run(
    registry: Registry,
    version: str,
    request: Request = STAGING,
    gate: Gate | None = None,
    lives: int | None = None,
) -> Outcome:
    client = make_mortal(registry.client, lives)
    return promote(client, registry.name, version, request, gate or Gate(), lambda _: None)


def back(
    registry: Registry,
    request: Request = STAGING,
    leaving: str | None = None,
    lives: int | None = None,
) -> Outcome:
    return roll_back(make_mortal(registry.client, lives), registry.name, request, leaving)


def find(registry: Registry, stage: Stage) -> str | None:
    return find_holding_version(registry.client, registry.name, stage)


def list_moves(registry: Registry) -> list[tuple[str, str, str | None]]:
    records = read_history(registry.client, registry.name)
    assert all(record.ended_at is not None for record in records)
    moves = [record.transition for record in records]
    return [(move.action, move.version, move.from_version) for move in moves]
