"""The chapter of the history tables."""

from __future__ import annotations

from credit.disclosure import SMALLEST_GROUP
from training.data_report.categories import tell_chance, tell_extremes
from training.data_report.joins import Join, Joins
from training.data_report.page import Chapter, Grid, Part, Picture, picture, tell_only
from training.data_report.plots import HALF, draw_bars, draw_pairs, draw_rates
from training.data_report.rates import compute_chance
from training.data_report.words import (
    tell_count,
    tell_list,
    tell_number,
    tell_percent,
    tell_rate,
    tell_share,
)

ANCHOR, TITLE = "histories", "Histories: rows, joins, coverage"


def describe_joins(measured: Joins) -> Chapter:
    """Return the chapter: coverage, orphans, rows a client, and what having a history tells."""
    absent = (
        f"Missing, unreadable or without their key: {tell_list(measured.absent)}."
        if measured.absent
        else ""
    )
    if not measured.joins:
        return tell_only(ANCHOR, TITLE, f"There is no history table to join. {absent}")
    first = Part(
        paragraphs=tuple(filter(None, (_tell_coverage(measured), _tell_orphans(measured), absent))),
        grids=(_list_joins(measured),),
    )
    parts = [first, _compare_coverage(measured)]
    parts += [_describe_rows(join, measured) for join in measured.joins]
    return Chapter(ANCHOR, TITLE, tuple(part for part in parts if part != Part()))


def _tell_coverage(measured: Joins) -> str:
    covered = [join for join in measured.joins if join.train[0]]
    if not covered:
        return "There is no train table whose clients could have a history."
    widest = max(covered, key=lambda join: join.train[1])
    narrowest = min(covered, key=lambda join: join.train[1])
    return (
        f"Of the clients of train {tell_share(widest.train[1], widest.train[0])} have a row in "
        f"{widest.table}, the widest coverage; in {narrowest.table}, the narrowest, "
        f"{tell_share(narrowest.train[1], narrowest.train[0])}."
    )


def _tell_orphans(measured: Joins) -> str:
    orphans = [join for join in measured.joins if join.orphans]
    if not orphans:
        return "Every row of the histories belongs to a client of train or test."
    worst = max(orphans, key=lambda join: join.orphans / join.rows)
    return (
        f"{len(orphans)} tables have rows that belong to no client of train or test, most of all "
        f"{worst.table}: {tell_share(worst.orphans, worst.rows)} of its rows. Features leave them "
        "out."
    )


def _list_joins(measured: Joins) -> Grid:
    return Grid(
        "History tables",
        (
            "table",
            "rows",
            "clients",
            "train covered",
            "test covered",
            "rows a client: 10 %",
            "median",
            "90 %",
            "rows of no client",
            "rows of an unknown loan",
        ),
        tuple(
            (
                join.table,
                f"{join.rows:,}",
                tell_count(join.clients),
                tell_share(join.train[1], join.train[0]),
                tell_share(join.test[1], join.test[0]),
                *(tell_number(quantile) for quantile in join.quantiles),
                tell_count(join.orphans),
                tell_count(join.unknown_loans),
            )
            for join in measured.joins
        ),
    )


def _compare_coverage(measured: Joins) -> Part:
    pairs = [
        (join.table, join.having, join.lacking)
        for join in measured.joins
        if min(join.having.clients, join.lacking.clients) >= SMALLEST_GROUP
    ]
    title = "Does having a history tell something?"
    if not pairs:
        return Part(
            title,
            (f"No table has {SMALLEST_GROUP} clients of known outcome with a row, and without.",),
        )
    figure = draw_pairs("Default rate with and without a row", pairs, ("with", "without"))
    name, having, lacking = max(pairs, key=lambda pair: abs(pair[1].rate - pair[2].rate))
    words = (
        f"The difference is largest for {name}: {tell_rate(having)} with a row, "
        f"{tell_rate(lacking)} without."
    )
    alt = f"Default rates with and without a row, for {len(pairs)} history tables."
    return Part(title, pictures=(picture(figure, alt, words),))


def _describe_rows(join: Join, measured: Joins) -> Part:
    clients = sum(group.clients for group in join.shares)
    pictures: list[Picture] = []
    if len(join.shares) > 1:
        shares = [group.clients / clients for group in join.shares]
        figure = draw_bars(
            f"{join.table}: rows a client",
            [group.label for group in join.shares],
            shares,
            "share of the clients of train and test",
            texts=[f"{group.clients:,}" for group in join.shares],
            percent=True,
            width=HALF,
        )
        commonest = max(join.shares, key=lambda group: group.clients)
        pictures.append(
            picture(
                figure,
                f"Bars: share of the clients by their number of rows in {join.table}.",
                f"Most common is {commonest.label}: {tell_percent(max(shares))} of the clients.",
            )
        )
    if len(join.bands) > 1:
        figure = draw_rates(
            f"{join.table}: default rate by rows", join.bands, measured.overall.rate
        )
        pictures.append(
            picture(
                figure,
                f"Default rate by number of rows in {join.table}, with intervals.",
                tell_extremes(join.bands),
                tell_chance(compute_chance(join.bands)),
            )
        )
    if not pictures:
        few = f"Its clients do not fall into two groups of {SMALLEST_GROUP} by number of rows."
        return Part(join.table, (few,))
    return Part(join.table, pictures=tuple(pictures))
