"""The comparison told: its tables, and two plots of the differences from the served model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from credit.cost import CostMatrix
from credit.evaluation.bootstrap import REPETITIONS, Estimate
from training.comparison.row import Row, sort_by_cost
from training.comparison.table import render_markdown, to_frame
from training.evidence.drawing import BLUE, GREEN, GREY, new_figure
from training.evidence.section import Plot, Section
from training.fitting import FOLDS

_TEXT = """\
{clients:,} clients, {features} features, default rate {default_rate:.2%}; out of fold on {folds}
folds, the same for all. Sorted by cost.

Each model decides by its own thresholds: that of a fold is chosen on the out-of-fold PD of the
others, given by models that were fitted on the fold's clients. `credit train` fits again without
them, by pairs of folds, so the cost here and its expected cost are two figures of the same model.
Cost: ({false_negative:g} x missed defaults + {false_positive:g} x refused good applicants)
/ applicants. Score: 1 - cost / cost of deciding everyone wrongly. Differences are to the served
model; their intervals are paired, of 95 %, by {repetitions} draws of clients, the same for all (*
excludes 0); that another fit, or other folds, would give others is not in them. Times are of all
folds together, the clients fitted on those of one.

{table}"""


_COLOURS = (
    "Grey: worse than the served model; blue: the interval holds 0, no difference is proven; "
    "green: better. What lies beyond the edge is told as a number."
)
_EDGE_IN_MEDIANS = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """What all candidates came to.

    Attributes:
        rows: A candidate each, the cheapest first.
        clients: Clients they are judged on.
        features: Columns they were given.
        default_rate: Share of defaults.
        costs: Prices of mistakes.
    """

    rows: tuple[Row, ...]
    clients: int
    features: int
    default_rate: float
    costs: CostMatrix

    @property
    def served(self) -> Row:
        """The row of the served model."""
        return next(row for row in self.rows if row.candidate.is_served)


def describe_comparison(measured: Comparison) -> Section:
    """Return the tables, the plots, and the figures that the parent run shows at a glance."""
    rows = sort_by_cost(measured.rows)
    text = _TEXT.format(
        clients=measured.clients,
        features=measured.features,
        default_rate=measured.default_rate,
        folds=FOLDS,
        false_negative=measured.costs.false_negative,
        false_positive=measured.costs.false_positive,
        repetitions=REPETITIONS,
        table=render_markdown(rows),
    )
    compared = [row for row in rows if row.measured and row.measured.against_served]
    plots = (_draw_auc(compared), _draw_cost(compared)) if compared else ()
    return Section(
        "Model families on the same folds",
        text,
        plots=plots,
        tables={"comparison": to_frame(rows)},
        metrics=_sum_up(measured),
    )


def _sum_up(measured: Comparison) -> dict[str, float]:
    found = [row.measured.figures for row in measured.rows if row.measured]
    metrics = {
        "best_auc": max(figures.auc for figures in found),
        "best_cost": min(figures.cost for figures in found),
        "candidates": float(len(measured.rows)),
        "candidates_failed": float(len(measured.rows) - len(found)),
    }
    if served := measured.served.measured:
        metrics |= {"served_auc": served.figures.auc, "served_cost": served.figures.cost}
    return metrics


def _draw_auc(rows: Sequence[Row]) -> Plot:
    return Plot(
        "auc_difference",
        f"AUC less the served model's, with paired 95 % intervals; the further right, the better. "
        f"{_COLOURS}",
        _draw_differences(rows, "auc", "AUC less the served model's", larger_is_better=True),
    )


def _draw_cost(rows: Sequence[Row]) -> Plot:
    title = "Cost per applicant less the served model's"
    return Plot(
        "cost_difference",
        f"{title}, with paired 95 % intervals; the further left, the cheaper. {_COLOURS}",
        _draw_differences(rows, "cost", title, larger_is_better=False),
    )


def _draw_differences(
    rows: Sequence[Row], figure_name: str, title: str, *, larger_is_better: bool
) -> Figure:
    found = [
        (row.candidate.name, row.measured.against_served[figure_name])
        for row in rows
        if row.measured
    ]
    found.sort(key=lambda pair: pair[1].value, reverse=larger_is_better)
    figure, axes = new_figure(title, height=1.2 + 0.26 * len(found))
    edge = _find_edge([difference for _, difference in found])
    for place, (_, difference) in enumerate(found):
        colour = _choose_colour(difference, larger_is_better=larger_is_better)
        if abs(difference.value) > edge:
            _point_outside(axes, difference.value, place)
            continue
        axes.plot([difference.low, difference.high], [place, place], color=colour, linewidth=2)
        axes.plot(difference.value, place, "o", color=colour, markersize=5)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(np.arange(len(found)), [name for name, _ in found])
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"{title} ({'right is better' if larger_is_better else 'left is cheaper'})")
    return figure


def _find_edge(differences: Sequence[Estimate]) -> float:
    """Return how far from 0 a model is drawn, so that the dummy leaves room for the others."""
    return _EDGE_IN_MEDIANS * float(np.median([abs(found.value) for found in differences]))


def _point_outside(axes: Axes, value: float, place: int) -> None:
    text, side, aligned = f"\u25c0 {value:+.3f}", 0.01, "left"
    if value > 0:
        text, side, aligned = f"{value:+.3f} \u25b6", 0.99, "right"
    across = axes.get_yaxis_transform()  # x in shares of the width
    axes.text(side, place, text, transform=across, ha=aligned, va="center", color=GREY)


def _choose_colour(difference: Estimate, *, larger_is_better: bool) -> str:
    if not difference.excludes_zero:
        return BLUE
    return GREEN if (difference.value > 0) == larger_is_better else GREY
