"""The fairness audit in words: facts, reference limits, and what gender and age are worth."""

from __future__ import annotations

from collections.abc import Iterator

from credit.disclosure import TOO_FEW
from credit.evaluation.bootstrap import Estimate
from credit.fairness import (
    LIMITS,
    AttributeAudit,
    Breach,
    FairnessAudit,
    FairnessLimits,
    Figure,
    GroupAudit,
    find_breaches,
)
from training.evidence.fairness_ablation import Change, ProtectedAblation
from training.evidence.fairness_plots import draw_ablation, draw_approval, draw_calibration
from training.evidence.fairness_tables import (
    tabulate_ablation,
    tabulate_breaches,
    tabulate_groups,
)
from training.evidence.section import Plot, Section

TITLE = "Fairness"
ABSENT = "not measurable"
CHANCE = 0.5
GROUP_COLUMNS = (
    "group",
    "clients",
    "default rate",
    "approved",
    "approval ratio",
    "repaid approved, gap",
    "missed defaults, gap",
    "mean PD / default rate",
    "ECE",
    "AUC",
    "cost",
)
BREACH_COLUMNS = ("attribute", "group", "figure", "value", "limit", "whole interval beyond")


def describe_fairness(
    audit: FairnessAudit,
    ablation: ProtectedAblation | None = None,
    proxy: Estimate | None = None,
    limits: FairnessLimits = LIMITS,
) -> Section:
    """Return the section on what the decisions mean for groups of clients.

    Args:
        audit: What was found.
        ablation: The model without gender and age beside it; None: it was not fitted.
        proxy: AUC of telling gender from the other features; None: it was not measured.
        limits: What figures are held to.
    """
    breaches = find_breaches(audit, limits)
    parts = [
        _introduce(audit),
        *(_describe_attribute(attribute) for attribute in audit.attributes),
        _list_unjudged(audit),
        _list_breaches(breaches, limits),
        _describe_ablation(ablation),
        _describe_proxy(proxy),
    ]
    tables = {
        "fairness_groups": tabulate_groups(audit),
        "fairness_breaches": tabulate_breaches(breaches),
    }
    if ablation:
        tables["fairness_ablation"] = tabulate_ablation(ablation)
    return Section(
        title=TITLE,
        text="\n\n".join(parts),
        plots=tuple(_draw(audit, ablation, limits)),
        tables=tables,
        metrics=_collect_metrics(audit, breaches, ablation, proxy),
    )


def _introduce(audit: FairnessAudit) -> str:
    return (
        f"Decisions on {audit.clients:,} clients whose outcome is known, by out-of-fold PD; "
        f"{audit.refused_share:.1%} are refused. Brackets hold 95 % bootstrap intervals, all from "
        "the same draws of clients. The reference of an attribute is the most approved of its "
        "judged groups; ratios and gaps are against it. *Repaid approved*: share of approved "
        "clients among those who repaid; the gap is that of equal opportunity. *Missed defaults*: "
        "share of approved clients among those who defaulted, the false negative rate; both gaps "
        "together are those of equalized odds (separation). Where default rates differ between "
        "groups, no imperfect model can be calibrated in every group and have equal error rates "
        "as well (Kleinberg, Mullainathan, Raghavan 2016; Chouldechova 2017)."
    )


def _describe_attribute(attribute: AttributeAudit) -> str:
    head = f"### By {attribute.attribute}\n\n"
    if attribute.reference is None:
        head += "No group is large enough to be judged.\n\n"
    lines = [
        *_head_table(GROUP_COLUMNS),
        *(_render_row(group, attribute) for group in attribute.groups),
    ]
    if attribute.spread:
        spread = attribute.spread
        ratio = ABSENT if spread.approval_ratio is None else f"{spread.approval_ratio:.3f}"
        told = (
            f"Between the judged groups farthest apart: approval ratio {ratio},"
            f" equal opportunity difference {spread.opportunity:.3f}, equalized odds difference "
            f"{spread.odds:.3f} (fairlearn)."
        )
        lines += ["", told]
    return head + "\n".join(lines)


def _render_row(group: GroupAudit, attribute: AttributeAudit) -> str:
    if not group.judged:
        name = f"{group.group} (not judged)"
    elif group.group == attribute.reference:
        name = f"{group.group} (reference)"
    else:
        name = group.group
    if group.clients is None:
        return "| " + " | ".join([name, TOO_FEW, *[""] * (len(GROUP_COLUMNS) - 2)]) + " |"
    against = (".3f", group.group != attribute.reference)
    cells = [
        name,
        f"{group.clients:,}",
        _show_value(group.default_rate, ".1%"),
        _show(group.approval_rate, ".1%"),
        _show_against(group.approval_ratio, *against),
        _show_against(group.opportunity_gap, *against),
        _show_against(group.missed_default_gap, *against),
        _show(group.calibration_ratio, ".2f"),
        _show_value(group.calibration_error, ".4f"),
        _show(group.auc, ".3f"),
        _show(group.cost, ".3f"),
    ]
    return "| " + " | ".join(cells) + " |"


def _list_unjudged(audit: FairnessAudit) -> str:
    rule = (
        f"fewer than {audit.fewest_clients} clients, or fewer than {audit.fewest_of_outcome} "
        "defaults or repaid loans"
    )
    small = [
        f"{attribute.attribute} {group.group} ({_count(group)})"
        for attribute in audit.attributes
        for group in attribute.groups
        if not group.judged
    ]
    if not small:
        return f"Every group is judged; none has {rule}."
    return f"Shown and not judged ({rule}): {', '.join(small)}."


def _count(group: GroupAudit) -> str:
    if group.clients is None:
        return TOO_FEW
    return f"{group.clients:,} clients, {group.defaults} defaults"


def _list_breaches(breaches: tuple[Breach, ...], limits: FairnessLimits) -> str:
    head = (
        "### Against reference limits\n\n"
        f"Approval ratio from {limits.approval_ratio_min:g} (the four-fifths rule, 29 CFR "
        f"1607.4(D)); gaps of at most {limits.opportunity_gap_max:g} among the repaid and "
        f"{limits.missed_default_gap_max:g} among the defaulted (convention of fairness tools); "
        f"mean PD / default rate within {limits.calibration_ratio_max:g} in either direction "
        "(ours). They are references: to be beyond one is no finding of discrimination, to keep "
        "it no finding of its absence."
    )
    if not breaches:
        return f"{head}\n\nNo judged group is beyond a limit."
    certain = sum(breach.certain for breach in breaches)
    told = f"{len(breaches)} figures are beyond their limit, {certain} with the whole interval:"
    lines = [
        told,
        "",
        *_head_table(BREACH_COLUMNS),
        *(
            f"| {breach.attribute} | {breach.group} | {breach.code.replace('_', ' ')} | "
            f"{breach.figure:.3f} | {breach.limit:g} | {'yes' if breach.certain else 'no'} |"
            for breach in breaches
        ),
    ]
    return head + "\n\n" + "\n".join(lines)


def _describe_ablation(ablation: ProtectedAblation | None) -> str:
    head = "### Without gender and age\n\n"
    if ablation is None:
        return f"{head}No model without them was fitted, so what they are worth is not known."
    told = (
        f"The same fit on the same folds, without {', '.join(ablation.left_out)}: "
        f"{ablation.features} features remain."
    )
    read = (
        f"The interval of the difference in AUC {_read_interval(ablation.auc.difference)}, that in "
        f"cost {_read_interval(ablation.cost.difference)}. Each model has its own cheapest "
        "threshold; intervals take models and thresholds as given."
    )
    lines = [
        told,
        "",
        "| | all features | without | difference |",
        "|---|---|---|---|",
        _render_change("AUC", ablation.auc),
        _render_change("cost per applicant", ablation.cost),
        *(
            _render_change(f"{group.attribute} {group.group}: {label}", group.changes[name])
            for group in ablation.groups
            if not group.reference and group.attribute in ("gender", "age")
            for name, label in (
                ("approval_ratio", "approval ratio"),
                ("opportunity_gap", "repaid approved, gap"),
            )
        ),
        "",
        read,
    ]
    return head + "\n".join(lines)


def _describe_proxy(proxy: Estimate | None) -> str:
    if proxy is None:
        return "How well the other features tell gender was not measured."
    reading = "are not blind to gender" if proxy.low > CHANCE else "do not tell gender here"
    return (
        "A small model tells men from women by the features that remain with an out-of-fold AUC "
        f"of {proxy:.3f}; 0.5 would be chance. Features without the column {reading}."
    )


def _render_change(label: str, change: Change) -> str:
    both = f"{change.full.value:.4f} | {change.reduced.value:.4f}"
    return f"| {label} | {both} | {change.difference:+.4f} |"


def _head_table(columns: tuple[str, ...]) -> tuple[str, str]:
    return f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"


def _read_interval(difference: Estimate) -> str:
    return "excludes zero" if difference.excludes_zero else "does not exclude zero"


def _show(figure: Figure | None, spec: str) -> str:
    return ABSENT if figure is None else f"{figure:{spec}}"


def _show_value(figure: Figure | None, spec: str) -> str:
    return ABSENT if figure is None else f"{figure.value:{spec}}"


def _show_against(figure: Figure | None, spec: str, compared: bool) -> str:  # noqa: FBT001
    return _show(figure, spec) if compared else _show_value(figure, "g")


def _draw(
    audit: FairnessAudit, ablation: ProtectedAblation | None, limits: FairnessLimits
) -> Iterator[Plot]:
    yield draw_approval(audit, limits)
    yield draw_calibration(audit)
    if ablation and any(not group.reference for group in ablation.groups):
        yield draw_ablation(ablation, "approval_ratio", "Approval ratio", limits.approval_ratio_min)
        yield draw_ablation(
            ablation,
            "opportunity_gap",
            "Gap in approval among the repaid",
            -limits.opportunity_gap_max,
        )


def _collect_metrics(
    audit: FairnessAudit,
    breaches: tuple[Breach, ...],
    ablation: ProtectedAblation | None,
    proxy: Estimate | None,
) -> dict[str, float]:
    metrics = {
        "fairness_breaches": float(len(breaches)),
        "fairness_certain_breaches": float(sum(breach.certain for breach in breaches)),
    }
    for attribute in audit.attributes:
        if attribute.spread:
            prefix = f"fairness_{attribute.attribute.replace(' ', '_')}"
            if attribute.spread.approval_ratio is not None:
                metrics[f"{prefix}_approval_ratio"] = attribute.spread.approval_ratio
            metrics[f"{prefix}_opportunity_difference"] = attribute.spread.opportunity
            metrics[f"{prefix}_odds_difference"] = attribute.spread.odds
    if ablation:
        metrics["fairness_ablation_auc_difference"] = ablation.auc.difference.value
        metrics["fairness_ablation_cost_difference"] = ablation.cost.difference.value
    if proxy:
        metrics["fairness_gender_proxy_auc"] = proxy.value
    return metrics
