"""Writes the features as a page: `python -m credit.features.document PATH`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import isnan
from pathlib import Path

from credit.contract import HISTORY_TABLES, TABLES
from credit.contract.document import render_row
from credit.features.application import TABLE as APPLICATION
from credit.features.catalog import FEATURES
from credit.features.feature import Feature
from credit.features.risk_direction import RiskDirection

_COMMAND = "python -m credit.features.document docs/features.md"
_INTRODUCTION = f"""\
# Features

Generated from `credit/features/` by `{_COMMAND}`: change the declarations, not this page.

The columns of the model in their order, table by table. Names in capitals are columns of the
[data contract](data-contract.md) as they are; categories stand as their codes. *a / b* is missing
where b is missing, zero or (in histories) negative. Days and months count from the application:
the latest is the largest. A window of 12 months has the months 0 to -12, one of 365 days the days
0 to -365. *Without rows* is the value for a client of whom the table says nothing. Where it says
*PD never rises*, the model's PD falls or stays as the feature rises, all others as they are: so a
better external score is never held against an applicant
([ADR 0022](adr/0022-a-better-external-score-never-raises-the-pd.md)).

Three families know other clients, and are made inside folds by training only: the default rate of
the nearest training clients, deviations from the mean of a group, scores of the rows of a history.
They are measured and not served ([ADR 0015](adr/0015-fitted-families-are-measured-not-served.md)).
"""
_OF_APPLICATION = ("feature", "meaning", "as it rises")
_OF_HISTORY = ("feature", "meaning", "without rows")


def render_features() -> str:
    """Return the page, as Markdown."""
    sections = [_INTRODUCTION, "\n".join(_list_tables()) + "\n"]
    sections += ["\n".join(_render_table(table)) + "\n" for table in (APPLICATION, *HISTORY_TABLES)]
    return "\n".join(sections)


def main(arguments: list[str]) -> None:
    """Write the page to the one path that is given."""
    (path,) = arguments
    Path(path).write_text(render_features(), encoding="utf-8")


def _list_tables() -> Iterator[str]:
    yield render_row("table", "features")
    yield render_row("---", "--:")
    for table in (APPLICATION, *HISTORY_TABLES):
        yield render_row(f"[{table}](#{table.lower()})", str(len(_find_features(table))))
    yield render_row("all", str(len(FEATURES)))


def _render_table(table: str) -> Iterator[str]:
    yield f"## {table}\n"
    if table in TABLES:
        yield f"{TABLES[table].meaning}\n"
    of_application = table == APPLICATION
    headings = _OF_APPLICATION if of_application else _OF_HISTORY
    yield render_row(*headings)
    yield render_row(*("---" for _ in headings))
    for feature in _find_features(table):
        last = _render_direction(feature) if of_application else _render_absent(feature)
        yield render_row(f"`{feature.name}`", feature.meaning, last)


def _find_features(table: str) -> tuple[Feature, ...]:
    return tuple(feature for feature in FEATURES if feature.table == table)


def _render_direction(feature: Feature) -> str:
    return "PD never rises" if feature.risk_direction is RiskDirection.FALLS else ""


def _render_absent(feature: Feature) -> str:
    return "missing" if isnan(feature.when_absent) else f"{feature.when_absent:g}"


if __name__ == "__main__":
    main(sys.argv[1:])
