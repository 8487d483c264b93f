"""Default rate by category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from credit.contract import Kind
from credit.disclosure import SMALLEST_GROUP
from training.data_report.applicants import Applicants
from training.data_report.page import Chapter, Part, Picture, picture, tell_only
from training.data_report.plots import draw_pairs, draw_rates
from training.data_report.rates import (
    Group,
    compute_chance,
    count_flag,
    count_levels,
    merge_rare,
)
from training.data_report.words import tell_list, tell_percent, tell_rate

ANCHOR, TITLE = "categories", "Default rate by category"
CHANCE, SMALL_CHANCE = 0.05, 0.001
MOST_LEVELS = 60
_RANKS = ("REGION_RATING_CLIENT", "REGION_RATING_CLIENT_W_CITY", "CNT_CHILDREN", "CNT_FAM_MEMBERS")
_MOST_FLAGS = 40


@dataclass(frozen=True, slots=True)
class Levels:
    """A column's levels.

    Attributes:
        name: Of the column.
        meaning: What the contract says of it.
        groups: A level each, the highest default rate first; rare ones merged.
        chance: How likely such differences are by chance.
        strength: Cramér's V: 0 where the levels do not differ, 1 where they decide.
    """

    name: str
    meaning: str
    groups: tuple[Group, ...]
    chance: float
    strength: float


@dataclass(frozen=True, slots=True)
class Categories:
    """All that has levels.

    Attributes:
        overall: All clients with a known outcome.
        columns: Those whose levels differ most first.
        constant: Columns with a single level, among clients whose outcome is known.
        flags: Pairs of those flagged and the others, by the name of the 0/1 column.
    """

    overall: Group
    columns: tuple[Levels, ...]
    constant: tuple[str, ...]
    flags: tuple[tuple[str, Group, Group], ...]


def measure_categories(train: Applicants | None) -> Categories | None:
    """Return the levels' default rates; None without a known outcome."""
    if train is None or not train.known.any():
        return None
    known = train.known
    defaulted = train.defaulted[known]
    overall = count_flag("all", known, train.defaulted)
    measured: list[Levels] = []
    constant: list[str] = []
    flags: list[tuple[str, Group, Group]] = []
    for name, column in train.columns.items():
        if column.kind is Kind.CATEGORY or name in _RANKS:
            codes, names = train.read_levels(name)
            groups = merge_rare(count_levels(codes[known], names, defaulted))
            if len(groups) > 1:
                measured.append(_measure_levels(name, column.meaning, groups, overall))
            else:
                constant.append(name)
        elif column.unit == "flag":
            pair = _compare_flag(train.read_numbers(name)[known], defaulted)
            if pair is None:
                constant.append(name)
            else:
                flags.append((name, *pair))
    measured.sort(key=lambda levels: levels.strength, reverse=True)
    flags.sort(key=lambda pair: abs(pair[1].rate - pair[2].rate), reverse=True)
    return Categories(overall, tuple(measured), tuple(constant), tuple(flags))


def describe_categories(measured: Categories | None) -> Chapter:
    """Return the chapter: a plot a column, and one of all flags."""
    if measured is None:
        return tell_only(ANCHOR, TITLE, "No outcome is known, so there are no rates by category.")
    sentences = [
        (
            "Columns stand by Cramér's V, which is 0 where levels do not differ and 1 where they "
            f"decide. Levels of fewer than {SMALLEST_GROUP} clients are merged as other."
        )
    ]
    if measured.columns:
        strongest = [f"{levels.name} ({levels.strength:.3f})" for levels in measured.columns[:3]]
        sentences.append(f"Levels differ most in {tell_list(strongest)}.")
    if measured.constant:
        sentences.append(
            f"Nothing to compare, since fewer than two groups have {SMALLEST_GROUP} clients: "
            f"{tell_list(measured.constant, 12)}."
        )
    pictures = tuple(_draw_levels(levels, measured.overall) for levels in measured.columns)
    parts = [Part(paragraphs=(" ".join(sentences),), pictures=pictures)]
    if measured.flags:
        parts.append(_describe_flags(measured))
    return Chapter(ANCHOR, TITLE, tuple(parts))


def tell_extremes(groups: Sequence[Group]) -> str:
    """Return which group has the highest and which the lowest default rate."""
    if len(groups) < 2:  # noqa: PLR2004 # one group has no other
        return "There is a single group, so nothing to compare."
    highest = max(groups, key=lambda group: group.rate)
    lowest = min(groups, key=lambda group: group.rate)
    if highest.rate == lowest.rate:
        return f"All groups have the same default rate, {tell_percent(highest.rate)}."
    return (
        f"Highest: {highest.label} with {tell_rate(highest)}. "
        f"Lowest: {lowest.label} with {tell_rate(lowest)}."
    )


def tell_chance(chance: float) -> str:
    """Return whether differences exceed what chance makes."""
    if np.isnan(chance):
        return ""
    told = "p < 0.001" if chance < SMALL_CHANCE else f"p = {chance:.3f}"
    told = told.replace(" ", "\N{NO-BREAK SPACE}")
    if chance < CHANCE:
        return f"Chance alone would hardly make such differences (chi-squared, {told})."
    return f"Chance alone can make such differences (chi-squared, {told})."


def _measure_levels(name: str, meaning: str, groups: list[Group], overall: Group) -> Levels:
    by_rate = sorted(groups, key=lambda group: group.rate, reverse=True)
    good = overall.rate * (1 - overall.rate)
    between = sum(group.clients * (group.rate - overall.rate) ** 2 for group in groups)
    clients = sum(group.clients for group in groups)
    strength = float(np.sqrt(between / clients / good)) if good else 0.0
    return Levels(name, meaning, tuple(by_rate), compute_chance(groups), strength)


def _compare_flag(
    numbers: np.ndarray[tuple[int], np.dtype[np.float64]],
    defaulted: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> tuple[Group, Group] | None:
    flagged = count_flag("1", numbers == 1, defaulted)
    other = count_flag("0", numbers == 0, defaulted)
    enough = min(flagged.clients, other.clients) >= SMALLEST_GROUP
    return (flagged, other) if enough else None


def _draw_levels(levels: Levels, overall: Group) -> Picture:
    shown = levels.groups[:MOST_LEVELS]
    figure = draw_rates(levels.name, shown, overall.rate)
    alt = f"Default rate with interval for each of {len(shown)} groups of {levels.name}."
    more = len(levels.groups) - len(shown)
    return picture(
        figure,
        alt,
        f"{levels.meaning}.",
        tell_extremes(levels.groups),
        tell_chance(levels.chance),
        f"{more:,} further levels are not drawn." if more else "",
    )


def _describe_flags(measured: Categories) -> Part:
    shown = measured.flags[:_MOST_FLAGS]
    figure = draw_pairs("Columns of 0 and 1", shown, ("flag is 1", "flag is 0"))
    name, flagged, other = shown[0]
    apart = sum(_are_apart(pair[1], pair[2]) for pair in shown)
    return Part(
        "Flags",
        pictures=(
            picture(
                figure,
                f"Default rates with the flag at 1 and at 0, for {len(shown)} columns.",
                f"The widest gap is that of {name}: {tell_rate(flagged)} with it, "
                f"{tell_rate(other)} without. For {apart} of {len(shown)} flags the two intervals "
                "do not touch.",
            ),
        ),
    )


def _are_apart(one: Group, other: Group) -> bool:
    return one.interval[0] > other.interval[1] or other.interval[0] > one.interval[1]
