"""Features of the months of point-of-sale and cash loans."""

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
REPORTING_MONTHS = 2
"""A loan without a later month is over, whether its end was reported or not."""
_MONTH = nw.col("MONTHS_BALANCE")
_STATUS = nw.col("NAME_CONTRACT_STATUS")
_LATE = nw.col("is_late")
_WINDOWS = make_windows("the last {}", "MONTHS_BALANCE", "m", (3, 6, 12, 24))
_LAST_YEAR = in_last(12, "MONTHS_BALANCE")


def _derive(rows: Rows) -> Rows:
    return rows.with_columns(
        is_late=as_flag(nw.col("SK_DPD") > 0),
        is_late_beyond_tolerance=as_flag(nw.col("SK_DPD_DEF") > 0),
        is_completed=as_flag(_STATUS == "Completed"),
        is_active=as_flag(_STATUS == "Active"),
        is_demanded=as_flag(_STATUS.is_in(["Demand", "Returned to the store", "Amortized debt"])),
        remaining_share=ratio(nw.col("CNT_INSTALMENT_FUTURE"), nw.col("CNT_INSTALMENT")),
    )


_MONTHS = (
    Measure("late_share", "past due", _LATE, ("mean",), Sort.FLAG),
    Measure(
        "late_beyond_tolerance_share",
        "past due (small debts forgiven)",
        nw.col("is_late_beyond_tolerance"),
        ("mean",),
        Sort.FLAG,
    ),
    Measure("dpd", "days past due", nw.col("SK_DPD"), ("max", "mean"), Sort.COUNT),
    Measure(
        "dpd_def",
        "days past due (small debts forgiven)",
        nw.col("SK_DPD_DEF"),
        ("max", "mean"),
        Sort.COUNT,
    ),
)
_TERMS = (
    Measure("term", "term in months", nw.col("CNT_INSTALMENT"), ("mean", "max", "min")),
    Measure(
        "remaining",
        "payments to come",
        nw.col("CNT_INSTALMENT_FUTURE"),
        ("mean", "max", "min"),
        Sort.COUNT,
    ),
    Measure("remaining_share", "payments to come / term", nw.col("remaining_share"), ("mean",)),
)

_pos = FeatureMaker("POS_CASH_balance", "pos", "all months")

POS_CASH_BALANCE = HistoryFamily(
    "POS_CASH_balance",
    _derive,
    (
        _pos.has_history("1 if there are months of a loan"),
        _pos("months_count", "Number of months, all loans", nw.len()),
        _pos("months_max", "Latest month", _MONTH.max()),
        _pos("months_min", "First month", _MONTH.min()),
        _pos(
            "completed_count",
            "Number of months in which a loan ended",
            nw.col("is_completed").sum(),
        ),
        _pos("active_share_mean", "Share of months in force", nw.col("is_active").mean()),
        _pos(
            "demanded_count",
            "Number of months of demands, returns and amortized debts",
            nw.col("is_demanded").sum(),
        ),
        *_pos.sum_up((*_MONTHS, *_TERMS)),
        *_pos.count("Number of months in", _WINDOWS),
        *_pos.sum_up(_MONTHS, _WINDOWS),
        *_pos.sum_up(_TERMS[1:2], _WINDOWS[:3]),
        _pos("late_month_max", "Latest month past due", only(_MONTH, nw.col("SK_DPD") > 0).max()),
        _pos(
            "late_share_trend_12m",
            "Share past due of the last 12 months, less that of all",
            only(_LATE, _LAST_YEAR).mean() - _LATE.mean(),
        ),
    ),
)


def _derive_loans(rows: Rows) -> Rows:
    """Return one row a loan."""
    loans = (
        _derive(rows)
        .group_by(CLIENT, LOAN)
        .agg(
            first_month=_MONTH.min(),
            last_month=_MONTH.max(),
            months=nw.len(),
            loan_late_share=_LATE.mean(),
            loan_dpd_max=nw.col("SK_DPD").max(),
            loan_remaining=nw.col("CNT_INSTALMENT_FUTURE").min(),
            loan_completed=nw.col("is_completed").max(),
        )
    )
    return loans.with_columns(
        is_running=as_flag(
            (nw.col("loan_completed") == 0.0) & in_last(REPORTING_MONTHS, "last_month")
        ),
        is_ever_late=as_flag(nw.col("loan_dpd_max") > 0),
        nth_latest=rank_latest("first_month", LOAN),
    )


POS_CASH_LOANS = HistoryFamily(
    "POS_CASH_balance",
    _derive_loans,
    (
        _pos("loans_count", "Number of loans with months", nw.len()),
        _pos("running_count", "Number of loans still running", nw.col("is_running").sum()),
        _pos(
            "running_remaining_sum",
            "Total payments to come, loans still running",
            only(nw.col("loan_remaining"), nw.col("is_running") == 1.0).sum(),
        ),
        _pos("completed_share", "Share of loans that ended", nw.col("loan_completed").mean()),
        _pos("late_loans_share", "Share of loans ever past due", nw.col("is_ever_late").mean()),
        _pos("loan_months_mean", "Mean number of months of a loan", nw.col("months").mean()),
        _pos(
            "loan_late_share_max",
            "Largest share of months past due of a loan",
            nw.col("loan_late_share").max(),
        ),
        _pos.of_last_loan("months_count", "Number of months", "months"),
        _pos.of_last_loan("late_share_mean", "Share of months past due", "loan_late_share"),
        _pos.of_last_loan("dpd_max", "Most days past due", "loan_dpd_max"),
        _pos.of_last_loan("remaining", "Payments to come", "loan_remaining"),
        _pos.of_last_loan("completed", "1 if it ended", "loan_completed"),
    ),
)
