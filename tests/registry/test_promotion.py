from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from credit.errors import FingerprintMismatch, GateFailed, RegistryError
from registry.gate.report import GateReport, Verdict
from registry.history import Action, read_history
from registry.holder import find_recorded_holder
from registry.promotion import promote
from registry.stage import Stage
from registry.stages import put_in_stage
from registry.transition import Request
from tests.registry.moves import PRODUCTION, STAGING, Gate, find, list_moves, run

if TYPE_CHECKING:
    from tests.registry.conftest import Registry


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


def test_the_gates_report_is_kept_as_it_was(registry: Registry, tmp_path: Path) -> None:
    outcome = run(registry, "1")

    moved = outcome.record.transition
    kept = registry.client.download_artifacts(str(moved.gate_run), "gate.json", str(tmp_path))
    assert hashlib.sha256(Path(kept).read_bytes()).hexdigest() == moved.gate_sha256


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


def test_a_text_too_long_to_be_kept_is_refused_before_the_gate() -> None:
    with pytest.raises(RegistryError, match=r"The reason has 1,001 characters; at most 1,000"):
        Request(Stage.STAGING, "ann@desk", reason="x" * 1_001)
