"""The comparison as a table: for the terminal, for a page, for a spreadsheet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table

from training.comparison.drawn_figures import DRAWN_FIGURES
from training.comparison.row import Measured, Row
from training.evidence.tabulate import tabulate

NAMES = {
    "auc": "AUC",
    "ks": "KS",
    "gini": "Gini",
    "f1": "F1",
    "recall": "recall",
    "precision": "precision",
    "cost": "cost",
    "score": "score",
    "brier": "Brier",
    "ece": "ECE",
}
_TITLES = (*NAMES.values(), "fit s", "CPU s", "predict s", "fitted on")
_NARROW = ("AUC", "KS", "cost", "ECE", "fit s")
_IN_TERMINAL = ("auc", "cost")
_NOTHING = "-"
_WIDTH = 160
_WIDTH_OF_ALL = 155


def to_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return everything measured, a row a candidate, in the order given."""
    return pd.DataFrame(
        [
            {
                "family": row.candidate.family.name,
                "imbalance": row.candidate.imbalance.value,
                "served": row.candidate.is_served,
                **row.to_metrics(),
                "fitted_on": row.measured.prediction.fitted_on[0] if row.measured else None,
                "notes": "; ".join(row.notes),
            }
            for row in rows
        ]
    )


def render_table(rows: Sequence[Row], *, wide: bool) -> Group:
    """Return the figures, the differences that decide, and the notes, for the terminal.

    Args:
        rows: In their order.
        wide: Whether there is room for all; else the figures that decide.
    """
    figures = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("model", "imbalance"):
        figures.add_column(title, no_wrap=True)
    shown = [place for place, title in enumerate(_TITLES) if wide or title in _NARROW]
    for place in shown:
        figures.add_column(_TITLES[place], justify="right", no_wrap=True)
    for row in rows:
        style = "bold" if row.candidate.is_served else "dim" if row.measured is None else ""
        opening, cells = _name(row), _list_cells(row)
        figures.add_row(*opening, *(cells[place] for place in shown), style=style)
    together = [_IN_TERMINAL] if wide else [(name,) for name in _IN_TERMINAL]
    differences = [table for names in together if (table := _show_differences(rows, names))]
    notes = [f"{row.candidate.name}: {note}" for row in rows for note in row.notes]
    return Group(Padding(figures, (1, 0)), *differences, "", *notes)


def print_table(rows: Sequence[Row]) -> None:
    """Print the table; where there is no terminal, as wide as it is."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(render_table(rows, wide=console.width >= _WIDTH_OF_ALL), highlight=False)


def render_markdown(rows: Sequence[Row]) -> str:
    """Return two tables, of figures and of differences, and the notes, as Markdown."""
    figures = tabulate(
        ("model", "imbalance", *_TITLES),
        [[*_name(row, mark="**"), *_list_cells(row)] for row in rows],
    )
    differences = tabulate(
        ("less the served model", *(NAMES[name] for name in DRAWN_FIGURES)),
        _list_differences(rows, DRAWN_FIGURES),
    )
    notes = [f"- {row.candidate.name}: {note}" for row in rows for note in row.notes]
    return "\n".join([figures, "", differences, "", *notes]) + "\n"


def render_note(rows: Sequence[Row]) -> str:
    """Return the figures that decide, as Markdown that fits into a run's note: 8,000 characters."""
    lines = []
    for row in rows:
        figures = row.measured.figures if row.measured else None
        shown = [figures.auc, figures.cost, figures.ece] if figures else []
        cells = [_render_figure(value) for value in shown] or [_NOTHING] * 3
        against = row.measured.against_served if row.measured else {}
        found = [f"{against[name]:+.4f}" if name in against else _NOTHING for name in _IN_TERMINAL]
        mark = "**" if row.candidate.is_served else ""
        lines.append([f"{mark}{row.candidate.name}{mark}", *cells, *found])
    return tabulate(("model", "AUC", "cost", "ECE", "AUC less served", "cost less served"), lines)


def _show_differences(rows: Sequence[Row], names: Sequence[str]) -> Table | None:
    table = Table(
        title="Less the served model, with 95 % interval (* excludes 0)",
        title_justify="left",
        title_style="bold",
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    table.add_column("model", no_wrap=True)
    for name in names:
        table.add_column(NAMES[name], justify="right", no_wrap=True)
    for cells in _list_differences(rows, names):
        table.add_row(*cells)
    return table if table.row_count else None


def _list_differences(rows: Sequence[Row], names: Sequence[str]) -> Iterator[list[str]]:
    for row in rows:
        if row.measured and row.measured.against_served:
            found = (_render_difference(row.measured, name) for name in names)
            yield [row.candidate.name, *found]


def _name(row: Row, mark: str = "") -> list[str]:
    name = row.candidate.family.name
    served = f"{mark}{name}{mark} (served)" if row.candidate.is_served else name
    return [served, row.candidate.imbalance.value]


def _list_cells(row: Row) -> list[str]:
    if row.measured is None:
        return [_NOTHING] * len(_TITLES)
    figures, prediction = row.measured.figures, row.measured.prediction
    return [
        *(_render_figure(getattr(figures, name)) for name in NAMES),
        f"{prediction.fit_s:.1f}",
        f"{prediction.fit_cpu_s:.1f}",
        f"{prediction.predict_s:.2f}",
        f"{prediction.fitted_on[0]:,}",
    ]


def _render_figure(value: float) -> str:
    return _NOTHING if math.isnan(value) else f"{value:.4f}"


def _render_difference(measured: Measured, name: str) -> str:
    difference = measured.against_served[name]
    return f"{difference:+.4f}{'*' if difference.excludes_zero else ''}"
