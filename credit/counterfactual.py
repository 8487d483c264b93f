"""The smallest change of a loan's terms that would turn a refusal into an approval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from credit.contract.application import APPLICATION_COLUMNS
from credit.decision import Decision, name_decision, refuse
from credit.features.application import compute_application_features
from credit.features.catalog import assemble_features
from credit.features.formula import Columns
from credit.loan_terms import (
    ACTIONABLE,
    Alternative,
    list_double_choices,
    list_single_choices,
    read_terms,
)

Score = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Takes features of shape (n, len(FEATURES)), in the catalog's order; returns PDs of shape (n,)."""

FINE_STEPS = 75
COARSE_STEPS = 15
NOT_FOUND = (
    "No change of the loan's terms would change the decision: neither borrowing less, down to a "
    "quarter, nor another duration at the same interest, with payments half as large again at most."
)
_MEANINGS = {column.name: column.meaning for column in APPLICATION_COLUMNS}


@dataclass(frozen=True, slots=True)
class Change:
    """One column of the application that changes.

    Attributes:
        column: Its name.
        before: Value asked for.
        after: Value that would be approved.
        unit: Of both.
    """

    column: str
    before: float
    after: float
    unit: str = "currency"

    def __str__(self) -> str:
        """Return the change in words: `Amount of the loan: 450,000 to 396,000 (12% less)`."""
        share = self.after / self.before - 1
        word = "more" if share > 0 else "less"
        return (
            f"{_MEANINGS[self.column]}: {self.before:,.0f} to {self.after:,.0f} "
            f"({abs(share):.0%} {word})"
        )


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Terms on which the same applicant would be approved.

    Attributes:
        choices: What the applicant would choose, in words.
        changes: The columns that change by it; what depends on others moves along.
        months_before: Usual duration of such loans; NaN where there is none.
        months_after: The same of the other terms.
        pd: Probability of default on these terms.
        decision: What they would be told.
        size: How large the choices are, scale-free (`credit.loan_terms.Alternative`).
    """

    choices: tuple[str, ...]
    changes: tuple[Change, ...]
    months_before: float
    months_after: float
    pd: float
    decision: Decision
    size: float

    def __str__(self) -> str:
        """Return the whole in words."""
        parts = [str(change) for change in self.changes]
        if self.months_after != self.months_before and not isnan(self.months_before):
            parts.append(f"Duration: about {self.months_before:g} to {self.months_after:g} months")
        return f"{'; and: '.join(self.choices)}. {'; '.join(parts)}."


def find_counterfactual(
    application: Columns, history: NDArray[np.float32], score: Score, threshold: float
) -> Counterfactual | None:
    """Return the smallest change of the loan's terms by which it would be approved; None: no such.

    Changes are made on the columns of the application, and every feature is computed anew, so that
    ratios move along; the history and all else stay as they are. One choice is tried first, on a
    grid in steps of a hundredth of the amount, since no model promises to be monotone; only if none
    suffices, two, in steps of a twentieth. Of those that are approved the smallest is returned;
    equals by their order in `credit.loan_terms`.

    Source: Wachter, Mittelstadt, Russell, Counterfactual Explanations without Opening the Black Box
    (2018); what may change is restricted to what an applicant can act on, as in Ustun, Spangher,
    Liu, Actionable Recourse in Linear Classification (2019).

    Args:
        application: Encoded columns of one refused application, each of shape (1,).
        history: Its history features, shape (1, history features).
        score: The model.
        threshold: At or above it an applicant is refused.

    Raises:
        ValueError: If the application is approved as it is.
    """
    (pd,) = score(assemble_features(compute_application_features(application), history))
    if not pd >= threshold:
        raise ValueError(f"A PD of {pd:.4f} is approved at {threshold:.4f}: nothing to change.")
    terms = read_terms(application)
    for list_choices, steps in (
        (list_single_choices, FINE_STEPS),
        (list_double_choices, COARSE_STEPS),
    ):
        alternatives = list(list_choices(terms, steps))
        alternatives.sort(key=lambda alternative: alternative.size)
        pds = _score_alternatives(application, history, alternatives, score)
        approved = np.flatnonzero(~refuse(pds, threshold))
        if len(approved):
            best = int(approved[0])
            return _describe(application, alternatives[best], float(pds[best]))
    return None


def tell_counterfactual(found: Counterfactual | None) -> str:
    """Return the counterfactual in words, or that there is none."""
    return NOT_FOUND if found is None else str(found)


def _score_alternatives(
    application: Columns,
    history: NDArray[np.float32],
    alternatives: Sequence[Alternative],
    score: Score,
) -> NDArray[np.float64]:
    """Return the PD of each alternative, shape (alternatives,), computed as one batch."""
    count = len(alternatives)
    if not count:
        return np.empty(0)
    columns = {name: np.repeat(values, count) for name, values in application.items()}
    for name in ACTIONABLE:
        columns[name] = np.array([other.terms.amounts[name] for other in alternatives])
    features = compute_application_features(columns)
    return score(assemble_features(features, np.repeat(history, count, axis=0)))


def _describe(application: Columns, chosen: Alternative, pd: float) -> Counterfactual:
    before, after = read_terms(application), chosen.terms
    changes = tuple(
        Change(name, before.amounts[name], value)
        for name, value in after.amounts.items()
        if value != before.amounts[name] and not isnan(value)
    )
    return Counterfactual(
        choices=chosen.choices,
        changes=changes,
        months_before=before.months,
        months_after=after.months,
        pd=pd,
        decision=name_decision(refused=False),
        size=chosen.size,
    )
