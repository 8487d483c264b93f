"""The whole gate on what training registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit.errors import RegistryError
from credit.run_evidence import APPLICANTS_FILE, FAIRNESS_FILE, PREDICTIONS_FILE
from registry.gate.codes import TITLES, CheckCode
from registry.gate.judge import LOOKS, judge_promotion
from registry.gate.limits import LIMITS, GateLimits
from registry.gate.report import GateReport, Verdict

if TYPE_CHECKING:
    from tests.registry.gate.conftest import GateLab

OF_EVIDENCE = {
    PREDICTIONS_FILE: {"AUC", "COST", "CALIBRATION"},
    FAIRNESS_FILE: {"FAIRNESS", "FAIRNESS_CHANGE", "FAIRNESS_NOTES"},
    APPLICANTS_FILE: {
        *{"SIZE", "LATENCY", "MEMORY"},
        *{"PARITY", "RANGE", "BATCH", "SENTINEL", "MONOTONE"},
    },
}


def judge(
    lab: GateLab, version: str, champion: str | None = None, limits: GateLimits = LIMITS
) -> GateReport:
    return judge_promotion(
        lab.registry.client,
        lab.registry.tracking_uri,
        lab.registry.name,
        version,
        champion,
        "Staging",
        limits,
    )


def list_failures(report: GateReport) -> set[str]:
    return {check.code for check in report.failures}


def test_what_training_registers_passes_without_a_champion(lab: GateLab) -> None:
    report = judge(lab, "1")

    assert list_failures(report) == set()
    assert report.passed
    assert (report.version, report.champion_version, report.stage) == ("1", None, "Staging")
    assert [check.code for check in report.checks] == [code.value for code in CheckCode]
    assert {check.code: check.title for check in report.checks} == {
        code.value: title for code, title in TITLES.items()
    }
    assert GateReport.from_json(report.to_json()) == report


def test_the_same_model_again_passes_against_itself(lab: GateLab) -> None:
    report = judge(lab, lab.add_version(), "1")

    assert list_failures(report) == set()
    by_code = {check.code: check for check in report.checks}
    assert by_code["AUC"].figures["change"] == by_code["COST"].figures["change"] == 0
    assert by_code["FAIRNESS_CHANGE"].verdict is not Verdict.FAILED


def test_every_check_is_made_once_in_the_order_of_the_codes() -> None:
    assert [code for codes, _ in LOOKS for code in codes] == list(CheckCode)


@pytest.mark.parametrize("name", OF_EVIDENCE)
def test_evidence_that_is_not_there_fails_the_checks_that_need_it(lab: GateLab, name: str) -> None:
    version = lab.add_version(files={name: None})

    report = judge(lab, version)

    assert list_failures(report) == OF_EVIDENCE[name]
    for check in report.failures:
        assert check.figure == "cannot be judged"
        assert name in check.detail
        assert "Train again" in check.detail


@pytest.mark.parametrize("name", OF_EVIDENCE)
def test_garbled_evidence_fails_the_checks_that_need_it(lab: GateLab, name: str) -> None:
    version = lab.add_version(files={name: b"PAR1 and then nothing"})

    report = judge(lab, version)

    assert list_failures(report) == OF_EVIDENCE[name]
    assert all("is not what training writes" in check.detail for check in report.failures)


def test_a_version_without_run_or_model_fails_everything_without_a_traceback(lab: GateLab) -> None:
    version = lab.registry.add_version(source=str(lab.folder / "nothing"))

    report = judge(lab, version)

    assert list_failures(report) == {code.value for code in CheckCode}


def test_a_champion_that_published_nothing_cannot_be_compared_with(lab: GateLab) -> None:
    champion = lab.add_version(files=dict.fromkeys(OF_EVIDENCE))

    report = judge(lab, lab.add_version(), champion)

    assert list_failures(report) == {"AUC", "COST", "FAIRNESS_CHANGE"}
    assert all(f"version {champion} of" in check.detail for check in report.failures)


def test_a_deleted_champion_fails_what_compares_and_nothing_else(lab: GateLab) -> None:
    champion = lab.add_version()
    lab.registry.client.delete_model_version(lab.registry.name, champion)

    report = judge(lab, "1", champion)

    assert report.champion_version == champion
    assert list_failures(report) == {"AUC", "COST", "FAIRNESS_CHANGE"}
    for check in report.failures:
        assert f"version {champion} of" in check.detail
        assert "--force" in check.detail


def test_a_version_that_is_not_there_is_an_error(lab: GateLab) -> None:
    with pytest.raises(RegistryError, match="has no version 9"):
        judge(lab, "9")


def test_judging_changes_nothing_in_the_registry(lab: GateLab) -> None:
    before = lab.registry.client.get_model_version(lab.registry.name, "1")

    judge(lab, "1")

    after = lab.registry.client.get_model_version(lab.registry.name, "1")
    assert dict(after) == dict(before)
    assert lab.registry.find_alias() is None
