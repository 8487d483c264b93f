from __future__ import annotations

import pytest
from pydantic import ValidationError

from credit.cost import CostMatrix
from credit.fairness import (
    AttributeAudit,
    Breach,
    BreachCode,
    FairnessAudit,
    FairnessLimits,
    Figure,
    GroupAudit,
    find_breaches,
)

FIGURES = {
    name: None
    for name, field in GroupAudit.model_fields.items()
    if field.annotation == (Figure | None)
}


def make_audit(
    figures: dict[str, tuple[float, float, float]], *, judged: bool = True
) -> FairnessAudit:
    named = {
        name: Figure(value=value, low=low, high=high)
        for name, (low, value, high) in figures.items()
    }
    group = GroupAudit(
        **{"group": "M", "clients": 500, "defaults": 50, "judged": judged} | FIGURES | named
    )
    return FairnessAudit(
        clients=500,
        refused_share=0.3,
        costs=CostMatrix(),
        fewest_clients=100,
        fewest_of_outcome=20,
        attributes=(
            AttributeAudit(attribute="gender", reference="F", groups=(group,), spread=None),
        ),
    )


@pytest.mark.parametrize(
    ("code", "figure", "limit"),
    [
        (BreachCode.APPROVAL_RATIO, (0.70, 0.75, 0.79), 0.8),
        (BreachCode.OPPORTUNITY_GAP, (-0.2, -0.15, -0.11), -0.1),
        (BreachCode.OPPORTUNITY_GAP, (0.11, 0.15, 0.2), 0.1),
        (BreachCode.MISSED_DEFAULT_GAP, (-0.2, -0.15, -0.11), -0.1),
        (BreachCode.CALIBRATION_RATIO, (0.6, 0.7, 0.75), 0.8),
        (BreachCode.CALIBRATION_RATIO, (1.3, 1.4, 1.5), 1.25),
    ],
)
def test_a_figure_beyond_its_limit_is_a_breach(
    code: BreachCode, figure: tuple[float, float, float], limit: float
) -> None:
    (breach,) = find_breaches(make_audit({code.value: figure}))

    low, value, high = figure
    assert breach == Breach(
        code=code,
        attribute="gender",
        group="M",
        figure=Figure(value=value, low=low, high=high),
        limit=limit,
        certain=True,
    )
    assert Breach.model_validate_json(breach.model_dump_json()) == breach


def test_an_interval_that_reaches_the_limit_leaves_doubt() -> None:
    (breach,) = find_breaches(make_audit({"approval_ratio": (0.7, 0.75, 0.81)}))

    assert not breach.certain


def test_at_the_limit_is_no_breach() -> None:
    audit = make_audit({"approval_ratio": (0.8, 0.8, 0.8), "opportunity_gap": (-0.1, -0.1, -0.1)})

    assert not find_breaches(audit)


def test_a_group_that_is_not_judged_breaches_nothing() -> None:
    assert not find_breaches(make_audit({"approval_ratio": (0.1, 0.2, 0.3)}, judged=False))


def test_other_limits_find_other_breaches() -> None:
    audit = make_audit({"approval_ratio": (0.85, 0.9, 0.95)})

    assert not find_breaches(audit)
    assert find_breaches(audit, FairnessLimits(approval_ratio_min=0.97))


def test_a_figure_is_a_number() -> None:
    with pytest.raises(ValidationError, match="finite"):
        Figure(value=float("nan"), low=0.0, high=1.0)


def test_an_audit_reads_back_from_json() -> None:
    audit = make_audit({"approval_ratio": (0.1, 0.2, 1 / 3)})

    assert FairnessAudit.from_json(audit.to_json()) == audit
