from __future__ import annotations

from contextlib import nullcontext
from itertools import product
from typing import TYPE_CHECKING, cast

import pytest

from credit.errors import FingerprintMismatch, GateFailed, RegistryError
from registry.gate.report import Check, GateReport, Verdict
from registry.history import Action, read_history
from registry.holder import find_recorded_holder
from registry.promotion import promote
from registry.rollback import roll_back
from registry.stage import Stage
from registry.stages import find_holding_version, put_in_stage
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


@pytest.fixture
def three_versions(registry: Registry) -> Registry:
    registry.add_version()
    registry.add_version({"threshold": "0.2"})
    return registry


def test_a_version_that_passes_holds_the_stage_with_a_record_that_says_why(
    registry: Registry,
) -> None:
    outcome = run(registry, "1")

    holder = find_recorded_holder(registry.client, registry.name, Stage.STAGING)
    (record,) = read_history(registry.client, registry.name)
    assert holder == outcome.model
    assert record == outcome.record
    moved = record.transition
    assert (moved.version, moved.from_version, moved.who) == ("1", None, "ann@desk")
    assert (moved.gate_passed, moved.forced, moved.action) == (True, False, Action.PROMOTE)
    assert moved.bundle_digest == holder.bundle.compute_digest()


def test_the_gates_report_is_kept_as_it_was(registry: Registry) -> None:
    outcome = run(registry, "1")

    kept = registry.client.list_artifacts(str(outcome.record.transition.gate_run))
    assert [file.path for file in kept] == ["gate.json"]


def test_the_gate_compares_with_the_champion(three_versions: Registry) -> None:
    gate = Gate()
    for version in ("1", "2"):
        run(three_versions, version, gate=gate)
    run(three_versions, "2", PRODUCTION, gate)
    run(three_versions, "3", gate=gate)

    # Production had nobody; Staging was empty when 3 came, so Production's is its champion.
    assert gate.judged == [("1", None), ("2", "1"), ("2", None), ("3", "2")]


def test_a_version_that_fails_moves_nothing_and_is_told_by_code(three_versions: Registry) -> None:
    run(three_versions, "1")

    with pytest.raises(GateFailed, match=r"refuses version 2 for Staging: AUC.*--force --reason"):
        run(three_versions, "2", gate=Gate(Verdict.FAILED))

    assert find(three_versions, Stage.STAGING) == "1"
    assert list_moves(three_versions) == [("promote", "1", None)]


def test_a_forced_promotion_is_recorded_as_such(registry: Registry) -> None:
    request = Request(Stage.STAGING, "ann@desk", reason="the old one is broken", force=True)

    outcome = run(registry, "1", request, Gate(Verdict.FAILED))

    moved = outcome.record.transition
    assert (moved.forced, moved.gate_passed) == (True, False)
    assert moved.reason == "the old one is broken"


def test_force_is_not_recorded_where_the_gate_passed(registry: Registry) -> None:
    request = Request(Stage.STAGING, "ann@desk", reason="in a hurry", force=True)

    assert run(registry, "1", request).record.transition.forced is False


def test_promoting_twice_makes_one_record(registry: Registry) -> None:
    gate = Gate()
    first = run(registry, "1", gate=gate)
    second = run(registry, "1", gate=gate)

    assert second.record == first.record
    assert second.report is None
    assert gate.judged == [("1", None)]


def test_production_wants_a_version_that_was_staging(registry: Registry) -> None:
    with pytest.raises(GateFailed, match="STAGED"):
        run(registry, "1", PRODUCTION)

    run(registry, "1")
    outcome = run(registry, "1", PRODUCTION)

    assert outcome.record.transition.approver == "Bea Lang"
    assert find(registry, Stage.PRODUCTION) == "1"
    assert find(registry, Stage.STAGING) is None


def test_the_version_in_production_cannot_be_taken_back_to_staging(registry: Registry) -> None:
    run(registry, "1")
    run(registry, "1", PRODUCTION)

    with pytest.raises(RegistryError, match="would leave Production without any"):
        run(registry, "1")

    assert find(registry, Stage.PRODUCTION) == "1"


def test_a_version_moved_past_the_gate_is_not_used(three_versions: Registry) -> None:
    run(three_versions, "1")
    put_in_stage(three_versions.client, three_versions.name, "2", Stage.STAGING)

    with pytest.raises(RegistryError, match=r"Version 2 .* by the history version 1 is.*promote 2"):
        find_recorded_holder(three_versions.client, three_versions.name, Stage.STAGING)

    run(three_versions, "2")
    find_recorded_holder(three_versions.client, three_versions.name, Stage.STAGING)


def test_a_threshold_changed_after_the_promotion_is_found(registry: Registry) -> None:
    run(registry, "1")
    registry.client.set_model_version_tag(registry.name, "1", "threshold", "0.99")

    with pytest.raises(RegistryError, match=r"Threshold.* version 1 .*not those .*record 1"):
        find_recorded_holder(registry.client, registry.name, Stage.STAGING)


def test_a_version_without_bundle_is_refused_before_the_gate(registry: Registry) -> None:
    version = registry.add_version({"threshold": None})
    gate = Gate()

    with pytest.raises(FingerprintMismatch, match="threshold"):
        run(registry, version, gate=gate)

    assert gate.judged == []


def test_a_rollback_restores_the_version_before(three_versions: Registry) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)

    outcome = back(three_versions)

    assert find(three_versions, Stage.STAGING) == "2"
    moved = outcome.record.transition
    assert (moved.action, moved.from_version, moved.version) == ("rollback", "3", "2")


def test_two_rollbacks_go_two_versions_back(three_versions: Registry) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)

    back(three_versions)
    back(three_versions)

    assert find(three_versions, Stage.STAGING) == "1"
    with pytest.raises(RegistryError, match="nothing to go back to: version 1 is the first"):
        back(three_versions)


def test_a_rollback_from_a_named_version_is_done_once(three_versions: Registry) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)

    for _ in range(2):
        back(three_versions, leaving="3")

    assert find(three_versions, Stage.STAGING) == "2"
    with pytest.raises(RegistryError, match=r"Version 1 .* is not in Staging; version 2 is"):
        back(three_versions, leaving="1")


def test_production_is_rolled_back_to_what_was_production(three_versions: Registry) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
        run(three_versions, version, PRODUCTION)

    back(three_versions, PRODUCTION)

    assert find(three_versions, Stage.PRODUCTION) == "1"
    assert find(three_versions, Stage.STAGING) is None
    assert three_versions.find_stages()["2"] == "Archived"


def test_nothing_can_be_rolled_back_before_anything_was_promoted(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="no version is in Staging"):
        back(registry)


@pytest.mark.parametrize(
    ("request_", "lives"),
    [*product([STAGING], range(8)), *product([PRODUCTION], range(9))],
    ids=lambda value: value.stage if isinstance(value, Request) else str(value),
)
def test_a_promotion_killed_between_any_two_calls_is_whole_after_one_repetition(
    three_versions: Registry, request_: Request, lives: int
) -> None:
    stage = request_.stage
    run(three_versions, "1")
    if stage is Stage.PRODUCTION:
        run(three_versions, "1", PRODUCTION)
        run(three_versions, "2")
    before = list_moves(three_versions)
    survives = lives == (8 if stage is Stage.PRODUCTION else 7)
    with nullcontext() if survives else pytest.raises(Killed):
        run(three_versions, "2", request_, lives=lives)

    run(three_versions, "2", request_)

    holder = find_recorded_holder(three_versions.client, three_versions.name, stage)
    assert holder.version == "2"
    assert list_moves(three_versions) == [*before, ("promote", "2", "1")]
    assert [version for version, held in three_versions.find_stages().items() if held == stage] == [
        "2"
    ]


@pytest.mark.parametrize("lives", range(5))
def test_a_rollback_killed_between_any_two_calls_goes_back_once(
    three_versions: Registry, lives: int
) -> None:
    for version in ("1", "2", "3"):
        run(three_versions, version)
    with nullcontext() if lives == 4 else pytest.raises(Killed):
        back(three_versions, leaving="3", lives=lives)

    back(three_versions, leaving="3")

    holder = find_recorded_holder(three_versions.client, three_versions.name, Stage.STAGING)
    assert holder.version == "2"
    assert len(list_moves(three_versions)) == 4


def test_another_promotion_completes_the_one_that_has_begun_first(
    three_versions: Registry,
) -> None:
    run(three_versions, "1")
    with pytest.raises(Killed):
        run(three_versions, "2", lives=5)

    outcome = run(three_versions, "3")

    assert [item.transition.version for item in outcome.completed] == ["2"]
    assert list_moves(three_versions)[1:] == [("promote", "2", "1"), ("promote", "3", "2")]


def test_what_has_not_begun_is_given_up_by_whoever_wants_something_else(
    three_versions: Registry,
) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
    with pytest.raises(Killed):
        run(three_versions, "3", lives=4)

    back(three_versions)

    *_, given_up, last = read_history(three_versions.client, three_versions.name)
    assert (given_up.ended_at, given_up.is_open) == (None, False)
    assert (last.transition.from_version, last.transition.version) == ("2", "1")
    assert find(three_versions, Stage.STAGING) == "1"


def test_a_promotion_during_the_gate_stops_the_other_one(three_versions: Registry) -> None:
    def judge_slowly(version: str, champion: str | None, stage: Stage) -> GateReport:
        run(three_versions, "3")
        return Gate()(version, champion, stage)

    with pytest.raises(RegistryError, match=r"Somebody else promoted .* meanwhile"):
        promote(
            three_versions.client, three_versions.name, "2", STAGING, judge_slowly, lambda _: None
        )

    assert find(three_versions, Stage.STAGING) == "3"
    assert list_moves(three_versions) == [("promote", "3", None)]


def test_a_version_that_was_edited_is_not_gone_back_to(three_versions: Registry) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
    three_versions.client.set_model_version_tag(three_versions.name, "1", "threshold", "0.9")

    with pytest.raises(RegistryError, match=r"Threshold.* version 1 .*not those .*record 1"):
        back(three_versions)

    assert find(three_versions, Stage.STAGING) == "2"


def test_a_rollback_puts_the_recorded_version_back_where_another_was_moved_in(
    three_versions: Registry,
) -> None:
    for version in ("1", "2"):
        run(three_versions, version)
    back(three_versions, leaving="2")
    put_in_stage(three_versions.client, three_versions.name, "2", Stage.STAGING)

    back(three_versions, leaving="2")

    holder = find_recorded_holder(three_versions.client, three_versions.name, Stage.STAGING)
    assert holder.version == "1"


def test_a_text_too_long_to_be_kept_is_refused_before_the_gate() -> None:
    with pytest.raises(RegistryError, match=r"The reason has 1,001 characters; at most 1,000"):
        Request(Stage.STAGING, "ann@desk", reason="x" * 1_001)


def test_a_promotion_cut_short_of_a_version_that_was_deleted_is_given_up(
    three_versions: Registry,
) -> None:
    run(three_versions, "1")
    with pytest.raises(Killed):
        run(three_versions, "2", lives=4)
    three_versions.client.delete_model_version(three_versions.name, "2")

    run(three_versions, "3")

    first, given_up, last = read_history(three_versions.client, three_versions.name)
    assert (given_up.ended_at, given_up.is_open) == (None, False)
    assert last.transition.from_version == first.transition.version == "1"
