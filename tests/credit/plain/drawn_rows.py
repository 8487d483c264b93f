"""Rows of history tables, drawn so that edges are common: nulls, zeros, ties, ends of windows."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING

from credit.contract import TABLES, Column, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    DrawnRow = dict[str, object]

DAYS = (0, 1, 59, 60, 61, 90, 91, 180, 181, 365, 366, 730, 731, 1_400)
AMOUNTS = (0, 1, 50, 100, 101, 250, 1_000, 44_955)
COUNTS = (0, 0, 1, 2, 12, 24)
MONTHS = range(31)
LATE_BY = (-40, -1, 0, 0, 1, 30, 31, 70)
STATUS_WEIGHTS = {"Approved": 4, "Refused": 3, "Active": 4}
TYPES = ("Credit card", "Consumer credit", "Mortgage", "Car loan", "Microloan", "Real estate loan")


def draw_rows(table: str, clients: int, seed: int) -> list[DrawnRow]:
    """Return rows of clients 1, 2 and so on, shuffled; each has one to four loans or more."""
    random = Random(seed)  # noqa: S311 -- the same rows for the same seed is what is wanted
    loans = count(10_000_001)
    rows = [
        row
        for client in range(1, clients + 1)
        for _ in range(random.choice((1, 1, 2, 3, 4)))
        for row in _draw_loan(table, client, next(loans), random)
    ]
    random.shuffle(rows)
    return rows


def read_missing(table: str, row: DrawnRow) -> DrawnRow:
    """Return the row with what the source writes for "missing" as None."""
    columns = TABLES[table].by_name
    return {
        name: None if name in columns and value == columns[name].sentinel else value
        for name, value in row.items()
    }


def _draw_loan(table: str, client: int, loan: int, random: Random) -> Iterator[DrawnRow]:
    identifier = "SK_ID_BUREAU" if table.startswith("bureau") else "SK_ID_PREV"
    key = {"SK_ID_CURR": client, identifier: loan}
    if table in {"bureau", "previous_application"}:
        # Several a loan's draw, so that clients have up to a dozen: each is its own loan.
        for part in range(random.choice((1, 2, 4))):
            yield _draw_row(table, random) | key | {identifier: 10 * (loan % 1_000_000) + part}
    elif table == "installments_payments":
        for _ in range(random.choice((1, 2, 5))):
            row = _draw_row(table, random) | key
            made = -random.choice(DAYS) + random.choice(LATE_BY)
            yield row | {"DAYS_ENTRY_PAYMENT": random.choice((made, made, made, None))}
    else:
        for month in random.sample(MONTHS, random.choice((1, 2, 5))):
            yield _draw_row(table, random) | key | {"MONTHS_BALANCE": -month}


def _draw_row(table: str, random: Random) -> DrawnRow:
    return {column.name: _draw_cell(column, random) for column in TABLES[table].columns}


def _draw_cell(column: Column, random: Random) -> object:
    if column.nullable and random.random() < 0.15:
        return None
    if column.sentinel is not None and random.random() < 0.15:
        return column.sentinel
    if column.kind is Kind.CATEGORY:
        levels = TYPES if column.name == "CREDIT_TYPE" else column.categories
        return random.choices(levels, [STATUS_WEIGHTS.get(level, 1) for level in levels])[0]
    return _draw_number(column, random)


def _draw_number(column: Column, random: Random) -> float:
    assert column.minimum is not None
    assert column.maximum is not None
    low, high = column.minimum, column.maximum
    if column.unit == "currency":
        number: float = random.choice(AMOUNTS) * random.choice((1, 1, 1, -1))
    elif column.unit == "share":
        number = random.choice((0, 0.05, 0.125, 0.5))
    elif column.unit == "days":
        number = random.choice(DAYS) * random.choice((1, -1))
        number = -number if not low <= number <= high else number
    else:
        number = random.choice(COUNTS)
    return min(max(number, low), high)
