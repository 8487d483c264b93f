"""Features of the months of the bureau's loans: first summed up a loan, then a client."""

from __future__ import annotations

import narwhals as nw

from credit.features.feature import (
    FeatureMaker,
    HistoryFamily,
    Rows,
    as_flag,
    in_last,
    only,
    ratio,
)

LOAN = "SK_ID_BUREAU"
_MONTH = nw.col("MONTHS_BALANCE")
_WINDOW_MONTHS = (6, 12, 24)
_LATE = ["1", "2", "3", "4", "5"]
_VERY_LATE = ["2", "3", "4", "5"]


def _count(condition: nw.Expr) -> nw.Expr:
    return as_flag(condition).sum()


def _derive(rows: Rows) -> Rows:
    """Return one row a loan."""
    status = nw.col("STATUS")
    late = status.is_in(_LATE)
    reported = late | (status == "0")
    windows = {}
    for length in _WINDOW_MONTHS:
        recent = in_last(length, "MONTHS_BALANCE")
        windows[f"reported_{length}m"] = _count(reported & recent)
        windows[f"late_{length}m"] = _count(late & recent)
    return rows.group_by(LOAN).agg(
        months=nw.len(),
        first_month=_MONTH.min(),
        last_month=_MONTH.max(),
        reported=_count(reported),
        late=_count(late),
        very_late=_count(status.is_in(_VERY_LATE)),
        written_off=_count(status == "5"),
        closed=_count(status == "C"),
        unknown=_count(status == "X"),
        late_latest_month=only(_MONTH, late).max(),
        late_first_month=only(_MONTH, late).min(),
        **windows,
    )


_months = FeatureMaker("bureau_balance", "bureau_balance", "all months")


def _sum(column: str) -> nw.Expr:
    return nw.col(column).sum()


BUREAU_BALANCE = HistoryFamily(
    "bureau_balance",
    _derive,
    (
        _months.has_history("1 if the bureau has months of a loan"),
        _months("months_count", "Number of months, all loans", _sum("months")),
        _months("loans_count", "Number of loans with months", nw.len()),
        _months("months_mean", "Mean number of months of a loan", nw.col("months").mean()),
        _months("months_min", "First month", nw.col("first_month").min()),
        _months("months_max", "Latest month", nw.col("last_month").max()),
        _months(
            "late_share_mean",
            "Share of reported months past due",
            ratio(_sum("late"), _sum("reported")),
        ),
        _months("late_count", "Number of months past due", _sum("late")),
        _months(
            "late_loans_share", "Share of loans ever past due", as_flag(nw.col("late") > 0).mean()
        ),
        _months("late_loan_max", "Most months past due of a loan", nw.col("late").max()),
        _months(
            "very_late_count", "Number of months more than 30 days past due", _sum("very_late")
        ),
        _months(
            "written_off_count",
            "Number of months written off or over 120 days past due",
            _sum("written_off"),
        ),
        _months("late_latest_month", "Latest month past due", nw.col("late_latest_month").max()),
        _months("late_first_month", "First month past due", nw.col("late_first_month").min()),
        _months(
            "closed_share_mean", "Share of months closed", ratio(_sum("closed"), _sum("months"))
        ),
        _months(
            "unknown_share_mean",
            "Share of months not known",
            ratio(_sum("unknown"), _sum("months")),
        ),
        *(
            _months(
                f"late_share_mean_{length}m",
                f"Share of reported months past due, the last {length} months",
                ratio(_sum(f"late_{length}m"), _sum(f"reported_{length}m")),
            )
            for length in _WINDOW_MONTHS
        ),
        *(
            _months(
                f"late_count_{length}m",
                f"Number of months past due, the last {length} months",
                _sum(f"late_{length}m"),
            )
            for length in _WINDOW_MONTHS
        ),
        _months(
            "late_trend_12m",
            "Share of reported months past due of the last 12 months, less that of all",
            ratio(_sum("late_12m"), _sum("reported_12m")) - ratio(_sum("late"), _sum("reported")),
        ),
    ),
)
