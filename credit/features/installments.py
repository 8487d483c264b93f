"""Features of the payments on earlier loans: when they came, and how much of what was due."""

from __future__ import annotations

import narwhals as nw

from credit.features.feature import (
    CLIENT,
    FeatureMaker,
    HistoryFamily,
    Measure,
    Rows,
    Sort,
    as_flag,
    in_last,
    make_windows,
    only,
    rank_latest,
    ratio,
)

LOAN = "SK_ID_PREV"
VERY_LATE_DAYS = 30
_DUE = nw.col("AMT_INSTALMENT")
_PAID = nw.col("AMT_PAYMENT")
_LATE = nw.col("is_late")
_DAYS_LATE = nw.col("days_late")
_WINDOWS = make_windows(
    "payments due in the last {}", "DAYS_INSTALMENT", "d", (60, 90, 180, 365, 730)
)
_LAST_YEAR = in_last(365, "DAYS_INSTALMENT")


def _derive(rows: Rows) -> Rows:
    days_late = nw.col("DAYS_ENTRY_PAYMENT") - nw.col("DAYS_INSTALMENT")
    return rows.with_columns(
        days_late=days_late,
        days_past_due=days_late.clip(0, None),
        is_late=as_flag(days_late > 0),
        is_very_late=as_flag(days_late > VERY_LATE_DAYS),
        is_early=as_flag(days_late < 0),
        is_underpaid=as_flag(_PAID < _DUE),
        underpaid=_DUE - _PAID,
        paid_share=ratio(_PAID, _DUE),
    )


_PAYMENTS = (
    Measure(
        "days_late",
        "days late (negative: early)",
        _DAYS_LATE,
        ("mean", "max", "min", "std"),
        Sort.COUNT,
    ),
    Measure(
        "days_past_due",
        "days past due (early: 0)",
        nw.col("days_past_due"),
        ("mean", "sum"),
        Sort.COUNT,
    ),
    Measure("late_share", "late", _LATE, ("mean",), Sort.FLAG),
    Measure(
        "very_late_share", "more than 30 days late", nw.col("is_very_late"), ("mean",), Sort.FLAG
    ),
    Measure("early_share", "early", nw.col("is_early"), ("mean",), Sort.FLAG),
    Measure("underpaid_share", "underpaid", nw.col("is_underpaid"), ("mean",), Sort.FLAG),
    Measure(
        "underpaid",
        "amount lacking (negative: overpaid)",
        nw.col("underpaid"),
        ("max", "sum", "mean"),
    ),
    Measure("paid_share", "paid / due", nw.col("paid_share"), ("mean", "min")),
    Measure("due", "amount due", _DUE, ("mean", "max", "sum")),
    Measure("paid", "amount paid", _PAID, ("mean", "min", "max", "sum")),
)
_LATELY = (
    Measure("days_late", "days late (negative: early)", _DAYS_LATE, ("mean", "max"), Sort.COUNT),
    Measure("late_share", "late", _LATE, ("mean",), Sort.FLAG),
    Measure("underpaid_share", "underpaid", nw.col("is_underpaid"), ("mean",), Sort.FLAG),
    Measure("paid_share", "paid / due", nw.col("paid_share"), ("mean",)),
    Measure("due", "amount due", _DUE, ("sum",)),
)

_installments = FeatureMaker("installments_payments", "installments", "all payments")

INSTALLMENTS_PAYMENTS = HistoryFamily(
    "installments_payments",
    _derive,
    (
        _installments.has_history("1 if there are payments"),
        _installments("payments_count", "Number of payments", nw.len()),
        _installments(
            "days_due_max", "Latest day a payment was due", nw.col("DAYS_INSTALMENT").max()
        ),
        _installments(
            "days_due_min", "First day a payment was due", nw.col("DAYS_INSTALMENT").min()
        ),
        _installments(
            "days_paid_max", "Latest day a payment was made", nw.col("DAYS_ENTRY_PAYMENT").max()
        ),
        *_installments.sum_up(_PAYMENTS),
        _installments(
            "paid_to_due", "Total paid / total due, all payments", ratio(_PAID.sum(), _DUE.sum())
        ),
        _installments(
            "number_max",
            "Highest number of a payment in its calendar",
            nw.col("NUM_INSTALMENT_NUMBER").max(),
        ),
        _installments(
            "version_max", "Highest version of a calendar", nw.col("NUM_INSTALMENT_VERSION").max()
        ),
        *_installments.count("Number of", _WINDOWS),
        *_installments.sum_up(_LATELY, _WINDOWS),
        _installments(
            "late_share_trend_365d",
            "Share late of the last 365 days, less that of all",
            only(_LATE, _LAST_YEAR).mean() - _LATE.mean(),
        ),
        _installments(
            "days_late_trend_365d",
            "Mean number of days late of the last 365 days, less that of all",
            only(_DAYS_LATE, _LAST_YEAR).mean() - _DAYS_LATE.mean(),
        ),
        _installments(
            "due_trend_365d",
            "Mean amount due of the last 365 days / that of all",
            ratio(only(_DUE, _LAST_YEAR).mean(), _DUE.mean()),
        ),
    ),
)


def _derive_loans(rows: Rows) -> Rows:
    """Return one row a loan."""
    loans = (
        _derive(rows)
        .group_by(CLIENT, LOAN)
        .agg(
            first_due=nw.col("DAYS_INSTALMENT").min(),
            payments=nw.len(),
            loan_late_share=_LATE.mean(),
            loan_days_late=_DAYS_LATE.mean(),
            loan_days_late_max=_DAYS_LATE.max(),
            loan_paid=_PAID.sum(),
            loan_due=_DUE.sum(),
        )
    )
    return loans.with_columns(
        is_ever_late=as_flag(nw.col("loan_days_late_max") > 0),
        loan_paid_to_due=ratio(nw.col("loan_paid"), nw.col("loan_due")),
        nth_latest=rank_latest("first_due", LOAN),
    )


INSTALLMENTS_LOANS = HistoryFamily(
    "installments_payments",
    _derive_loans,
    (
        _installments("loans_count", "Number of loans with payments", nw.len()),
        _installments(
            "late_loans_share", "Share of loans ever late", nw.col("is_ever_late").mean()
        ),
        _installments(
            "loan_late_share_max", "Largest share late of a loan", nw.col("loan_late_share").max()
        ),
        _installments(
            "loan_days_late_mean_max",
            "Largest mean number of days late of a loan",
            nw.col("loan_days_late").max(),
        ),
        _installments(
            "loan_paid_to_due_min",
            "Smallest total paid / total due of a loan",
            nw.col("loan_paid_to_due").min(),
        ),
        _installments(
            "loan_payments_mean", "Mean number of payments of a loan", nw.col("payments").mean()
        ),
        _installments.of_last_loan("first_due", "First day a payment was due", "first_due"),
        _installments.of_last_loan("payments_count", "Number of payments", "payments"),
        _installments.of_last_loan("late_share_mean", "Share of payments late", "loan_late_share"),
        _installments.of_last_loan("days_late_mean", "Mean number of days late", "loan_days_late"),
        _installments.of_last_loan("days_late_max", "Most days late", "loan_days_late_max"),
        _installments.of_last_loan("paid_to_due", "Total paid / total due", "loan_paid_to_due"),
    ),
)
