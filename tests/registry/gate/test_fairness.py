from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit.fairness import AttributeAudit, FairnessAudit, Figure, GroupAudit
from registry.gate.fairness import (
    look_at_change,
    look_at_hard_limits,
    look_at_reference_limits,
)
from registry.gate.report import Verdict

if TYPE_CHECKING:
    from tests.registry.gate.conftest import GateLab

SURE, UNSURE = 0.01, 0.3


def figure(value: float, half: float) -> Figure:
    return Figure(value=value, low=value - half, high=value + half)


def audit(
    attribute: str = "gender",
    *,
    ratio: float = 1.0,
    gap: float = 0.0,
    pd_ratio: float = 1.0,
    half: float = SURE,
    judged: bool = True,
) -> FairnessAudit:
    """Return an audit of two groups, the second of which has these figures."""

    def describe(name: str, ratio: float, gap: float, pd_ratio: float) -> GroupAudit:
        rest = dict.fromkeys(GroupAudit.model_fields)
        described = rest | {
            "group": name,
            "clients": 1000,
            "defaults": 100,
            "judged": judged,
            "approval_ratio": figure(ratio, half),
            "opportunity_gap": figure(gap, half),
            "missed_default_gap": figure(gap, half),
            "calibration_ratio": figure(pd_ratio, half),
        }
        return GroupAudit.model_validate(described)

    groups = (describe("first", 1, 0, 1), describe("second", ratio, gap, pd_ratio))
    return FairnessAudit.model_validate(
        {
            "clients": 2000,
            "refused_share": 0.3,
            "costs": {},
            "fewest_clients": 100,
            "fewest_of_outcome": 20,
            "attributes": (
                AttributeAudit(attribute=attribute, reference="first", groups=groups, spread=None),
            ),
        }
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (audit(), Verdict.PASSED),
        (audit(ratio=0.7), Verdict.FAILED),
        (audit(ratio=0.795, half=SURE), Verdict.PASSED),
        (audit(ratio=0.7, half=UNSURE), Verdict.PASSED),
        (audit(ratio=0.7, judged=False), Verdict.PASSED),
        (audit("age", ratio=0.5), Verdict.PASSED),
        (audit("age", gap=-0.4), Verdict.PASSED),
        (audit("age", pd_ratio=1.4), Verdict.FAILED),
        (audit("age", pd_ratio=0.7), Verdict.FAILED),
        (audit("age", pd_ratio=1.4, half=UNSURE), Verdict.PASSED),
    ],
)
def test_hard_limits_stop_only_what_is_certain(
    lab: GateLab, found: FairnessAudit, verdict: Verdict
) -> None:
    version = lab.add_version(files=lab.change_audit(found))

    assert look_at_hard_limits(lab.case(version)).verdict is verdict


def test_a_certain_breach_is_named(lab: GateLab) -> None:
    version = lab.add_version(files=lab.change_audit(audit(ratio=0.7)))

    finding = look_at_hard_limits(lab.case(version))

    assert "approval ratio of gender second 0.700 (0.690 to 0.710), limit 0.8" in finding.detail


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (audit(ratio=0.9), audit(ratio=0.9), Verdict.PASSED),
        (audit(ratio=0.9), audit(ratio=0.85), Verdict.FAILED),
        (audit(ratio=0.9), audit(ratio=0.95), Verdict.PASSED),
        (audit(ratio=0.9), audit(ratio=0.88), Verdict.PASSED),
        (audit(ratio=0.9, half=UNSURE), audit(ratio=0.7), Verdict.PASSED),
        (audit(gap=-0.05), audit(gap=-0.15), Verdict.FAILED),
        (audit(gap=-0.05), audit(gap=0.15), Verdict.FAILED),
        (audit(gap=-0.15), audit(gap=0.15), Verdict.PASSED),
        (audit("age", ratio=0.5), audit("age", ratio=0.4), Verdict.FAILED),
    ],
)
def test_a_group_may_not_fare_worse_than_by_the_champion_beyond_noise(
    lab: GateLab, before: FairnessAudit, now: FairnessAudit, verdict: Verdict
) -> None:
    champion = lab.add_version(files=lab.change_audit(before))
    challenger = lab.add_version(files=lab.change_audit(now))

    assert look_at_change(lab.case(challenger, champion)).verdict is verdict


def test_without_champion_or_judged_groups_no_change_is_judged(lab: GateLab) -> None:
    small = lab.add_version(files=lab.change_audit(audit(judged=False)))

    assert look_at_change(lab.case("1")).verdict is Verdict.SKIPPED
    assert look_at_change(lab.case(small, small)).verdict is Verdict.SKIPPED


def test_certain_breaches_of_reference_limits_are_shown_and_stop_nothing(lab: GateLab) -> None:
    by_age = audit("age", ratio=0.5, gap=-0.4)
    version = lab.add_version(files=lab.change_audit(by_age))

    finding = look_at_reference_limits(lab.case(version))

    assert finding.verdict is Verdict.WARNED
    assert "approval ratio: age second 0.50" in finding.detail
    assert finding.figures == {"breaches": 3, "certain": 3}


def test_breaches_that_may_be_chance_are_counted_and_not_warned_of(lab: GateLab) -> None:
    version = lab.add_version(files=lab.change_audit(audit("age", ratio=0.7, half=UNSURE)))

    finding = look_at_reference_limits(lab.case(version))

    assert finding.verdict is Verdict.PASSED
    assert finding.figures == {"breaches": 1, "certain": 0}
