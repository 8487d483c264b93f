"""What is missing: in which columns, together with what, and whether that tells something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit.disclosure import SMALLEST_GROUP
from training.data_report.applicants import Applicants, Flags
from training.data_report.bands import count_bands
from training.data_report.rates import Group, count_flag

TOGETHER = 0.9
"""Correlation of being missing from which columns count as one block."""
SAME = 0.9999
"""Correlation from which gaps are the same."""

_GROUPS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("scores from outside", "^EXT_SOURCE"),
        ("the building", "_(AVG|MODE|MEDI)$"),
        ("inquiries at the bureau", "^AMT_REQ_CREDIT_BUREAU"),
        ("social circle", "SOCIAL_CIRCLE$"),
        ("documents", "^FLAG_DOCUMENT"),
        ("the loan and the income", "^(AMT_|NAME_CONTRACT_TYPE)"),
        ("the job", "^(DAYS_EMPLOYED|OCCUPATION_TYPE|ORGANIZATION_TYPE|NAME_INCOME_TYPE)$"),
        ("the region", "^(REG_|LIVE_|REGION_)"),
    )
)


@dataclass(frozen=True, slots=True)
class Gap:
    """One column of the applications.

    Attributes:
        name: Of the column.
        train: Rows of train without a value; 0 without train.
        test: Rows of test without a value; 0 without test.
        missing: Clients without a value, outcome known.
        present: Clients with one.
    """

    name: str
    train: int
    test: int
    missing: Group
    present: Group

    @property
    def separates(self) -> bool:
        """Whether both groups are large enough to be shown."""
        return min(self.missing.clients, self.present.clients) >= SMALLEST_GROUP

    @property
    def difference(self) -> float:
        """Default rate of those without a value less that of the others."""
        return self.missing.rate - self.present.rate


@dataclass(frozen=True, slots=True)
class Gaps:
    """All that is missing in the applications.

    Attributes:
        columns: With any gap, the largest first.
        whole: How many columns have none.
        rows: Rows of train and of test.
        correlated: Names of the columns of the matrix, blocks together; of columns with the very
            same gaps the first, and how many more.
        correlations: Of being missing, shape (len(correlated), len(correlated)).
        blocks: Names of columns that are missing together.
        by_count: Default rate by how many columns a client lacks.
        overall: All clients with a known outcome.
    """

    columns: tuple[Gap, ...]
    whole: int
    rows: tuple[int, int]
    correlated: tuple[str, ...]
    correlations: NDArray[np.float64]
    blocks: tuple[tuple[str, ...], ...]
    by_count: tuple[Group, ...]
    overall: Group


def measure_gaps(train: Applicants | None, test: Applicants | None) -> Gaps | None:
    """Return what is missing in the applications; None where there are none."""
    first = train if train is not None else test
    if first is None:
        return None
    known, defaulted = first.known, first.defaulted
    columns: list[Gap] = []
    flags: dict[str, Flags] = {}
    per_client = np.zeros(len(first), dtype=np.int64)
    for name in first.columns:
        missing = first.is_missing(name)
        count = int(np.count_nonzero(missing))
        other = test if test is not first else None
        tested = other.is_missing(name) if other is not None and name in other.columns else None
        lacking = int(np.count_nonzero(tested)) if tested is not None else 0
        per_client += missing
        if count or lacking:
            gap = Gap(
                name,
                count,
                lacking,
                count_flag("missing", missing & known, defaulted),
                count_flag("present", ~missing & known, defaulted),
            )
            columns.append(gap)
        if SMALLEST_GROUP <= count <= len(first) - SMALLEST_GROUP:
            flags[name] = missing
    correlated, correlations, blocks = _correlate(flags)
    return Gaps(
        columns=tuple(sorted(columns, key=lambda gap: (gap.train, gap.test), reverse=True)),
        whole=len(first.columns) - len(columns),
        rows=(len(first), len(test) if test is not None and test is not first else 0),
        correlated=correlated,
        correlations=correlations,
        blocks=blocks,
        by_count=tuple(_count_by_number(per_client[known], defaulted[known])),
        overall=count_flag("all", known, defaulted),
    )


def merge_alike(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the gaps, those of one group of columns that count the same as one."""
    alike: dict[tuple[object, ...], list[Gap]] = {}
    for gap in gaps:
        counts = (gap.train, gap.test, gap.missing, gap.present)
        alike.setdefault((name_group(gap.name), *counts), []).append(gap)
    return [
        replace(same[0], name=_name_alike([gap.name for gap in same])) for same in alike.values()
    ]


def name_group(column: str) -> str:
    """Return what kind of thing a column of the applications, or the first of some, is."""
    column = column.partition(" ")[0]
    return next((name for name, pattern in _GROUPS if pattern.search(column)), "the client")


def _count_by_number(lacking: NDArray[np.int64], defaulted: Flags) -> list[Group]:
    if not len(lacking):
        return []
    limits = sorted({float(np.ceil(q)) for q in np.quantile(lacking, np.arange(1, 10) / 10)})
    return count_bands(lacking.astype(np.float64), defaulted, limits, whole=True)


def _correlate(
    flags: dict[str, Flags],
) -> tuple[tuple[str, ...], NDArray[np.float64], tuple[tuple[str, ...], ...]]:
    """Return the columns by block, the correlations of being missing, and the blocks."""
    if len(flags) < 2:  # noqa: PLR2004 # one column has no other
        return (), np.empty((0, 0)), ()
    names = tuple(flags)
    matrix = np.array([flags[name] for name in names], dtype=np.float32)
    matrix -= matrix.mean(axis=1, keepdims=True)
    matrix /= np.sqrt((matrix**2).sum(axis=1, keepdims=True))
    correlations = np.asarray(matrix @ matrix.T, dtype=np.float64)
    members = _join_blocks(correlations >= TOGETHER)
    order = [place for block in members for place in block]
    blocks = [tuple(names[place] for place in block) for block in members if len(block) > 1]
    alike = [[other for other in order if correlations[place, other] > SAME] for place in order]
    distinct = [same for place, same in zip(order, alike, strict=True) if same[0] == place]
    firsts = [same[0] for same in distinct]
    return (
        tuple(_name_alike([names[place] for place in same]) for same in distinct),
        correlations[np.ix_(firsts, firsts)],
        tuple(blocks),
    )


def _name_alike(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} + {len(names) - 1} alike"


def _join_blocks(together: NDArray[np.bool_]) -> Sequence[list[int]]:
    """Return the places of columns that hang together, directly or through others; large first."""
    left = set(range(len(together)))
    blocks: list[list[int]] = []
    while left:
        waiting = [min(left)]
        block: set[int] = set()
        while waiting:
            place = waiting.pop()
            if place in left:
                left.remove(place)
                block.add(place)
                waiting += np.flatnonzero(together[place]).tolist()
        blocks.append(sorted(block))
    return sorted(blocks, key=len, reverse=True)
