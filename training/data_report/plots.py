"""The kinds of plot that the page is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
)
from numpy.typing import NDArray

from training.data_report.bands import Histogram
from training.data_report.rates import Group
from training.data_report.words import tell_number
from training.evidence.drawing import BLUE, GREEN, GREY, ORANGE, RED, new_figure

HALF, FULL = 5.4, 8.6
"""Widths in inches: of a plot that has another beside it, and of one that has not."""

COLOURS = (BLUE, RED, GREEN, ORANGE)
_LABEL_LENGTH = 54
_ROW = 0.25
WIDE = 0.06
"""Axes of shares wider than that have ticks at whole per cents."""
FEW = 12
"""Names of a matrix up to which its cells tell their value."""
_AROUND = 1.25


def draw_rates(
    title: str, groups: Sequence[Group], overall: float, width: float = HALF, what: str = "clients"
) -> Figure:
    """Return default rates with their intervals, the first group at the top, and its size."""
    figure, axes = new_figure(title, width, _AROUND + _ROW * len(groups))
    places = np.arange(len(groups))
    rates = np.array([group.rate for group in groups])
    intervals = np.array([group.interval for group in groups])
    errors = np.abs(intervals.T - rates)
    axes.errorbar(rates, places, xerr=errors, fmt="o", color=RED, ecolor=GREY, markersize=5)
    axes.axvline(overall, color=GREY, linestyle="--", linewidth=1)
    axes.set_xlim(0, max(intervals.max() * 1.05, 0.01))
    _tick_percents(axes)
    axes.set_xlabel(f"default rate with 95 % interval; dashed: all {what}")
    _name_rows(axes, [group.label for group in groups])
    _write_right(axes, [f"{group.clients:,}" for group in groups])
    return figure


def draw_pairs(
    title: str, pairs: Sequence[tuple[str, Group, Group]], legend: tuple[str, str]
) -> Figure:
    """Return two default rates a row, with their intervals, to compare."""
    figure, axes = new_figure(title, FULL, _AROUND + 0.35 + _ROW * len(pairs))
    for second, (name, colour) in enumerate(zip(legend, (RED, BLUE), strict=True)):
        groups = [pair[2] if second else pair[1] for pair in pairs]
        rates = np.array([group.rate for group in groups])
        errors = np.abs(np.array([group.interval for group in groups]).T - rates)
        places = np.arange(len(pairs)) + (0.14 if second else -0.14)
        axes.errorbar(
            rates, places, xerr=errors, fmt="os"[second], color=colour, markersize=4, label=name
        )
    axes.set_xlim(left=0)
    _tick_percents(axes)
    axes.set_xlabel("default rate with 95 % interval; right: clients of the first kind")
    _name_rows(axes, [pair[0] for pair in pairs])
    _write_right(axes, [f"{pair[1].clients:,}" for pair in pairs])
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_bars(  # noqa: PLR0913 # a bar has a name, a value, a colour and a text
    title: str,
    names: Sequence[str],
    values: Sequence[float],
    label: str,
    *,
    colours: Sequence[str] | str = BLUE,
    texts: Sequence[str] = (),
    percent: bool = False,
    width: float = FULL,
) -> Figure:
    """Return horizontal bars, the first at the top, with a text behind each."""
    figure, axes = new_figure(title, width, _AROUND + _ROW * len(names))
    places = np.arange(len(names))
    axes.barh(places, values, color=colours, height=0.72)
    axes.set_xlim(0, max(max(values, default=0) * 1.02, 1e-9))
    if percent:
        _tick_percents(axes)
    axes.set_xlabel(label)
    axes.grid(visible=False, axis="y")
    _name_rows(axes, names)
    if texts:
        _write_right(axes, texts)
    return figure


def draw_histograms(
    title: str,
    histograms: Sequence[Histogram],
    label: str,
    *,
    logarithmic: bool = False,
    colours: Sequence[str] = COLOURS,
) -> Figure:
    """Return the outlines of distributions over one axis."""
    figure, axes = new_figure(title, HALF, 3.4)
    for histogram, colour in zip(histograms, colours, strict=False):
        text = f"{histogram.label} ({histogram.clients:,})"
        axes.stairs(histogram.density, histogram.edges, color=colour, linewidth=1.6, label=text)
        axes.stairs(histogram.density, histogram.edges, color=colour, alpha=0.12, fill=True)
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _shorten(value)))
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("share of the clients")
    axes.set_xlabel(label)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_matrix(
    title: str, names: Sequence[str], values: NDArray[np.float64], label: str
) -> Figure:
    """Return a matrix of correlations from -1 to 1 as colours, with a scale."""
    few = len(names) <= FEW
    side = 2.6 + (0.45 if few else 0.125) * len(names)
    figure, axes = new_figure(title, side + 0.7, side)
    image = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    shown = [escape(name) for name in names]
    axes.set_xticks(range(len(names)), shown, rotation=90, fontsize=9 if few else 6)
    axes.set_yticks(range(len(names)), shown, fontsize=9 if few else 6)
    axes.grid(visible=False)
    if few:
        _write_cells(axes, values)
    else:
        figure.colorbar(image, ax=axes, shrink=0.6, label=label)
    return figure


def draw_intervals(
    title: str,
    names: Sequence[str],
    values: Sequence[tuple[float, float, float]],
    label: str,
    *,
    colours: Sequence[str],
    legend: Sequence[tuple[str, str]],
    centre: float,
) -> Figure:
    """Return values with their intervals (value, low, high), the first at the top."""
    figure, axes = new_figure(title, FULL, _AROUND + 0.35 + _ROW * len(names))
    for place, ((value, low, high), colour) in enumerate(zip(values, colours, strict=True)):
        axes.plot([low, high], [place, place], color=colour, linewidth=1.4)
        axes.plot([value], [place], "o", color=colour, markersize=5)
    for name, colour in legend:
        axes.plot([], [], "o-", color=colour, label=name)
    axes.axvline(centre, color=GREY, linestyle="--", linewidth=1)
    axes.set_xlabel(label)
    _name_rows(axes, names)
    figure.legend(loc="outside lower center", ncols=len(legend), frameon=False)
    return figure


def escape(text: str) -> str:
    """Return a label from the tables as matplotlib shows it literally, and not too long."""
    shown = text if len(text) <= _LABEL_LENGTH else f"{text[: _LABEL_LENGTH - 1]}…"
    return shown.replace("$", r"\$")


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [escape(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)


def _write_right(axes: Axes, texts: Sequence[str]) -> None:
    for place, text in enumerate(texts):
        axes.annotate(
            escape(text),
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=GREY,
            fontsize=8.5,
        )


def _write_cells(axes: Axes, values: NDArray[np.float64]) -> None:
    for (row, column), value in np.ndenumerate(values):
        dark = abs(value) > 0.6  # noqa: PLR2004 # black would not be read there
        colour = "white" if dark else "black"
        text = "" if np.isnan(value) else f"{value:.2f}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8.5)


def _tick_percents(axes: Axes) -> None:
    """Tick where a share is a round percentage, so that no label is rounded."""
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0 if high - low > WIDE else None))


def _shorten(value: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return tell_number(value)
