"""Features of the loan that is asked for: what it costs, how long it runs.

The application tells credit and annuity, neither term nor interest. The term is predicted from
their ratio, as it was for earlier applications, where both are known; from it follows the interest.
"""

from __future__ import annotations

import numpy as np

from credit.features.external_scores import compute_mean
from credit.features.formula import (
    ApplicationFeature,
    Columns,
    FloatArray,
    difference,
    divide,
    share,
)
from credit.features.risk_direction import RiskDirection

MONTHS_A_YEAR = 12.0

TERM_EDGES = (3.25, 4.25, 5.75, 6.75, 7.75, 10.75, 13.75, 18.25, 23.25, 28.75)
"""Credit / annuity at which the usual term changes. Source: AMT_CREDIT / AMT_ANNUITY and
CNT_PAYMENT in Home Credit's previous_application, medians in bins of half a month: of consumer
loans up to a year, of cash loans above."""
TERMS = (3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0)
"""The usual terms in months, one more than edges."""


def predict_term_months(columns: Columns) -> FloatArray:
    """Return the term that earlier loans of this credit / annuity usually had."""
    ratio = divide(columns["AMT_CREDIT"], columns["AMT_ANNUITY"])
    terms = np.asarray(TERMS)[np.searchsorted(TERM_EDGES, ratio)]
    return np.where(np.isnan(ratio), np.nan, terms)


def _price(columns: Columns) -> FloatArray:
    """Return all payments / credit, over the predicted term."""
    return divide(columns["AMT_ANNUITY"] * predict_term_months(columns), columns["AMT_CREDIT"])


def _interest_rate(columns: Columns) -> FloatArray:
    """Return the yearly interest rate by the constant-ratio formula, 2 m I / (P (n + 1)).

    Source: the constant-ratio approximation of the annual percentage rate; m payments a year,
    interest I over the life of a loan of principal P in n payments.
    """
    interest_share = _price(columns) - 1.0
    return 2.0 * MONTHS_A_YEAR * interest_share / (predict_term_months(columns) + 1.0)


def _goods_interest_rate(columns: Columns) -> FloatArray:
    """Return the same rate on the price of the goods: with insurance and fees, which credit has."""
    paid = columns["AMT_ANNUITY"] * predict_term_months(columns)
    interest_share = divide(paid, columns["AMT_GOODS_PRICE"]) - 1.0
    return 2.0 * MONTHS_A_YEAR * interest_share / (predict_term_months(columns) + 1.0)


LOAN_PRICE: tuple[ApplicationFeature, ...] = (
    ApplicationFeature(
        "credit_term_months", "Credit / annuity", share("AMT_CREDIT", "AMT_ANNUITY")
    ),
    ApplicationFeature(
        "credit_to_goods", "Credit / price of the goods", share("AMT_CREDIT", "AMT_GOODS_PRICE")
    ),
    ApplicationFeature(
        "goods_to_annuity", "Price of the goods / annuity", share("AMT_GOODS_PRICE", "AMT_ANNUITY")
    ),
    ApplicationFeature(
        "credit_minus_goods",
        "Credit beyond the price of the goods",
        difference("AMT_CREDIT", "AMT_GOODS_PRICE"),
    ),
    ApplicationFeature(
        "predicted_term_months", "Usual term of loans of this credit / annuity", predict_term_months
    ),
    ApplicationFeature("price_to_credit", "All payments of the usual term / credit", _price),
    ApplicationFeature(
        "interest_rate", "Yearly interest of the usual term, implied by the annuity", _interest_rate
    ),
    ApplicationFeature(
        "goods_interest_rate",
        "Yearly interest of the usual term on the price of the goods",
        _goods_interest_rate,
    ),
    ApplicationFeature(
        "credit_term_times_ext_source_mean",
        "Credit / annuity, times the mean external score",
        lambda columns: (
            divide(columns["AMT_CREDIT"], columns["AMT_ANNUITY"]) * compute_mean(columns)
        ),
        RiskDirection.FALLS,
    ),
)
