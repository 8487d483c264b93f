"""The chapter of what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from credit.disclosure import SMALLEST_GROUP
from training.data_report.categories import tell_chance, tell_extremes
from training.data_report.gaps import TOGETHER, Gap, Gaps, merge_alike, name_group
from training.data_report.page import Chapter, Grid, Part, Picture, picture
from training.data_report.plots import draw_bars, draw_matrix, draw_pairs, draw_rates
from training.data_report.rates import compute_chance
from training.data_report.table_gaps import ColumnGap
from training.data_report.words import tell_count, tell_list, tell_percent, tell_rate, tell_share
from training.evidence.drawing import BLUE, GREEN, GREY, ORANGE, RED

ANCHOR, TITLE = "missing", "What is missing"
_MOST_BARS = 45
_MOST_PAIRS = 30
_MOST_CORRELATED = 75
_GROUP_COLOURS = {
    "the building": BLUE,
    "scores from outside": RED,
    "the job": ORANGE,
    "inquiries at the bureau": GREEN,
}


def describe_gaps(measured: Gaps | None, of_tables: Sequence[ColumnGap]) -> Chapter:
    """Return the chapter: gaps by column, by group, with the outcome, together, and sentinels."""
    parts: list[Part] = []
    if measured is None:
        parts.append(Part(paragraphs=("There is no application table to look for gaps in.",)))
    elif not measured.columns:
        parts.append(Part(paragraphs=("No column of the applications has a gap.",)))
    else:
        parts += [_show_columns(measured), _show_outcomes(measured), _show_blocks(measured)]
    parts += [_list_sentinels(of_tables), _show_histories(of_tables)]
    return Chapter(ANCHOR, TITLE, tuple(part for part in parts if part != Part()))


def _show_columns(measured: Gaps) -> Part:
    rows = measured.rows[0]
    distinct = merge_alike(measured.columns)
    shown = [gap for gap in distinct if gap.train >= SMALLEST_GROUP][:_MOST_BARS]
    half = sum(gap.train > rows / 2 for gap in measured.columns)
    empty = [gap.name for gap in measured.columns if gap.train == rows]
    sentences = [
        (
            f"{len(measured.columns)} of {len(measured.columns) + measured.whole} columns of the "
            f"applications have gaps, sentinels included; {half} lack more than half of their "
            "values."
        )
    ]
    if empty:
        sentences.append(f"Nobody has a value in {tell_list(empty)}.")
    pictures: tuple[Picture, ...] = ()
    if shown:
        figure = draw_bars(
            "Share of clients without a value",
            [gap.name for gap in shown],
            [gap.train / rows for gap in shown],
            "share of the applications; red: scores from outside, blue: the building, "
            "orange: the job, green: inquiries",
            colours=[_GROUP_COLOURS.get(name_group(gap.name), GREY) for gap in shown],
            texts=[tell_percent(gap.train / rows) for gap in shown],
            percent=True,
        )
        more = len(distinct) - len(shown)
        pictures = (
            picture(
                figure,
                f"Bars of the missing share of {len(shown)} columns, the largest first.",
                f"{shown[0].name} has the most gaps, {tell_percent(shown[0].train / rows)}.",
                "Columns of one kind with the same gaps share a bar.",
                f"{more} more have few gaps and are in the table below." if more else "",
            ),
        )
    return Part("By column", (" ".join(sentences),), pictures, _list_columns(measured))


def _list_columns(measured: Gaps) -> tuple[Grid, ...]:
    groups: dict[str, list[Gap]] = defaultdict(list)
    for gap in measured.columns:
        groups[name_group(gap.name)].append(gap)
    rows, tested = measured.rows
    by_group = sorted(
        groups.items(), key=lambda item: -sum(gap.train for gap in item[1]) / len(item[1])
    )
    return (
        Grid(
            "By group of columns that have gaps",
            ("group", "columns", "missing on average", "least", "most"),
            tuple(
                (
                    name,
                    str(len(gaps)),
                    tell_share(sum(gap.train for gap in gaps) // len(gaps), rows),
                    tell_share(min(gap.train for gap in gaps), rows),
                    tell_share(max(gap.train for gap in gaps), rows),
                )
                for name, gaps in by_group
            ),
        ),
        Grid(
            f"All {len(measured.columns)} columns with gaps",
            ("column", "group", "missing in train", "missing in test"),
            tuple(
                (
                    gap.name,
                    name_group(gap.name),
                    tell_share(gap.train, rows),
                    tell_share(gap.test, tested),
                )
                for gap in measured.columns
            ),
            folded=True,
            wordy=("group",),
        ),
    )


def _show_outcomes(measured: Gaps) -> Part:
    telling = [gap for gap in measured.columns if gap.separates]
    title = "Does a gap tell something?"
    if not telling:
        why = (
            f"No column has {SMALLEST_GROUP} clients of known outcome with a gap and as many "
            "without."
        )
        return Part(title, (why,))
    telling.sort(key=_measure_evidence, reverse=True)
    shown = merge_alike(telling)[:_MOST_PAIRS]
    figure = draw_pairs(
        "Default rate with and without a value",
        [(gap.name, gap.missing, gap.present) for gap in shown],
        ("missing", "present"),
    )
    strongest = shown[0]
    apart = [gap for gap in telling if _measure_evidence(gap) > 0]
    worse = sum(gap.difference > 0 for gap in apart)
    if apart:
        words = (
            f"In {len(apart)} of {len(telling)} columns the two intervals do not touch; in {worse} "
            "of these, clients without a value default more often. "
        )
    else:
        words = f"In none of {len(telling)} columns are the two intervals apart. "
    words += (
        f"Clearest: {strongest.name}, {tell_rate(strongest.missing)} without and "
        f"{tell_rate(strongest.present)} with a value."
    )
    pictures = [
        picture(figure, f"Default rates with and without a value, {len(shown)} columns.", words)
    ]
    if len(measured.by_count) > 1:
        counted = draw_rates(
            "By number of columns that a client lacks", measured.by_count, measured.overall.rate
        )
        pictures.append(
            picture(
                counted,
                "Default rate by how many columns are missing.",
                tell_extremes(measured.by_count),
                tell_chance(compute_chance(measured.by_count)),
            )
        )
    return Part(title, pictures=tuple(pictures))


def _measure_evidence(gap: Gap) -> float:
    """Return the distance between the two intervals; negative where they overlap."""
    (low, high), (other_low, other_high) = gap.missing.interval, gap.present.interval
    return max(low - other_high, other_low - high)


def _show_blocks(measured: Gaps) -> Part:
    if not measured.correlated:
        return Part()
    title = "What is missing together"
    if measured.blocks:
        largest = measured.blocks[0]
        sentence = (
            f"{len(measured.blocks)} blocks of columns are missing together (correlation of being "
            f"missing at least {TOGETHER}); the largest has {len(largest)} columns, "
            f"{tell_list(largest, 4)}. The gaps of such a block are one fact, not many."
        )
    else:
        sentence = f"No two columns are missing together (no correlation reaches {TOGETHER})."
    names = measured.correlated[:_MOST_CORRELATED]
    figure = draw_matrix(
        "Correlation of being missing",
        names,
        measured.correlations[: len(names), : len(names)],
        "correlation",
    )
    shown = picture(figure, f"Matrix of correlations of {len(names)} columns' gaps.", sentence)
    grids: tuple[Grid, ...] = ()
    if measured.blocks:
        counted = {gap.name: gap.train for gap in measured.columns}
        grids = (
            Grid(
                "Blocks of columns that are missing together",
                ("columns", "missing on average", "all of them"),
                tuple(
                    (
                        str(len(block)),
                        tell_share(
                            sum(counted[name] for name in block) // len(block), measured.rows[0]
                        ),
                        ", ".join(block),
                    )
                    for block in measured.blocks
                ),
                wordy=("all of them",),
            ),
        )
    return Part(title, pictures=(shown,), grids=grids)


def _list_sentinels(of_tables: Sequence[ColumnGap]) -> Part:
    found = [gap for gap in of_tables if gap.marked]
    if not found:
        return Part("Sentinels", ("No sentinel, such as 365243 days or XNA, is in the tables.",))
    found.sort(key=lambda gap: gap.marked / gap.rows, reverse=True)
    most = found[0]
    sentence = (
        f"{len(found)} columns have a sentinel, a value that stands for missing; this page reads "
        f"it as missing. Its share is largest in {most.table}.{most.column}: {most.sentinel} in "
        f"{tell_share(most.marked, most.rows)} of the rows."
    )
    grid = Grid(
        "Sentinels",
        ("column", "table", "sentinel", "rows", "share of the rows"),
        tuple(
            (
                gap.column,
                gap.table,
                gap.sentinel,
                tell_count(gap.marked),
                tell_share(gap.marked, gap.rows),
            )
            for gap in found
        ),
        wordy=("table",),
    )
    return Part("Sentinels", (sentence,), grids=(grid,))


def _show_histories(of_tables: Sequence[ColumnGap]) -> Part:
    histories = [
        gap for gap in of_tables if not gap.table.startswith("application") and gap.share > 0
    ]
    if not histories:
        return Part()
    histories.sort(key=lambda gap: gap.share, reverse=True)
    shown = [gap for gap in histories if gap.empty + gap.marked >= SMALLEST_GROUP][:_MOST_BARS]
    if not shown:
        return Part()
    figure = draw_bars(
        "Share of rows without a value, history tables",
        [f"{gap.column} ({gap.table})" for gap in shown],
        [gap.share for gap in shown],
        "share of the rows, empty or sentinel",
        texts=[tell_percent(gap.share) for gap in shown],
        percent=True,
    )
    first = shown[0]
    words = (
        f"{len(histories)} columns of the history tables have gaps, most of all {first.column} of "
        f"{first.table}, {tell_percent(first.share)}."
    )
    alt = f"Bars of the missing share of {len(shown)} columns of history tables."
    return Part("In the history tables", pictures=(picture(figure, alt, words),))
