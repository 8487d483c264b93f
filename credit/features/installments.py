"""Features of the payments on earlier loans: when they came, and how much of what was due."""

from __future__ import annotations

import narwhals as nw

from credit.features.feature import (
    CLIENT,
    FeatureMaker,
    HistoryFamily,
    Measure,
    Rows,
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
_WINDOWS = make_windows("DAYS_INSTALMENT", "d", (60, 90, 180, 365, 730))
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
    Measure("days_late", "days late, negative if early", _DAYS_LATE, ("mean", "max", "min", "std")),
    Measure(
        "days_past_due", "days past due, early ones as 0", nw.col("days_past_due"), ("mean", "sum")
    ),
    Measure("late_share", "flag: late", _LATE, ("mean",)),
    Measure("very_late_share", "flag: more than 30 days late", nw.col("is_very_late"), ("mean",)),
    Measure("early_share", "flag: early", nw.col("is_early"), ("mean",)),
    Measure("underpaid_share", "flag: less than due", nw.col("is_underpaid"), ("mean",)),
    Measure("underpaid", "amount lacking", nw.col("underpaid"), ("max", "sum", "mean")),
    Measure("paid_share", "paid / due", nw.col("paid_share"), ("mean", "min")),
    Measure("due", "amount due", _DUE, ("mean", "max", "sum")),
    Measure("paid", "amount paid", _PAID, ("mean", "min", "max", "sum")),
)
_LATELY = (
    Measure("days_late", "days late, negative if early", _DAYS_LATE, ("mean", "max")),
    Measure("late_share", "flag: late", _LATE, ("mean",)),
    Measure("underpaid_share", "flag: less than due", nw.col("is_underpaid"), ("mean",)),
    Measure("paid_share", "paid / due", nw.col("paid_share"), ("mean",)),
    Measure("due", "amount due", _DUE, ("sum",)),
)

_installments = FeatureMaker("installments_payments", "installments")

INSTALLMENTS_PAYMENTS = HistoryFamily(
    "installments_payments",
    _derive,
    (
        _installments.has_history("1 if there are payments"),
        _installments("payments_count", "Payments", nw.len()),
        _installments("days_due_max", "Latest day due", nw.col("DAYS_INSTALMENT").max()),
        _installments("days_due_min", "First day due", nw.col("DAYS_INSTALMENT").min()),
        _installments("days_paid_max", "Latest day paid", nw.col("DAYS_ENTRY_PAYMENT").max()),
        *_installments.sum_up(_PAYMENTS),
        _installments("paid_to_due", "Paid in all / due in all", ratio(_PAID.sum(), _DUE.sum())),
        _installments(
            "number_max", "Furthest payment of a calendar", nw.col("NUM_INSTALMENT_NUMBER").max()
        ),
        _installments(
            "version_max", "Most versions of a calendar", nw.col("NUM_INSTALMENT_VERSION").max()
        ),
        *_installments.count("payments due,", _WINDOWS),
        *_installments.sum_up(_LATELY, _WINDOWS),
        _installments(
            "late_share_trend_365d",
            "Share late of the last 365 days, less that of all",
            only(_LATE, _LAST_YEAR).mean() - _LATE.mean(),
        ),
        _installments(
            "days_late_trend_365d",
            "Mean days late of the last 365 days, less that of all",
            only(_DAYS_LATE, _LAST_YEAR).mean() - _DAYS_LATE.mean(),
        ),
        _installments(
            "due_trend_365d",
            "Mean due of the last 365 days / that of all",
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


_LAST_LOAN = nw.col("nth_latest") == 1


def _of_last_loan(name: str, meaning: str, column: str) -> tuple[str, str, nw.Expr]:
    return f"last_loan_{name}", f"{meaning}, last loan", only(nw.col(column), _LAST_LOAN).max()


INSTALLMENTS_LOANS = HistoryFamily(
    "installments_payments",
    _derive_loans,
    (
        _installments("loans_count", "Loans with payments", nw.len()),
        _installments(
            "late_loans_share", "Share of loans ever late", nw.col("is_ever_late").mean()
        ),
        _installments(
            "loan_late_share_max", "Largest share late of a loan", nw.col("loan_late_share").max()
        ),
        _installments(
            "loan_days_late_mean_max",
            "Largest mean days late of a loan",
            nw.col("loan_days_late").max(),
        ),
        _installments(
            "loan_paid_to_due_min", "Least paid / due of a loan", nw.col("loan_paid_to_due").min()
        ),
        _installments("loan_payments_mean", "Mean payments of a loan", nw.col("payments").mean()),
        _installments(*_of_last_loan("first_due", "First day due", "first_due")),
        _installments(*_of_last_loan("payments_count", "Payments", "payments")),
        _installments(*_of_last_loan("late_share_mean", "Share late", "loan_late_share")),
        _installments(*_of_last_loan("days_late_mean", "Mean days late", "loan_days_late")),
        _installments(*_of_last_loan("days_late_max", "Most days late", "loan_days_late_max")),
        _installments(*_of_last_loan("paid_to_due", "Paid / due", "loan_paid_to_due")),
    ),
)
