"""Pictures of contributions: over all clients, feature by feature, and of one client."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from training.evidence.contributions import Contributions
from training.evidence.drawing import BLUE, GREY, ORANGE, RED, STYLE, new_figure
from training.evidence.explanations import ExplainedClient
from training.evidence.lime_agreement import LimeAgreement

SHOWN = 15
PANELS = (2, 3)
SHOWN_OF_A_CLIENT = 12
BINS = 40
_LOG_ODDS = "contribution to the log-odds of default"
_SCALE = LinearSegmentedColormap.from_list("low_to_high", [BLUE, "#c9c9c9", RED])
_LEVELS = {column.name: column.categories for column in APPLICATION_COLUMNS if column.categories}


def draw_beeswarm(contributions: Contributions) -> Figure:
    """Return the strongest features, a dot a client, coloured by the feature's rank."""
    strongest = np.argsort(-contributions.importance, kind="stable")[:SHOWN]
    figure, axes = new_figure("What weighs most, a dot a client", width=8.5, height=6.5)
    for place, column in enumerate(strongest[::-1]):
        values = contributions.values[:, column]
        ranks = _rank(contributions.features[:, column])
        known = np.isfinite(ranks)
        height = place + _spread(values)
        axes.scatter(values[~known], height[~known], s=4, color=GREY, linewidths=0)
        axes.scatter(
            values[known], height[known], s=4, c=ranks[known], cmap=_SCALE, vmin=0, vmax=1, lw=0
        )
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(range(len(strongest)), [contributions.names[n] for n in strongest[::-1]])
    axes.set_xlabel(f"{_LOG_ODDS} (right: riskier)")
    axes.grid(visible=False, axis="y")
    axes.legend(
        handles=_explain_colours(), loc="lower right", title="value of the feature", frameon=False
    )
    return figure


def draw_reasons(titles: Sequence[str], importance: NDArray[np.float64]) -> Figure:
    """Return the mean absolute contribution of each group, the strongest above.

    Args:
        titles: Of the groups; the last are the protected features, which nobody is told.
        importance: Of the groups, shape (groups,).
    """
    strongest = np.argsort(-importance, kind="stable")[:SHOWN][::-1]
    figure, axes = new_figure("What weighs most, by reason", width=8.5, height=5.5)
    colours = [ORANGE if number == len(titles) - 1 else BLUE for number in strongest]
    axes.barh(range(len(strongest)), importance[strongest], color=colours)
    axes.set_yticks(range(len(strongest)), [_shorten(titles[number]) for number in strongest])
    axes.set_xlabel("mean absolute contribution to the log-odds of default")
    axes.grid(visible=False, axis="y")
    return figure


def draw_dependence(contributions: Contributions) -> Figure:
    """Return the contributions of the strongest numbers over their values, a panel a feature."""
    ordered = np.argsort(-contributions.importance, kind="stable")
    numbers = [column for column in ordered if contributions.names[column] not in _LEVELS]
    figure, panels = _new_panels("Contribution over value", *PANELS, width=9.5, height=6)
    for axes, column in zip(panels, numbers, strict=False):
        _draw_panel(axes, contributions, int(column))
    for axes in panels[:: PANELS[1]]:
        axes.set_ylabel("contribution", size=9)
    for axes in panels[len(numbers) :]:
        axes.remove()
    return figure


def draw_client(client: ExplainedClient, contributions: Contributions, threshold: float) -> Figure:
    """Return how one client's estimate comes about, from the mean to their own, step by step."""
    strongest = np.argsort(-np.abs(client.contributions), kind="stable")[:SHOWN_OF_A_CLIENT]
    steps = [
        (_label(contributions.names[number], client.features[number]), client.contributions[number])
        for number in strongest
    ]
    rest = client.contributions.sum() - sum(step for _, step in steps)
    others = len(client.contributions) - len(steps)
    steps = [(f"{others} other features", rest), *reversed(steps)]
    figure, axes = new_figure(f"{client.role}: PD {client.pd:.3f}", width=8.5, height=5.5)
    left = contributions.bias
    ends = left + np.cumsum([step for _, step in steps])
    for place, (_, step) in enumerate(steps):
        axes.barh(place, step, left=ends[place] - step, color=RED if step > 0 else BLUE, height=0.7)
        if place:
            axes.vlines(ends[place - 1], place - 1.35, place + 0.35, color=GREY, lw=0.8)
    limit = math.log(threshold / (1 - threshold))
    axes.axvline(left, color=GREY, ls=":", lw=1)
    axes.axvline(limit, color=RED, ls="--", lw=1)
    reached = [left, limit, *ends]
    margin = 0.05 * (max(reached) - min(reached))
    axes.set_xlim(min(reached) - margin, max(reached) + margin)
    axes.set_yticks(range(len(steps)), [label for label, _ in steps])
    axes.set_xlabel("log-odds of default, summed up from below")
    axes.grid(visible=False, axis="y")
    axes.legend(
        handles=[
            Line2D([], [], color=GREY, ls=":", label="where all clients start"),
            Line2D([], [], color=RED, ls="--", label=f"threshold, PD {threshold:.3f}"),
        ],
        loc="upper left",
        bbox_to_anchor=(0, -0.12),
        ncols=2,
        frameon=False,
    )
    _add_probabilities(axes)
    return figure


def draw_agreement(lime: LimeAgreement) -> Figure:
    """Return the two explanations of one client side by side, feature by feature."""
    figure, axes = new_figure("Client B, explained twice", width=8.5, height=6)
    places = np.arange(len(lime.names))[::-1]
    axes.barh(places + 0.2, lime.shap, height=0.4, color=BLUE, label="SHAP: share of the margin")
    axes.barh(places - 0.2, lime.lime, height=0.4, color=ORANGE, label="LIME: weight of the value")
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(places, lime.names)
    axes.set_xlabel(f"{_LOG_ODDS} (right: riskier)")
    axes.grid(visible=False, axis="y")
    axes.legend(loc="lower right", frameon=False)
    return figure


def _new_panels(
    title: str, rows: int, columns: int, width: float, height: float
) -> tuple[Figure, list[Axes]]:
    """Return a figure of several axes, in the look of `new_figure`."""
    figure, axes = new_figure("", width, height)
    axes.remove()
    with rc_context(STYLE):
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        figure.suptitle(title, x=0.01, ha="left", size=11)
    return figure, list(panels.flat)


def _draw_panel(axes: Axes, contributions: Contributions, column: int) -> None:
    name, values = contributions.names[column], contributions.features[:, column]
    known = np.isfinite(values)
    added = contributions.values[:, column]
    axes.axhline(0, color="black", lw=0.8)
    axes.scatter(values[known], added[known], s=5, color=BLUE, alpha=0.5, linewidths=0)
    if known.any():
        low, high = np.quantile(values[known], [0.005, 0.995])
        margin = 0.05 * (high - low) or 1.0
        axes.set_xlim(low - 2 * margin, high + margin)
        place = np.full((~known).sum(), low - 1.5 * margin)
        axes.scatter(place, added[~known], s=5, color=GREY, linewidths=0)
    axes.set_xlabel(name, size=9)
    axes.tick_params(labelsize=8)
    axes.locator_params(axis="x", nbins=4)


def _rank(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each value's rank from 0 to 1, equals alike; NaN where it is missing."""
    ranks = np.full(len(values), np.nan)
    known = np.isfinite(values)
    distinct, places = np.unique(values[known], return_inverse=True)
    if len(distinct):
        counts = np.cumsum(np.bincount(places)) - 1
        ranks[known] = counts[places] / max(1, counts[-1])
    return ranks


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights that lay equal values beside each other, the more the wider, within ±0.4."""
    edges = np.linspace(values.min(), values.max() + 1e-12, BINS + 1)
    bins = np.clip(np.digitize(values, edges) - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    heights = np.zeros(len(values))
    for number in np.flatnonzero(counts):
        width = 0.4 * counts[number] / counts.max()
        heights[bins == number] = np.linspace(-width, width, counts[number])
    return heights


def _explain_colours() -> list[Line2D]:
    style: dict[str, Any] = {"ls": "", "marker": "o", "ms": 5}
    return [
        Line2D([], [], color=RED, label="high", **style),
        Line2D([], [], color=BLUE, label="low", **style),
        Line2D([], [], color=GREY, label="missing", **style),
    ]


def _label(name: str, value: float) -> str:
    if np.isnan(value):
        return f"{name}: missing"
    if levels := _LEVELS.get(name):
        return f"{name}: {levels[int(value)]}"
    # Two digits: enough to see why, too few to find the person by.
    return f"{name} ≈ {float(f'{value:.1e}'):,.10g}"


def _shorten(title: str, longest: int = 75) -> str:
    return title if len(title) <= longest else f"{title[: longest - 1].rstrip()}…"


def _add_probabilities(axes: Axes) -> None:
    """Add an axis above that says which PD a margin is."""
    with rc_context(STYLE):
        above = axes.twiny()
    low, high = axes.get_xlim()
    shown = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7)
    places = [float(np.log(pd / (1 - pd))) for pd in shown]
    inside = [(place, pd) for place, pd in zip(places, shown, strict=True) if low < place < high]
    above.set_xlim(low, high)
    above.set_xticks([place for place, _ in inside], [f"{pd:g}" for _, pd in inside], size=8)
    above.set_xlabel("PD", size=8)
    above.grid(visible=False)
