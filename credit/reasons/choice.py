"""Which reasons an applicant is told: at most four, the strongest first, never a protected one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isnan

import numpy as np
from numpy.typing import NDArray

from credit.features.feature import HAS_HISTORY
from credit.reasons.catalog import REASONS, find_reason
from credit.reasons.reason import Reason

MOST_REASONS = 4
"""Source: official interpretation of 12 CFR 1002.9(b)(2): more are unlikely to help."""

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class ToldReason:
    """A reason as one applicant is told it.

    Attributes:
        code: The reason's.
        text: Of its wordings, the one that is true for the applicant.
        push: Sum of its features' contributions, in log-odds of default; above 0.
        missing: Whether what pushes is mostly that something is not known.
        features: Names of its features that push, the strongest first.
    """

    code: str
    text: str
    push: float
    missing: bool
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChosenReasons:
    """What one applicant is told, and the weight of what nobody may be told.

    Attributes:
        told: At most four, the strongest first; empty if nothing that may be told pushes.
        protected_push: Sum of the protected features' contributions, in log-odds of default.
    """

    told: tuple[ToldReason, ...]
    protected_push: float

    @property
    def rests_on_protected(self) -> bool:
        """Whether protected facts push harder than every reason told: a case for a person.

        The official interpretation of 12 CFR 1002.9(b)(2) wants no principal reason left out, and
        12 CFR 1002.4 forbids these to be one: no notice can mend that.
        """
        strongest = self.told[0].push if self.told else 0.0
        return self.protected_push > strongest


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a reason's features, and those that show its title to be true, stand."""

    reason: Reason | None
    own: tuple[int, ...]
    showing: tuple[int, ...]


def choose_reasons(
    contributions: FloatArray, features: FloatArray, names: Sequence[str], most: int = MOST_REASONS
) -> list[ChosenReasons]:
    """Return for each applicant the reasons that push towards refusal, the strongest first.

    A reason's push is the sum of its features' contributions, so that features which offset each
    other do not count. Equal pushes are told by code. One applicant gets the same among many.

    Args:
        contributions: Exact TreeSHAP, log-odds of default, without the bias, shape (n, columns).
        features: What the model was given, NaN where nothing is known, same shape.
        names: Of the columns: all of the catalog, or those a model was fitted on.
        most: How many are told at most.

    Raises:
        ValueError: If shapes differ, or a name belongs to no reason.
    """
    if contributions.shape != features.shape or contributions.shape[1:] != (len(names),):
        raise ValueError(
            f"Contributions {contributions.shape} and features {features.shape} must both be "
            f"(applicants, {len(names)}), a column a name."
        )
    arranged = _arrange(tuple(names))
    pushes = sum_by_reason(contributions, names)
    # Lists, since a single cell of an array takes ten times as long to read.
    rows = zip(contributions.tolist(), features.tolist(), pushes, strict=True)
    return [_choose(arranged, row, known, push, names, most) for row, known, push in rows]


def sum_by_reason(contributions: FloatArray, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the sums of contributions, shape (n, reasons + 1); the last are the protected ones.

    Raises:
        ValueError: If a name belongs to no reason.
    """
    sums = np.zeros((len(REASONS) + 1, len(contributions)))
    # One column after the other, so that one row and many add up alike to the last bit.
    np.add.at(sums, _find_positions(tuple(names)), contributions.T.astype(np.float64))
    return sums.T


@lru_cache(maxsize=8)
def _find_positions(names: tuple[str, ...]) -> NDArray[np.intp]:
    """Return for each column which reason it belongs to; the one after the last is protected."""
    everyone = [*REASONS, None]
    return np.array([everyone.index(find_reason(name)) for name in names], np.intp)


@lru_cache(maxsize=8)
def _arrange(names: tuple[str, ...]) -> tuple[_Columns, ...]:
    """Return the columns of each reason in their order, and at last of the protected features."""
    owners = [find_reason(name) for name in names]
    return tuple(
        _Columns(
            reason,
            tuple(number for number, owner in enumerate(owners) if owner is reason),
            tuple(
                number
                for number, name in enumerate(names)
                if reason and reason.shown_by and re.fullmatch(reason.shown_by, name)
            ),
        )
        for reason in (*REASONS, None)
    )


def _choose(
    arranged: tuple[_Columns, ...],
    contributions: Sequence[float],
    features: Sequence[float],
    pushes: NDArray[np.float64],
    names: Sequence[str],
    most: int,
) -> ChosenReasons:
    strongest_first = np.argsort(-pushes[:-1], kind="stable")[:most]
    told = tuple(
        _tell(arranged[position], contributions, features, float(pushes[position]), names)
        for position in strongest_first
        if pushes[position] > 0
    )
    return ChosenReasons(told, float(pushes[-1]))


def _tell(
    columns: _Columns,
    contributions: Sequence[float],
    features: Sequence[float],
    push: float,
    names: Sequence[str],
) -> ToldReason:
    pushing = [number for number in columns.own if contributions[number] > 0]
    pushing.sort(key=lambda number: -contributions[number])
    weight = {number: contributions[number] for number in pushing}
    unknown = sum(
        weight[number] for number in pushing if _is_unknown(names[number], features[number])
    )
    missing = unknown > sum(weight.values()) / 2
    reason = columns.reason
    if reason is None:
        raise ValueError("Protected features are never told.")
    shown = any(features[number] > 0 for number in columns.showing)
    return ToldReason(
        code=reason.code,
        text=_word(reason, missing=missing, shown=shown),
        push=push,
        missing=missing,
        features=tuple(names[number] for number in pushing),
    )


def _word(reason: Reason, *, missing: bool, shown: bool) -> str:
    if missing and reason.missing:
        return reason.missing
    return reason.neutral if reason.neutral and not shown else reason.title


def _is_unknown(name: str, value: float) -> bool:
    """Return whether the value says that something is not known, rather than what it is."""
    if name.endswith("missing_count"):
        return value > 0
    if name.endswith(HAS_HISTORY):
        return not value > 0
    return isnan(value)
