from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.features.loan_price import LOAN_PRICE, TERMS
from credit.loan_terms import LoanTerms, ask_for

STORED = LoanTerms(AMT_CREDIT=406_597.5, AMT_ANNUITY=24_700.5, AMT_GOODS_PRICE=351_000.0)


def compute(name: str, terms: LoanTerms) -> float:
    """Return a feature of the loan's price, as the model is given it."""
    (feature,) = (item for item in LOAN_PRICE if item.name == name)
    columns = {column: np.array([amount]) for column, amount in terms.amounts.items()}
    return float(feature.compute(columns)[0])


def test_the_same_amount_and_duration_are_the_same_loan() -> None:
    assert ask_for(STORED, STORED.AMT_CREDIT, int(STORED.months)) == STORED


def test_half_the_amount_over_the_same_time_halves_everything() -> None:
    half = ask_for(STORED, STORED.AMT_CREDIT / 2, int(STORED.months))

    assert pytest.approx(STORED.AMT_ANNUITY / 2, abs=0.01) == half.AMT_ANNUITY
    assert half.AMT_GOODS_PRICE == 175_500.0


@given(st.sampled_from(TERMS))
def test_the_interest_that_the_model_sees_stays_what_it_was(months: float) -> None:
    other = ask_for(STORED, 300_000.0, int(months))

    if other.months == months:  # else the features read another duration off the payment
        assert compute("interest_rate", other) == pytest.approx(
            compute("interest_rate", STORED), abs=1e-4
        )


def test_most_durations_are_read_as_what_they_are() -> None:
    read = [ask_for(STORED, 300_000.0, int(months)).months == months for months in TERMS]

    assert sum(read) >= 7


def test_a_longer_duration_has_smaller_payments_and_costs_more_in_all() -> None:
    paid = [ask_for(STORED, 300_000.0, months).AMT_ANNUITY for months in range(3, 61)]

    assert sorted(paid, reverse=True) == paid
    in_all = [payment * months for months, payment in enumerate(paid, start=3)]
    assert sorted(in_all) == in_all


def test_a_loan_without_a_stated_payment_is_paid_back_without_interest() -> None:
    assert ask_for(LoanTerms(100_000.0, nan, 90_000.0), 60_000.0, 12).AMT_ANNUITY == 5_000.0


def test_no_interest_is_below_zero() -> None:
    """A duration rounded down to the usual one would feign that the lender pays."""
    rounded_down = LoanTerms(AMT_CREDIT=32_000.0, AMT_ANNUITY=10_000.0, AMT_GOODS_PRICE=nan)
    assert compute("interest_rate", rounded_down) < 0

    assert ask_for(rounded_down, 60_000.0, 60).AMT_ANNUITY == 1_000.0


def test_an_unknown_price_of_the_goods_stays_unknown() -> None:
    without = LoanTerms(100_000.0, 10_000.0, nan)

    assert isnan(ask_for(without, 60_000.0, 12).AMT_GOODS_PRICE)
