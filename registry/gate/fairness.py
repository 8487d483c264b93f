"""What decisions mean for groups: what stops a challenger, and what an approver is to see.

docs/adr/0021 says why the limits differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

from credit.fairness import (
    LIMITS,
    Breach,
    BreachCode,
    FairnessAudit,
    FairnessLimits,
    Figure,
    GroupAudit,
    find_breaches,
)
from registry.gate.finding import Case, Finding, pass_if
from registry.gate.limits import GateLimits
from registry.gate.report import Verdict

NAMES = {
    BreachCode.APPROVAL_RATIO: "approval ratio",
    BreachCode.OPPORTUNITY_GAP: "opportunity gap",
    BreachCode.MISSED_DEFAULT_GAP: "missed default gap",
    BreachCode.CALIBRATION_RATIO: "mean PD / default rate",
}
COMPARED = (
    BreachCode.APPROVAL_RATIO,
    BreachCode.OPPORTUNITY_GAP,
    BreachCode.MISSED_DEFAULT_GAP,
)

NEXT = (
    "Look at the groups in the run's model card, and train again; or promote with --force and a "
    "--reason."
)


@dataclass(frozen=True, slots=True)
class Change:
    """How much worse a group's figure is than by the champion.

    Attributes:
        told: Which figure of which group.
        worse_by: Above 0 is worse.
        noise: What the two intervals explain.
    """

    told: str
    worse_by: float
    noise: float

    @property
    def beyond_noise(self) -> float:
        """What remains of it."""
        return self.worse_by - self.noise


def find_changes(ours: FairnessAudit, theirs: FairnessAudit) -> Iterator[Change]:
    """Yield the change of every figure of every group that both audits judge."""
    champion = {
        (attribute.attribute, group.group): group
        for attribute in theirs.attributes
        for group in attribute.groups
        if group.judged
    }
    for attribute in ours.attributes:
        for group in attribute.groups:
            before = champion.get((attribute.attribute, group.group))
            if group.judged and before is not None:
                for code in COMPARED:
                    yield from _compare(code, attribute.attribute, group, before)


def look_at_hard_limits(case: Case) -> Finding:
    """Return whether any group is certainly beyond a limit that no approver may waive unseen."""
    audit, limits = case.challenger.audit, case.limits
    hard = FairnessLimits(
        approval_ratio_min=limits.approval_ratio_min,
        calibration_ratio_max=limits.group_pd_ratio_max,
    )
    breaches = [
        breach
        for breach in find_breaches(audit, hard)
        if breach.certain and _is_hard(breach, limits)
    ]
    attributes = " and ".join(limits.hard_approval_attributes)
    judged = sum(group.judged for each in audit.attributes for group in each.groups)
    return Finding(
        pass_if(not breaches),
        f"{len(breaches)} certain breaches, {judged} groups",
        f"approval ratio by {attributes} {limits.approval_ratio_min:g}; PD / rate "
        f"within {limits.group_pd_ratio_max:g}",
        f"Certainly beyond: {_list(breaches)}. {NEXT}" if breaches else "",
        {"breaches": len(breaches), "judged_groups": judged},
        {
            "approval_ratio_min": limits.approval_ratio_min,
            "group_pd_ratio_max": limits.group_pd_ratio_max,
        },
    )


def _is_hard(breach: Breach, limits: GateLimits) -> bool:
    if breach.code is BreachCode.APPROVAL_RATIO:
        return breach.attribute in limits.hard_approval_attributes
    return breach.code is BreachCode.CALIBRATION_RATIO


def look_at_change(case: Case) -> Finding:
    """Return whether a group fares worse than by the champion, by more than margin and noise."""
    audit, margin = case.challenger.audit, case.limits.fairness_margin
    limit = f"worse by {margin:g} beyond noise"
    champion = case.find_champion()
    if champion is None:
        return Finding(Verdict.SKIPPED, "no champion", limit)
    changes = list(find_changes(audit, champion.audit))
    if not changes:
        return Finding(
            Verdict.SKIPPED,
            "no group judged in both",
            limit,
            "Neither run has a group large enough for its figures to be held to the other's. Train "
            "both on more clients to compare them.",
        )
    worse = [change for change in changes if change.beyond_noise > margin]
    most = max(changes, key=lambda change: change.beyond_noise)
    told = "; ".join(
        f"{each.told}, worse by {each.worse_by:.3f} where {each.noise:.3f} is noise"
        for each in worse
    )
    return Finding(
        pass_if(not worse),
        f"{most.beyond_noise:+.3f} at most, {len(changes)} figures",
        limit,
        f"Groups fare worse than by the champion: {told}. {NEXT}" if worse else "",
        {"largest_beyond_noise": most.beyond_noise, "figures": len(changes), "worse": len(worse)},
        {"margin": margin},
    )


def look_at_reference_limits(case: Case) -> Finding:
    """Return which groups are beyond the reference limits, for the approver; none of it stops."""
    breaches = find_breaches(case.challenger.audit, LIMITS)
    certain = [breach for breach in breaches if breach.certain]
    detail = (
        "For the approver to weigh; certainly beyond a reference limit, which is no law "
        f"(docs/adr/0021): {_list_by_code(certain)}."
        if certain
        else ""
    )
    return Finding(
        Verdict.WARNED if certain else Verdict.PASSED,
        f"{len(breaches)} breaches, {len(certain)} certain",
        f"ratio {LIMITS.approval_ratio_min:g}, gaps {LIMITS.opportunity_gap_max:g}, none certain",
        detail,
        {"breaches": len(breaches), "certain": len(certain)},
        {
            "approval_ratio_min": LIMITS.approval_ratio_min,
            "opportunity_gap_max": LIMITS.opportunity_gap_max,
            "missed_default_gap_max": LIMITS.missed_default_gap_max,
            "calibration_ratio_max": LIMITS.calibration_ratio_max,
        },
    )


def _compare(
    code: BreachCode, attribute: str, group: GroupAudit, before: GroupAudit
) -> Iterator[Change]:
    now, then = _get(group, code), _get(before, code)
    if now is None or then is None:
        return
    worse_by = (
        then.value - now.value
        if code is BreachCode.APPROVAL_RATIO
        else abs(now.value) - abs(then.value)
    )
    yield Change(
        f"{NAMES[code]} of {attribute} {group.group}: {now:.3f}, champion {then:.3f}",
        worse_by,
        hypot(_measure_noise(now), _measure_noise(then)),
    )


def _get(group: GroupAudit, code: BreachCode) -> Figure | None:
    figure: Figure | None = getattr(group, code.value)
    return figure


def _measure_noise(figure: Figure) -> float:
    return (figure.high - figure.low) / 2


def _list(breaches: list[Breach]) -> str:
    return "; ".join(
        f"{NAMES[each.code]} of {each.attribute} {each.group} {each.figure:.3f}, limit "
        f"{each.limit:g}"
        for each in breaches
    )


def _list_by_code(breaches: list[Breach]) -> str:
    return "; ".join(
        f"{name}: "
        + ", ".join(
            f"{each.attribute} {each.group} {each.figure.value:.2f}"
            for each in breaches
            if each.code is code
        )
        for code, name in NAMES.items()
        if any(each.code is code for each in breaches)
    )
