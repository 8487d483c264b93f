"""The vocabulary the contract is written in: a column, a key, a table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Kind(StrEnum):
    """What the values of a column are."""

    KEY = "key"  # an identifier, integer
    INTEGER = "integer"  # counts, days, months, 0/1 flags
    NUMBER = "number"  # amounts, shares, scores
    CATEGORY = "category"  # one of a closed list of texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table, declared once.

    Attributes:
        name: Kaggle's own name.
        kind: What the values are.
        meaning: What the column says, in our words.
        unit: Unit of a numeric column: ``currency``, ``days``, ``months``, ``years``, ``share``,
            ``score``, ``count``, ``flag``, ``hour``, ``rank``, ``square metres``; else empty.
        minimum: Smallest value the contract admits, inclusive; None: no lower limit.
        maximum: Largest value the contract admits, inclusive; None: no upper limit.
        categories: The closed list of texts of a category, in the order of their codes 0, 1, 2 …
        nullable: True where the cell may be empty.
        sentinel: The value the source writes for "missing" (365243 days, ``XNA``); read as missing.
        required: True where a scoring request must name the field (its value may still be null).
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    nullable: bool = False
    sentinel: float | str | None = None
    required: bool = False

    def __post_init__(self) -> None:
        """Reject a declaration that contradicts itself.

        Raises:
            ValueError: If categories and kind disagree, or the range is empty.
        """
        if (self.kind is Kind.CATEGORY) != bool(self.categories):
            raise ValueError(f"{self.name}: categories are for, and only for, kind CATEGORY.")
        if self.sentinel in self.categories:
            raise ValueError(f"{self.name}: the sentinel {self.sentinel!r} is also a category.")
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:  # type: ignore[operator]
            raise ValueError(f"{self.name}: minimum {self.minimum} > maximum {self.maximum}.")

    @property
    def numeric(self) -> bool:
        """True for everything that is not a category."""
        return self.kind is not Kind.CATEGORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A column whose values must be keys of another table.

    Attributes:
        column: The referring column.
        tables: Names of the tables that may hold the key; one of them suffices.
        key: The column's name there.
    """

    column: str
    tables: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One of the eight tables.

    Attributes:
        name: Kaggle's file name without its ending.
        meaning: What one row is.
        columns: In the order of Kaggle's file.
        primary_key: Columns that together name a row once; empty where rows have no key.
        references: Foreign keys.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns.

        Raises:
            ValueError: If two columns share a name, or a key names no column.
        """
        by_name = {column.name: column for column in self.columns}
        if len(by_name) != len(self.columns):
            raise ValueError(f"{self.name}: two columns share a name.")
        keys = (*self.primary_key, *(reference.column for reference in self.references))
        if unknown := [key for key in keys if key not in by_name]:
            raise ValueError(f"{self.name}: keys {unknown} are not columns.")
        object.__setattr__(self, "by_name", by_name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order of Kaggle's file."""
        return tuple(column.name for column in self.columns)


def key(name: str, meaning: str, *, maximum: int = 2**53 - 1, nullable: bool = False) -> Column:
    """Return an identifier column."""
    return Column(
        name=name, kind=Kind.KEY, meaning=meaning, minimum=0, maximum=maximum, nullable=nullable
    )


def flag(name: str, meaning: str, *, nullable: bool = False) -> Column:
    """Return a 0/1 column."""
    return _integer(name, meaning, "flag", (0, 1), nullable=nullable, sentinel=None)


def count(name: str, meaning: str, low: int, high: int, *, nullable: bool = False) -> Column:
    """Return a column that counts something."""
    return _integer(name, meaning, "count", (low, high), nullable=nullable, sentinel=None)


def days(
    name: str,
    meaning: str,
    low: int,
    high: int,
    *,
    nullable: bool = False,
    sentinel: int | None = None,
) -> Column:
    """Return a column of days: a date relative to the application (negative: before), or a span."""
    return _integer(name, meaning, "days", (low, high), nullable=nullable, sentinel=sentinel)


def months(name: str, meaning: str, low: int, high: int, *, nullable: bool = False) -> Column:
    """Return a column of months: relative to the application (negative: before), or a term."""
    return _integer(name, meaning, "months", (low, high), nullable=nullable, sentinel=None)


def whole(
    name: str,
    meaning: str,
    unit: str,
    limits: tuple[int, int],
    *,
    nullable: bool = False,
    sentinel: int | None = None,
) -> Column:
    """Return an integer column of another unit, such as ``hour`` or ``rank``."""
    return _integer(name, meaning, unit, limits, nullable=nullable, sentinel=sentinel)


def amount(name: str, meaning: str, low: float, high: float, *, nullable: bool = False) -> Column:
    """Return a column of money, in the lender's currency."""
    return _number(name, meaning, "currency", (low, high), nullable=nullable)


def share(
    name: str, meaning: str, low: float = 0, high: float = 1, *, nullable: bool = False
) -> Column:
    """Return a column of shares or of values scaled to the same span."""
    return _number(name, meaning, "share", (low, high), nullable=nullable)


def score(name: str, meaning: str, *, nullable: bool = False) -> Column:
    """Return a column of scores between 0 and 1."""
    return _number(name, meaning, "score", (0, 1), nullable=nullable)


def category(
    name: str,
    meaning: str,
    levels: tuple[str, ...],
    *,
    nullable: bool = False,
    sentinel: str | None = None,
) -> Column:
    """Return a column of texts from a closed list, in their order where they have one."""
    return Column(
        name=name,
        kind=Kind.CATEGORY,
        meaning=meaning,
        categories=levels,
        nullable=nullable,
        sentinel=sentinel,
    )


def required(column: Column) -> Column:
    """Return the column as one that a scoring request must name."""
    return replace(column, required=True)


def _integer(
    name: str,
    meaning: str,
    unit: str,
    limits: tuple[int, int],
    *,
    nullable: bool,
    sentinel: int | None,
) -> Column:
    return Column(
        name=name,
        kind=Kind.INTEGER,
        meaning=meaning,
        unit=unit,
        minimum=limits[0],
        maximum=limits[1],
        nullable=nullable,
        sentinel=sentinel,
    )


def _number(
    name: str, meaning: str, unit: str, limits: tuple[float, float], *, nullable: bool
) -> Column:
    return Column(
        name=name,
        kind=Kind.NUMBER,
        meaning=meaning,
        unit=unit,
        minimum=limits[0],
        maximum=limits[1],
        nullable=nullable,
    )
