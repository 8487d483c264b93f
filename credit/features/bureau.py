"""Features of the credit bureau's tables: loans with other lenders, and their months."""

from __future__ import annotations

import narwhals as nw

from credit.features.feature import (
    HistoryFamily,
    Rows,
    as_flag,
    in_last,
    make_features_of,
    only,
    ratio,
)

_ACTIVE = nw.col("is_active") == 1.0
_LAST_YEAR = in_last(365, "DAYS_CREDIT")


def _derive_bureau(rows: Rows) -> Rows:
    return rows.with_columns(
        is_active=as_flag(nw.col("CREDIT_ACTIVE") == "Active"),
        is_card=as_flag(nw.col("CREDIT_TYPE") == "Credit card"),
        is_microloan=as_flag(nw.col("CREDIT_TYPE") == "Microloan"),
        is_overdue=as_flag(nw.col("AMT_CREDIT_SUM_OVERDUE") > 0),
        was_overdue=as_flag(nw.col("AMT_CREDIT_MAX_OVERDUE") > 0),
        days_ended_early=nw.col("DAYS_CREDIT_ENDDATE") - nw.col("DAYS_ENDDATE_FACT"),
    )


_bureau = make_features_of("bureau", "bureau")

BUREAU = HistoryFamily(
    "bureau",
    _derive_bureau,
    (
        _bureau("has_history", "1 if the bureau knows the client", nw.len().clip(0, 1)),
        _bureau("loans_count", "Loans at the bureau", nw.len()),
        _bureau("active_count", "Loans still running", nw.col("is_active").sum()),
        _bureau("active_share", "Share of loans still running", nw.col("is_active").mean()),
        _bureau("card_share", "Share of loans that are credit cards", nw.col("is_card").mean()),
        _bureau("microloan_count", "Microloans", nw.col("is_microloan").sum()),
        _bureau("types_count", "Kinds of loans", nw.col("CREDIT_TYPE").n_unique()),
        _bureau(
            "loans_count_365d",
            "Loans applied for in the last year",
            as_flag(_LAST_YEAR).sum(),
        ),
        _bureau("days_credit_max", "Day of the latest loan", nw.col("DAYS_CREDIT").max()),
        _bureau("days_credit_min", "Day of the first loan", nw.col("DAYS_CREDIT").min()),
        _bureau("days_credit_mean", "Mean day of the loans", nw.col("DAYS_CREDIT").mean()),
        _bureau(
            "active_days_credit_max",
            "Day of the latest loan still running",
            only(nw.col("DAYS_CREDIT"), _ACTIVE).max(),
        ),
        _bureau("days_enddate_max", "Latest end of a loan", nw.col("DAYS_CREDIT_ENDDATE").max()),
        _bureau(
            "active_days_enddate_mean",
            "Mean end of the loans still running",
            only(nw.col("DAYS_CREDIT_ENDDATE"), _ACTIVE).mean(),
        ),
        _bureau(
            "days_enddate_fact_max", "Latest closing of a loan", nw.col("DAYS_ENDDATE_FACT").max()
        ),
        _bureau(
            "days_ended_early_mean",
            "Mean days that loans were closed before their end",
            nw.col("days_ended_early").mean(),
        ),
        _bureau(
            "days_update_mean", "Mean day of the bureau's news", nw.col("DAYS_CREDIT_UPDATE").mean()
        ),
        _bureau("credit_sum", "Amount of all loans", nw.col("AMT_CREDIT_SUM").sum()),
        _bureau("credit_mean", "Mean amount of a loan", nw.col("AMT_CREDIT_SUM").mean()),
        _bureau("credit_max", "Largest loan", nw.col("AMT_CREDIT_SUM").max()),
        _bureau("debt_sum", "Owed in all", nw.col("AMT_CREDIT_SUM_DEBT").sum()),
        _bureau(
            "debt_to_credit",
            "Owed in all / amount of all loans",
            ratio(nw.col("AMT_CREDIT_SUM_DEBT").sum(), nw.col("AMT_CREDIT_SUM").sum()),
        ),
        _bureau(
            "active_debt_to_credit",
            "Owed / amount, of the loans still running",
            ratio(
                only(nw.col("AMT_CREDIT_SUM_DEBT"), _ACTIVE).sum(),
                only(nw.col("AMT_CREDIT_SUM"), _ACTIVE).sum(),
            ),
        ),
        _bureau("limit_sum", "Limits of all cards", nw.col("AMT_CREDIT_SUM_LIMIT").sum()),
        _bureau("overdue_sum", "Past due in all", nw.col("AMT_CREDIT_SUM_OVERDUE").sum()),
        _bureau("overdue_share", "Share of loans past due", nw.col("is_overdue").mean()),
        _bureau("overdue_days_max", "Most days past due now", nw.col("CREDIT_DAY_OVERDUE").max()),
        _bureau("max_overdue_max", "Most ever past due", nw.col("AMT_CREDIT_MAX_OVERDUE").max()),
        _bureau("was_overdue_share", "Share of loans ever past due", nw.col("was_overdue").mean()),
        _bureau("prolonged_sum", "Times loans were prolonged", nw.col("CNT_CREDIT_PROLONG").sum()),
        _bureau("annuity_sum", "Regular payments in all", nw.col("AMT_ANNUITY").sum()),
    ),
)

_MONTH_LATE = nw.col("is_late")
_MONTHS_12 = in_last(12, "MONTHS_BALANCE")


def _derive_bureau_balance(rows: Rows) -> Rows:
    status = nw.col("STATUS")
    reported = status.is_in(["0", "1", "2", "3", "4", "5"])
    return rows.with_columns(
        is_late=nw.when(reported).then(as_flag(status != "0")),
        is_very_late=nw.when(reported).then(as_flag(status.is_in(["2", "3", "4", "5"]))),
        is_closed=as_flag(status == "C"),
        is_unknown=as_flag(status == "X"),
    )


_months = make_features_of("bureau_balance", "bureau_balance")

BUREAU_BALANCE = HistoryFamily(
    "bureau_balance",
    _derive_bureau_balance,
    (
        _months("has_history", "1 if the bureau has months of a loan", nw.len().clip(0, 1)),
        _months("months_count", "Months of all loans", nw.len()),
        _months("loans_count", "Loans with months", nw.col("SK_ID_BUREAU").n_unique()),
        _months("months_min", "Earliest month", nw.col("MONTHS_BALANCE").min()),
        _months("late_share_mean", "Share of reported months past due", _MONTH_LATE.mean()),
        _months("late_count", "Months past due", _MONTH_LATE.sum()),
        _months(
            "very_late_count", "Months more than 30 days past due", nw.col("is_very_late").sum()
        ),
        _months(
            "late_share_mean_12m",
            "Share of reported months past due, last year",
            only(_MONTH_LATE, _MONTHS_12).mean(),
        ),
        _months(
            "late_latest_month",
            "Latest month past due",
            only(nw.col("MONTHS_BALANCE"), _MONTH_LATE == 1.0).max(),
        ),
        _months("closed_share_mean", "Share of months closed", nw.col("is_closed").mean()),
        _months("unknown_share_mean", "Share of months not known", nw.col("is_unknown").mean()),
    ),
)
