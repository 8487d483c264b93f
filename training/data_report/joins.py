"""How many rows each client has in the history tables, and whether having any tells something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.contract import HISTORY_TABLES
from credit.disclosure import SMALLEST_GROUP
from training.check_report import CheckReport, FindingKind
from training.data_report.applicants import CLIENT, Applicants, Numbers
from training.data_report.bands import count_bands
from training.data_report.opening import ReadableTables
from training.data_report.rates import Group, count_flag
from training.table_scan import quote_name

BUREAU, BUREAU_BALANCE, BUREAU_KEY = "bureau", "bureau_balance", "SK_ID_BUREAU"
ROW_LIMITS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class RowsByClient:
    """How many rows of a history table each client has.

    Attributes:
        clients: Identifiers, ascending; for joins only.
        rows: Of each.
        lost: Rows that lead to no client, because their key is empty or not in bureau.
    """

    clients: Numbers
    rows: NDArray[np.int64]
    lost: int

    def look_up(self, clients: Numbers) -> NDArray[np.int64]:
        """Return how many rows each of these clients has, 0 for one who is not there."""
        if not len(self.clients):
            return np.zeros(len(clients), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.clients, clients), len(self.clients) - 1)
        return np.where(self.clients[places] == clients, self.rows[places], 0)


@dataclass(frozen=True, slots=True)
class Join:
    """How a history table joins to the applications.

    Attributes:
        table: Its name.
        rows: How many it has.
        clients: Different clients in it.
        orphans: Rows of no client of train or test.
        unknown_loans: Rows whose loan is in no other table, as the contract's check counts them.
        train: Clients of train, and how many of them have any row.
        test: The same of test.
        quantiles: 10, 50 and 90 % of the rows of a client of train or test who has any; rounded
            down. NaN of a few.
        having: Clients with any row, outcome known.
        lacking: Clients without.
        bands: Default rate by number of rows.
        shares: How many clients of train and test have so many rows, by band.
    """

    table: str
    rows: int
    clients: int
    orphans: int
    unknown_loans: int
    train: tuple[int, int]
    test: tuple[int, int]
    quantiles: tuple[float, float, float]
    having: Group
    lacking: Group
    bands: tuple[Group, ...]
    shares: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Joins:
    """All history tables that can be joined.

    Attributes:
        overall: All clients with a known outcome.
        joins: A table each.
        absent: Names of the tables that are not there, or lack their key.
    """

    overall: Group
    joins: tuple[Join, ...]
    absent: tuple[str, ...]


def count_rows(tables: ReadableTables, table: str) -> RowsByClient | None:
    """Return how many rows of the table each client has; None if that cannot be known."""
    if tables.has(table, CLIENT):
        sql = f"SELECT {CLIENT} AS client, count(*) AS rows FROM {quote_name(table)} GROUP BY 1"
    elif tables.has(table, BUREAU_KEY) and tables.has(BUREAU, BUREAU_KEY, CLIENT):
        sql = (
            f"SELECT owner.client, sum(counted.rows)::BIGINT AS rows FROM "
            f"(SELECT {BUREAU_KEY} AS loan, count(*) AS rows FROM {quote_name(table)} GROUP BY 1) "
            f"AS counted LEFT JOIN (SELECT {BUREAU_KEY} AS loan, any_value({CLIENT}) AS client "
            f"FROM {BUREAU} GROUP BY 1) AS owner USING (loan) GROUP BY 1"
        )
    else:
        return None
    found = tables.connection.sql(f"{sql} ORDER BY 1 NULLS LAST").to_arrow_table()
    clients = np.array(found.column(0).to_numpy(), dtype=np.float64)
    rows = np.array(found.column(1).to_numpy(), dtype=np.int64)
    known = ~np.isnan(clients)
    return RowsByClient(clients[known], rows[known], int(rows[~known].sum()))


def measure_joins(
    counted: dict[str, RowsByClient],
    train: Applicants | None,
    test: Applicants | None,
    report: CheckReport,
) -> Joins:
    """Return how the histories that were counted join to the applications."""
    joins = tuple(
        _measure(table, counted[table], train, test, report)
        for table in HISTORY_TABLES
        if table in counted
    )
    overall = Group("all", 0, 0)
    if train is not None:
        overall = count_flag("all", train.known, train.defaulted)
    absent = tuple(table for table in HISTORY_TABLES if table not in counted)
    return Joins(overall, joins, absent)


def _measure(
    table: str,
    counted: RowsByClient,
    train: Applicants | None,
    test: Applicants | None,
    report: CheckReport,
) -> Join:
    empty = np.empty(0)
    of_train = counted.look_up(train.clients if train is not None else empty)
    of_test = counted.look_up(test.clients if test is not None else empty)
    known = train.known if train is not None else np.empty(0, dtype=bool)
    defaulted = train.defaulted[known] if train is not None else known
    having = of_train[known] > 0
    every = np.concatenate([of_train, of_test])
    ours = np.concatenate([empty, *(table.clients for table in (train, test) if table is not None)])
    owned = int(counted.rows[np.isin(counted.clients, ours)].sum())
    rows = int(counted.rows.sum()) + counted.lost
    return Join(
        table=table,
        rows=rows,
        clients=len(counted.clients),
        orphans=rows - owned,
        unknown_loans=_find_unknown_loans(table, report),
        train=(len(of_train), int(np.count_nonzero(of_train))),
        test=(len(of_test), int(np.count_nonzero(of_test))),
        quantiles=_find_quantiles(every[every > 0]),
        having=count_flag("with", having, defaulted),
        lacking=count_flag("without", ~having, defaulted),
        bands=tuple(_count_bands(of_train[known], defaulted)),
        shares=tuple(_count_bands(every, np.zeros(len(every), dtype=bool))),
    )


def _count_bands(rows: NDArray[np.int64], defaulted: NDArray[np.bool_]) -> list[Group]:
    return count_bands(rows.astype(np.float64), defaulted, ROW_LIMITS, whole=True)


def _find_quantiles(rows: NDArray[np.int64]) -> tuple[float, float, float]:
    if len(rows) < SMALLEST_GROUP:
        return float("nan"), float("nan"), float("nan")
    low, middle, high = np.quantile(rows, [0.1, 0.5, 0.9], method="lower")
    return float(low), float(middle), float(high)


def _find_unknown_loans(table: str, report: CheckReport) -> int:
    return sum(
        finding.count
        for finding in report.findings
        if finding.table == table
        and finding.kind is FindingKind.ORPHAN_KEY
        and finding.column != CLIENT
    )
