"""The table and the chart of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.serving.rounds import Turn, summarise
from benchmarks.serving.verdicts import OURS, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from benchmarks.serving.measuring import Measurement

HEAD = (
    "| contestant | concurrent | requests/s | ours / it | p50 ms | p99 ms | CPU s / 1,000 "
    "| memory MB | failed |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def render_table(turns: Sequence[Turn], titles: Mapping[str, str]) -> str:
    """Return the medians as a Markdown table; who failed says why.

    Args:
        turns: Of all rounds.
        titles: What each contestant is called, in the table's order.
    """
    lines = [HEAD]
    for name, title in titles.items():
        own = [turn for turn in turns if turn.contestant == name]
        variant = next((turn.variant for turn in own if turn.variant), "")
        called = f"{title} ({variant})" if variant else title
        levels = sorted({turn.measurement.concurrency for turn in own if turn.measurement})
        lines += [_render_row(turns, name, called, level) for level in levels]
        errors = {turn.error for turn in own if turn.error}
        lines += [f"| {called} | | {error} | | | | | | |" for error in sorted(errors)]
    return "\n".join(lines)


def _render_row(turns: Sequence[Turn], name: str, called: str, concurrency: int) -> str:
    seen, ours = (summarise(turns, who, concurrency) for who in (name, OURS))
    if seen is None:
        return ""
    ratio = f"{ours.rate / seen.rate:,.2f}" if ours and seen.rate else ""
    failed = f"{seen.failed:,}" + (f" ({', '.join(seen.failures)})" if seen.failed else "")
    return (
        f"| {called} | {concurrency} | {seen.rate:,.1f} | {ratio} | {seen.p50_ms:,.2f} | "
        f"{seen.p99_ms:,.2f} | {seen.cpu_s:,.2f} | {seen.memory_mb:,.0f} | {failed} |"
    )


def render_verdicts(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts as a Markdown table."""
    words = {True: "yes", False: "NO", None: "not measured"}
    lines = ["| must show | found | shown |", "|---|--:|---|"]
    lines += [
        f"| {verdict.claim} | {'' if verdict.found is None else f'{verdict.found:,.2f}'} | "
        f"{words[verdict.passed]} |"
        for verdict in verdicts
    ]
    return "\n".join(lines)


def draw_chart(turns: Sequence[Turn], titles: Mapping[str, str], paths: Sequence[Path]) -> None:
    """Write the chart: requests a second and p99 by concurrency, a line a contestant."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    rates, tails = figure.subplots(1, 2)
    for name, title in titles.items():
        levels = sorted(
            {
                turn.measurement.concurrency
                for turn in turns
                if turn.contestant == name and turn.measurement
            }
        )
        seen = [item for level in levels if (item := summarise(turns, name, level))]
        _draw_lines(rates, tails, title, seen, is_ours=name == OURS)
    _label(rates, "Requests a second, median of rounds")
    _label(tails, "p99 in ms, median of rounds")
    figure.legend(*rates.get_legend_handles_labels(), loc="outside right center", frameon=False)
    for path in paths:
        figure.savefig(path, dpi=150)


def _draw_lines(
    rates: Axes, tails: Axes, title: str, seen: Sequence[Measurement], *, is_ours: bool
) -> None:
    if not seen:
        return
    levels = [item.concurrency for item in seen]
    width = 2.5 if is_ours else 1.2
    rates.plot(levels, [item.rate for item in seen], marker="o", linewidth=width, label=title)
    tails.plot(levels, [item.p99_ms for item in seen], marker="o", linewidth=width, label=title)


def _label(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([1, 8, 64, 256], ["1", "8", "64", "256"])
    axes.set_xlabel("Requests in flight")
    axes.grid(visible=True, which="major", alpha=0.3)
