"""The terms of a loan that its applicant can still change: amount, purchase, duration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import floor, inf, isnan, log, log10

import numpy as np

from credit.contract.application import APPLICATION_COLUMNS
from credit.features.formula import Columns
from credit.features.loan_price import TERMS, predict_term_months

LEAST_SHARE = 0.25
"""A loan of less than a quarter of what was asked for would not serve its purpose."""
MOST_PAYMENT = 1.5
"""Who asked for a payment can hardly bear one that is more than half as large again."""
SIGNIFICANT_DIGITS = 3
ACTIONABLE = ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE")
"""The only columns that a counterfactual changes. All others are protected, past, or no business of
a loan's: to be asked at another hour, or to give an e-mail address, would game the model."""
_COLUMNS = {column.name: column for column in APPLICATION_COLUMNS}
_REVOLVING = _COLUMNS["NAME_CONTRACT_TYPE"].categories.index("Revolving loans")


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """What an applicant asks for; NaN: not stated.

    Attributes:
        AMT_CREDIT: Amount of the loan.
        AMT_ANNUITY: Regular payment.
        AMT_GOODS_PRICE: Price of what the loan pays for.
        revolving: Whether it is a card or the like, without a duration.
    """

    AMT_CREDIT: float
    AMT_ANNUITY: float
    AMT_GOODS_PRICE: float
    revolving: bool = False

    @property
    def amounts(self) -> dict[str, float]:
        """The amounts by their column."""
        return {name: getattr(self, name) for name in ACTIONABLE}

    @property
    def months(self) -> float:
        """The usual duration of loans of this credit / annuity; NaN where there is none."""
        if self.revolving:
            return float("nan")
        return float(predict_term_months({n: np.array([v]) for n, v in self.amounts.items()})[0])

    @property
    def keeps_contract(self) -> bool:
        """Whether every stated amount lies in its range of the data contract."""
        return all(_keeps_range(name, value) for name, value in self.amounts.items())


@dataclass(frozen=True, slots=True)
class Alternative:
    """Other terms for the same applicant.

    Attributes:
        terms: The terms, amounts of three significant digits where they changed.
        choices: In words, what the applicant would choose: one or two.
        size: Sum over the choices of |ln(new / old)| of the quantity chosen: scale-free, 0.1 for
            about a tenth less or more.
    """

    terms: LoanTerms
    choices: tuple[str, ...]
    size: float


def read_terms(application: Columns) -> LoanTerms:
    """Return the terms of one application, its encoded columns each of shape (1,)."""
    credit, annuity, goods = (float(application[name][0]) for name in ACTIONABLE)
    revolving = bool(application["NAME_CONTRACT_TYPE"][0] == _REVOLVING)
    return LoanTerms(credit, annuity, goods, revolving)


def ask_for(terms: LoanTerms, credit: float, months: int) -> LoanTerms:
    """Return the terms of another amount and duration at the price that these terms imply.

    The payment keeps the yearly interest of `credit.features.loan_price`, by the constant-ratio
    formula, of which the features are made; none is below zero, which only the usual duration's
    roundness can feign. Terms that state no payment imply no price: amount / duration, and nothing
    on top. The purchase grows with the amount. Amounts are rounded to cents.

    Args:
        terms: Of a loan with a duration (not `revolving`).
        credit: The other amount.
        months: The other duration.
    """
    before = terms.months
    interest = 0.0 if isnan(before) else max(_imply_interest(terms), 0.0)
    owed = credit if isnan(before) else _owe(credit, interest, before, months)
    return LoanTerms(
        AMT_CREDIT=credit,
        AMT_ANNUITY=round(owed / months, 2),
        AMT_GOODS_PRICE=round(terms.AMT_GOODS_PRICE * credit / terms.AMT_CREDIT, 2),
    )


def _imply_interest(terms: LoanTerms) -> float:
    """Return all payments over the usual duration, beyond the amount, as a share of it."""
    return terms.AMT_ANNUITY * terms.months / terms.AMT_CREDIT - 1


def _owe(credit: float, interest: float, before: float, months: float) -> float:
    """Return all payments over other months: interest grows with their number plus one."""
    return credit * (1 + interest * (months + 1) / (before + 1))


def list_single_choices(terms: LoanTerms, steps: int) -> Iterator[Alternative]:
    """Yield the alternatives of one choice, amounts falling in so many equal steps.

    A smaller loan keeps its duration, another duration keeps the implied interest.
    """
    for list_choices in _CHOICES:
        for other in list_choices(terms, steps):
            if _is_reasonable(terms, other.terms):
                yield other


def list_double_choices(terms: LoanTerms, steps: int) -> Iterator[Alternative]:
    """Yield the alternatives of two choices of different kinds."""
    for list_first, list_second in combinations(_CHOICES, 2):
        for first in list_first(terms, steps):
            for second in list_second(first.terms, steps):
                if _is_reasonable(terms, second.terms):
                    choices = (*first.choices, *second.choices)
                    yield Alternative(second.terms, choices, first.size + second.size)


def _list_smaller_loans(terms: LoanTerms, steps: int) -> Iterator[Alternative]:
    """Yield loans that pay for a smaller part of the same purchase."""
    if not terms.revolving:
        for share in _list_shares(steps):
            kept = replace(_scale(terms, share), AMT_GOODS_PRICE=terms.AMT_GOODS_PRICE)
            yield Alternative(kept, (_SMALLER_LOAN,), log(1 / share))


def _list_smaller_purchases(terms: LoanTerms, steps: int) -> Iterator[Alternative]:
    """Yield loans for something less expensive, or, of a card, a lower limit."""
    if terms.revolving or not isnan(terms.AMT_GOODS_PRICE):
        choice = _LOWER_LIMIT if terms.revolving else _SMALLER_PURCHASE
        for share in _list_shares(steps):
            yield Alternative(_scale(terms, share), (choice,), log(1 / share))


def _list_durations(terms: LoanTerms, steps: int) -> Iterator[Alternative]:  # noqa: ARG001 -- a kind
    """Yield the loan over other usual durations at the same interest, if features read them so.

    The interest is that of `credit.features.loan_price`, by the constant-ratio formula: it grows
    with the number of payments plus one.
    """
    before = terms.months
    if isnan(before):
        return
    interest = _imply_interest(terms)
    for months in TERMS:
        owed = _owe(terms.AMT_CREDIT, interest, before, months)
        changed = replace(terms, AMT_ANNUITY=_round(owed / months))
        if months != before and changed.months == months:
            choice = _LONGER if months > before else _SHORTER
            yield Alternative(changed, (choice,), abs(log(months / before)))


_CHOICES = (_list_smaller_loans, _list_smaller_purchases, _list_durations)
_SMALLER_LOAN = "Borrow less for the same purchase, over the same time, and pay the rest yourself"
_SMALLER_PURCHASE = "Choose a less expensive purchase, and borrow less for it over the same time"
_LOWER_LIMIT = "Ask for a lower limit"
_LONGER = "Pay the loan back over a longer time, at the same interest"
_SHORTER = "Pay the loan back over a shorter time, at the same interest"


def _list_shares(steps: int) -> Iterator[float]:
    for number in range(1, steps + 1):
        yield 1 - (1 - LEAST_SHARE) * number / steps


def _scale(terms: LoanTerms, share: float) -> LoanTerms:
    return replace(
        terms,
        AMT_CREDIT=_round(terms.AMT_CREDIT * share),
        AMT_ANNUITY=_round(terms.AMT_ANNUITY * share),
        AMT_GOODS_PRICE=_round(terms.AMT_GOODS_PRICE * share),
    )


def _is_reasonable(asked: LoanTerms, other: LoanTerms) -> bool:
    """Return whether the terms keep the contract, still serve, and can still be paid."""
    return (
        other != asked
        and other.keeps_contract
        and LEAST_SHARE * asked.AMT_CREDIT <= other.AMT_CREDIT <= asked.AMT_CREDIT
        and not other.AMT_ANNUITY > MOST_PAYMENT * asked.AMT_ANNUITY
    )


def _round(amount: float) -> float:
    if isnan(amount) or amount <= 0:
        return amount
    return round(amount, SIGNIFICANT_DIGITS - 1 - floor(log10(amount)))


def _keeps_range(name: str, value: float) -> bool:
    low, high = _COLUMNS[name].minimum, _COLUMNS[name].maximum
    return isnan(value) or (-inf if low is None else low) <= value <= (
        inf if high is None else high
    )
