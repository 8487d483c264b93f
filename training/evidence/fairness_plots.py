"""Pictures of a fairness audit: one row a group, attributes below one another."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from credit.disclosure import TOO_FEW
from credit.evaluation.bootstrap import Estimate
from credit.fairness import AttributeAudit, FairnessAudit, FairnessLimits, Figure, GroupAudit
from training.evidence.drawing import BLUE, GREY, ORANGE, RED, new_figure
from training.evidence.fairness_ablation import ProtectedAblation
from training.evidence.section import Plot

ROW_HEIGHT = 0.27
MARGIN_HEIGHT = 1.5
OFFSET = 0.16


def draw_approval(audit: FairnessAudit, limits: FairnessLimits) -> Plot:
    """Return approval rates by group, with what the four-fifths rule asks of each attribute."""
    rows, size = _place_rows(audit)
    figure, axes = new_figure("Approval rate by group", height=size)
    for (_, group), place in rows:
        _draw_figure(axes, group.approval_rate, place, BLUE if group.judged else GREY)
    for attribute in audit.attributes:
        places = [place for (of, _), place in rows if of is attribute]
        rate = _find_reference_rate(attribute)
        if rate is not None:
            limit = limits.approval_ratio_min * rate
            axes.plot([limit] * 2, [min(places) - 0.5, max(places) + 0.5], color=RED, ls="--")
    axes.plot(
        [], [], color=RED, ls="--", label=f"{limits.approval_ratio_min:g} times the highest judged"
    )
    _finish(axes, figure, [(_name(group), place) for (_, group), place in rows], "approved")
    _label_attributes(axes, audit, rows)
    caption = (
        "Share of approved clients, with 95 % intervals; grey groups are too small to be judged. "
        "The dashed line is where the approval ratio meets its reference limit."
    )
    return Plot("fairness_approval", caption, figure)


def draw_calibration(audit: FairnessAudit) -> Plot:
    """Return mean PD beside default rate by group."""
    rows, size = _place_rows(audit)
    figure, axes = new_figure("Mean PD and default rate by group", height=size)
    for (_, group), place in rows:
        _draw_figure(axes, group.default_rate, place, RED if group.judged else GREY)
        if group.mean_pd:
            axes.plot(group.mean_pd.value, place, "D", color=BLUE, ms=5, mfc="none")
    axes.plot([], [], "o-", color=RED, label="default rate")
    axes.plot([], [], "D", color=BLUE, mfc="none", label="mean PD")
    highest = [
        group.default_rate.high for (_, group), _ in rows if group.judged and group.default_rate
    ]
    if highest:
        axes.set_xlim(0, 1.15 * max(highest))
    _finish(axes, figure, [(_name(group), place) for (_, group), place in rows], "share of clients")
    _label_attributes(axes, audit, rows)
    caption = (
        "Default rate with its 95 % interval, and mean out-of-fold PD. Where the PD lies outside "
        "the interval, the group's risk is under- or overstated. Grey: too small to be judged; "
        "their intervals may reach beyond the picture."
    )
    return Plot("fairness_calibration", caption, figure)


def draw_ablation(ablation: ProtectedAblation, name: str, title: str, limit: float) -> Plot:
    """Return one figure of every group for the model with and without gender and age."""
    groups = [group for group in ablation.groups if not group.reference]
    height = MARGIN_HEIGHT + 0.4 * max(len(groups), 3)
    figure, axes = new_figure(title, height=height)
    for place, group in enumerate(groups):
        change = group.changes[name]
        _draw_estimate(axes, change.full, place - OFFSET, BLUE)
        _draw_estimate(axes, change.reduced, place + OFFSET, ORANGE)
    axes.axvline(limit, color=RED, ls="--", label=f"reference {limit:g}")
    axes.plot([], [], "o-", color=BLUE, label="all features")
    axes.plot([], [], "o-", color=ORANGE, label="without gender and age")
    labels = [(f"{group.attribute}: {group.group}", place) for place, group in enumerate(groups)]
    _finish(axes, figure, [(label, float(place)) for label, place in labels], title.lower())
    caption = (
        f"{title}, each group against the most approved of its attribute, with 95 % intervals: "
        "the model with all features, and the one without gender, age and what is derived from it."
    )
    return Plot(f"fairness_ablation_{name}", caption, figure)


Row = tuple[tuple[AttributeAudit, GroupAudit], float]


def _place_rows(audit: FairnessAudit) -> tuple[list[Row], float]:
    """Return each group with its place from above, a gap between attributes, and the height."""
    rows: list[Row] = []
    place = 0.0
    for attribute in audit.attributes:
        place += 1.0
        for group in attribute.groups:
            rows.append(((attribute, group), place))
            place += 1.0
    return rows, MARGIN_HEIGHT + ROW_HEIGHT * place


def _label_attributes(axes: Axes, audit: FairnessAudit, rows: Sequence[Row]) -> None:
    for attribute in audit.attributes:
        places = [place for (of, _), place in rows if of is attribute]
        if places:
            axes.annotate(
                attribute.attribute,
                (0.0, min(places) - 0.85),
                xycoords=("axes fraction", "data"),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                weight="bold",
            )


def _find_reference_rate(attribute: AttributeAudit) -> float | None:
    for group in attribute.groups:
        if group.group == attribute.reference and group.approval_rate:
            return group.approval_rate.value
    return None


def _name(group: GroupAudit) -> str:
    return f"{group.group} ({TOO_FEW if group.clients is None else f'{group.clients:,}'})"


def _draw_figure(axes: Axes, found: Figure | None, place: float, color: str) -> None:
    if found:
        _draw_estimate(axes, Estimate(found.value, found.low, found.high), place, color)


def _draw_estimate(axes: Axes, found: Estimate, place: float, color: str) -> None:
    axes.plot([found.low, found.high], [place] * 2, color=color, lw=1.8)
    axes.plot(found.value, place, "o", color=color, ms=5)


def _finish(
    axes: Axes, figure: Picture, labels: Sequence[tuple[str, float]], quantity: str
) -> None:
    places = [place for _, place in labels]
    axes.set_yticks(places, [label for label, _ in labels])
    axes.set_ylim(max(places) + 0.8, min(places) - 1.3)  # from above, with room for a heading
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(quantity)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
