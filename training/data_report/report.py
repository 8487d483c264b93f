"""Measures the tables and writes the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from credit.contract import HISTORY_TABLES, TABLES
from credit.cost import CostMatrix
from training.check_report import FindingKind
from training.data_report.applicants import TEST, TRAIN, Applicants, read_applicants
from training.data_report.categories import describe_categories, measure_categories
from training.data_report.gaps import measure_gaps
from training.data_report.gaps_chapter import describe_gaps
from training.data_report.inventory import (
    Inventory,
    describe_inventory,
    measure_inventory,
)
from training.data_report.joins import RowsByClient, count_rows, measure_joins
from training.data_report.joins_chapter import describe_joins
from training.data_report.opening import ReadableTables, open_readable
from training.data_report.outcome import Outcomes, describe_outcomes, measure_outcomes
from training.data_report.page import Chapter, Page, Part, render_page
from training.data_report.quantities import (
    EXTERNAL,
    LOAN,
    PERSON,
    SCORES,
    correlate,
    measure_quantities,
)
from training.data_report.quantities_chapter import describe_correlations, describe_quantities
from training.data_report.ranking import Told, describe_ranking, measure_ranking
from training.data_report.shift import describe_shifts, measure_shifts
from training.data_report.table_gaps import ColumnGap, measure_table_gaps
from training.data_report.words import tell_count, tell_percent
from training.replacing import replacing, require_own_file
from training.source_hashes import hash_sources
from training.table_check import check_tables
from training.telling import Track

FILE_NAME = "data_report.html"

_LOAN_COLUMNS = ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "AMT_INCOME_TOTAL")
_WORK = "Data report"
_OTHER_STEPS = 2  # hashes, application tables
_CHAPTERS = 5  # of columns: those that take long


MARK = 'name="generator" content="credit data report"'
"""Stands in every page, so that one can be replaced and nothing else."""


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """What to look at and where to write the page.

    Attributes:
        data: Folder, or zip, of the tables.
        out: File of the page.
        costs: Prices of mistakes.
        memory_limit: Memory the table engine may use.
    """

    data: Path
    out: Path
    costs: CostMatrix
    memory_limit: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the tables once, for all chapters."""

    train: Applicants | None
    test: Applicants | None
    histories: dict[str, RowsByClient]
    gaps: tuple[ColumnGap, ...]

    def count_clients(self) -> dict[str, int]:
        """Return how many different clients each table has that names them."""
        counts = {table: len(counted.clients) for table, counted in self.histories.items()}
        for table, applicants in ((TRAIN, self.train), (TEST, self.test)):
            if applicants is not None:
                named = applicants.clients[~np.isnan(applicants.clients)]
                counts[table] = len(np.unique(named))
        return counts


class _Steps:
    """Counts the steps of the work for whoever watches it."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self._done = 0
        self._all = _OTHER_STEPS + 2 * len(TABLES) + _CHAPTERS

    def go_on(self) -> None:
        self._done += 1
        self._track(_WORK, self._done, self._all)


def write_data_report(order: ReportOrder, track: Track) -> None:
    """Write the page about the tables, whole or not at all.

    Tables that break the contract are shown as far as they can be read, with what is wrong.

    Raises:
        TableMissing: If the folder does not exist or holds no table.
        UnreadableTable: If the source is no sound archive.
        OutputExists: If a file of something else would be lost.
    """
    require_own_file(order.out, MARK)
    page = render_page(measure_page(order, track))
    with replacing(order.out) as part:
        part.write_text(page, encoding="utf-8")


def measure_page(order: ReportOrder, track: Track) -> Page:
    """Return the page about the tables."""
    steps = _Steps(track)
    report = check_tables(
        order.data,
        lenient=True,
        memory_limit=order.memory_limit,
        on_table=lambda _: steps.go_on(),
    )
    unreadable = {
        finding.table for finding in report.findings if finding.kind is FindingKind.UNREADABLE
    }
    hashes = hash_sources(order.data, TABLES)
    steps.go_on()
    with open_readable(order.data, unreadable, order.memory_limit) as tables:
        read = _read(tables, steps)
        inventory = measure_inventory(tables, hashes, report, read.count_clients())
        outcomes = measure_outcomes(read.train, read.test, order.costs)
        ranking = measure_ranking(read.train, read.histories)
        chapters = [
            describe_inventory(inventory),
            describe_outcomes(outcomes),
            *_follow(_describe_columns(read), steps),
            describe_joins(measure_joins(read.histories, read.train, read.test, report)),
            describe_shifts(measure_shifts(read.train, read.test)),
            describe_ranking(ranking),
        ]
    return Page(
        title=f"Data report: {order.data.resolve().name}",
        made=f"Written by `credit data report` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        tiles=_choose_tiles(inventory, outcomes, ranking),
        chapters=tuple(chapters),
    )


def _read(tables: ReadableTables, steps: _Steps) -> _Read:
    train, test = read_applicants(tables, TRAIN), read_applicants(tables, TEST)
    steps.go_on()
    histories: dict[str, RowsByClient] = {}
    gaps: list[ColumnGap] = []
    for table in TABLES:
        if table in tables.scans:
            gaps += measure_table_gaps(tables, table)
        counted = count_rows(tables, table) if table in HISTORY_TABLES else None
        if counted is not None:
            histories[table] = counted
        steps.go_on()
    return _Read(train, test, histories, tuple(gaps))


def _describe_columns(read: _Read) -> Iterator[Chapter]:
    """Yield the chapters about the columns of the applications, one after the other."""
    train, test = read.train, read.test
    yield describe_gaps(measure_gaps(train, test), read.gaps)
    yield describe_categories(measure_categories(train))
    first = train if train is not None else test
    yield describe_quantities(
        "scores",
        "Scores from outside",
        measure_quantities(first, EXTERNAL),
        _correlate(first, SCORES),
    )
    yield describe_quantities("person", "Age and job", measure_quantities(first, PERSON))
    yield describe_quantities(
        "loan",
        "Loan, income and their ratios",
        measure_quantities(first, LOAN),
        _correlate(first, _LOAN_COLUMNS),
    )


def _correlate(applicants: Applicants | None, names: tuple[str, ...]) -> Part:
    return Part() if applicants is None else describe_correlations(*correlate(applicants, names))


def _follow(chapters: Iterable[Chapter], steps: _Steps) -> Iterator[Chapter]:
    for chapter in chapters:
        yield chapter
        steps.go_on()


def _choose_tiles(
    inventory: Inventory, outcomes: Outcomes, ranking: tuple[Told, ...] | None
) -> tuple[tuple[str, str], ...]:
    violations = len(inventory.report.violations)
    tiles = [
        ("tables that can be read", f"{len(inventory.sizes)} of {len(TABLES)}"),
        ("rows", f"{sum(size.rows for size in inventory.sizes):,}"),
        ("data contract", f"broken in {violations} ways" if violations else "kept"),
        ("clients with a known outcome", tell_count(outcomes.group.clients)),
        ("default rate", tell_percent(outcomes.group.rate) if outcomes.enough else "unknown"),
        ("clients of test", tell_count(outcomes.test)),
    ]
    if ranking:
        tiles.append((f"tells most alone (AUC {ranking[0].separation:.3f})", ranking[0].name))
    return tuple(tiles)
