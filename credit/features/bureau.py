"""Features of the credit bureau's loans: what the client owes, or owed, to other lenders."""

from __future__ import annotations

import narwhals as nw

from credit.features.feature import (
    CLIENT,
    FeatureMaker,
    HistoryFamily,
    Measure,
    Rows,
    Slice,
    Sort,
    as_flag,
    in_last,
    make_windows,
    only,
    ratio,
)

_TYPES = {
    "card": ("Credit card", "credit cards"),
    "consumer": ("Consumer credit", "consumer loans"),
    "mortgage": ("Mortgage", "mortgages"),
    "car": ("Car loan", "car loans"),
    "microloan": ("Microloan", "microloans"),
}
_CREDIT = nw.col("AMT_CREDIT_SUM")
_DEBT = nw.col("AMT_CREDIT_SUM_DEBT")
_START = nw.col("DAYS_CREDIT")
_IS_ACTIVE = nw.col("CREDIT_ACTIVE") == "Active"
_IS_CARD = nw.col("CREDIT_TYPE") == "Credit card"
_IS_CLOSED = nw.col("CREDIT_ACTIVE") == "Closed"

_ACTIVE = Slice("active", "loans still running", _IS_ACTIVE)
_CLOSED = Slice("closed", "loans closed", _IS_CLOSED)
_OF_TYPE = tuple(
    Slice(name, words, nw.col("CREDIT_TYPE") == level) for name, (level, words) in _TYPES.items()
)
_WINDOWS = make_windows("loans of the last {}", "DAYS_CREDIT", "d", (180, 365, 730))
_ACTIVE_YEAR = Slice(
    "active_365d",
    "loans of the last 365 days still running",
    _IS_ACTIVE & in_last(365, "DAYS_CREDIT"),
)


def _derive(rows: Rows) -> Rows:
    earlier = _START.shift(1).over(CLIENT, order_by="DAYS_CREDIT")
    return rows.with_columns(
        is_active=as_flag(_IS_ACTIVE),
        is_closed=as_flag(_IS_CLOSED),
        is_overdue=as_flag(nw.col("AMT_CREDIT_SUM_OVERDUE") > 0),
        was_overdue=as_flag(nw.col("AMT_CREDIT_MAX_OVERDUE") > 0),
        is_foreign=as_flag(nw.col("CREDIT_CURRENCY") != "currency 1"),
        days_ended_early=nw.col("DAYS_CREDIT_ENDDATE") - nw.col("DAYS_ENDDATE_FACT"),
        days_until_end=nw.col("DAYS_CREDIT_ENDDATE") - _START,
        days_between=_START - earlier,
        owed_share=ratio(_DEBT, _CREDIT),
        repaid=_CREDIT - _DEBT,
        used_share=ratio(_DEBT, nw.col("AMT_CREDIT_SUM_LIMIT") + _DEBT),
        overdue_share=ratio(nw.col("AMT_CREDIT_SUM_OVERDUE"), _DEBT),
        debt_a_day=ratio(_DEBT, nw.col("DAYS_CREDIT_ENDDATE")),
    )


_TIMES = (
    Measure(
        "days_credit", "day a loan was applied for", _START, ("max", "min", "mean", "std"), Sort.DAY
    ),
    Measure(
        "days_enddate",
        "day a loan is to end",
        nw.col("DAYS_CREDIT_ENDDATE"),
        ("max", "min", "mean"),
        Sort.DAY,
    ),
    Measure(
        "days_update",
        "day of the bureau's news",
        nw.col("DAYS_CREDIT_UPDATE"),
        ("max", "mean"),
        Sort.DAY,
    ),
    Measure("term_days", "agreed term in days", nw.col("days_until_end"), ("mean", "max")),
)
_AMOUNTS = (
    Measure("credit", "credit", _CREDIT, ("sum", "mean", "max")),
    Measure("debt", "amount owed", _DEBT, ("sum", "mean", "max")),
    Measure("owed_share", "owed / credit", nw.col("owed_share"), ("mean", "max")),
    Measure(
        "max_overdue",
        "peak amount past due",
        nw.col("AMT_CREDIT_MAX_OVERDUE"),
        ("max", "mean", "sum"),
    ),
    Measure("overdue", "amount past due now", nw.col("AMT_CREDIT_SUM_OVERDUE"), ("sum", "max")),
    Measure(
        "overdue_days",
        "days past due now",
        nw.col("CREDIT_DAY_OVERDUE"),
        ("max", "mean"),
        Sort.COUNT,
    ),
    Measure("limit", "card limit", nw.col("AMT_CREDIT_SUM_LIMIT"), ("sum", "max")),
    Measure("annuity", "regular payment", nw.col("AMT_ANNUITY"), ("sum", "max")),
    Measure(
        "prolonged", "times prolonged", nw.col("CNT_CREDIT_PROLONG"), ("sum", "max"), Sort.COUNT
    ),
)
_IN_SHORT = (
    Measure("credit", "credit", _CREDIT, ("sum", "max")),
    Measure("debt", "amount owed", _DEBT, ("sum",)),
    Measure("owed_share", "owed / credit", nw.col("owed_share"), ("mean",)),
    Measure("max_overdue", "peak amount past due", nw.col("AMT_CREDIT_MAX_OVERDUE"), ("max",)),
    Measure("days_credit", "day a loan was applied for", _START, ("max",), Sort.DAY),
)

_bureau = FeatureMaker("bureau", "bureau", "all loans")


def _debt_to_credit(part: nw.Expr | None) -> nw.Expr:
    if part is None:
        return ratio(_DEBT.sum(), _CREDIT.sum())
    return ratio(only(_DEBT, part).sum(), only(_CREDIT, part).sum())


BUREAU = HistoryFamily(
    "bureau",
    _derive,
    (
        _bureau.has_history("1 if the bureau knows the client"),
        _bureau("loans_count", "Number of loans at the bureau", nw.len()),
        _bureau("types_count", "Number of kinds of loans", nw.col("CREDIT_TYPE").n_unique()),
        _bureau("active_share", "Share of loans still running", nw.col("is_active").mean()),
        _bureau("closed_share", "Share of loans closed", nw.col("is_closed").mean()),
        _bureau("overdue_share", "Share of loans past due now", nw.col("is_overdue").mean()),
        _bureau("was_overdue_share", "Share of loans ever past due", nw.col("was_overdue").mean()),
        _bureau("foreign_count", "Number of loans in another currency", nw.col("is_foreign").sum()),
        *_bureau.count("Number of", (_ACTIVE, _CLOSED, *_OF_TYPE, _ACTIVE_YEAR)),
        *_bureau.count("Number of", _WINDOWS),
        # All, running, closed
        *_bureau.sum_up((*_TIMES, *_AMOUNTS)),
        *_bureau.sum_up((*_TIMES, *_AMOUNTS), (_ACTIVE,)),
        *_bureau.sum_up((*_TIMES, _IN_SHORT[0]), (_CLOSED,)),
        _bureau(
            "closed_max_overdue_max",
            "Largest peak amount past due, loans closed",
            only(nw.col("AMT_CREDIT_MAX_OVERDUE"), _IS_CLOSED).max(),
        ),
        # Kinds and windows
        *_bureau.sum_up(_IN_SHORT, _OF_TYPE),
        *_bureau.sum_up(_IN_SHORT[:4], _WINDOWS),
        # Debt against credit, and where it goes
        _bureau("debt_to_credit", "Total owed / total credit, all loans", _debt_to_credit(None)),
        _bureau(
            "active_debt_to_credit",
            "Total owed / total credit, loans still running",
            _debt_to_credit(_IS_ACTIVE),
        ),
        _bureau(
            "debt_to_credit_365d",
            "Total owed / total credit, loans of the last 365 days",
            _debt_to_credit(in_last(365, "DAYS_CREDIT")),
        ),
        _bureau(
            "debt_to_credit_trend_365d",
            "Total owed / total credit of the last 365 days' loans, less that of all",
            _debt_to_credit(in_last(365, "DAYS_CREDIT")) - _debt_to_credit(None),
        ),
        _bureau(
            "credit_trend_365d",
            "Mean credit of the last 365 days' loans / that of all",
            ratio(only(_CREDIT, in_last(365, "DAYS_CREDIT")).mean(), _CREDIT.mean()),
        ),
        _bureau(
            "loans_trend_365d",
            "Share of loans that are of the last 365 days",
            as_flag(in_last(365, "DAYS_CREDIT")).mean(),
        ),
        _bureau(
            "active_repaid_sum",
            "Total repaid so far, loans still running",
            only(nw.col("repaid"), _IS_ACTIVE).sum(),
        ),
        _bureau(
            "card_used_share_mean",
            "Mean owed / (owed + limit), cards still running",
            only(nw.col("used_share"), _IS_CARD & _IS_ACTIVE).mean(),
        ),
        _bureau(
            "active_overdue_to_debt_max",
            "Largest past due now / owed, loans still running",
            only(nw.col("overdue_share"), _IS_ACTIVE).max(),
        ),
        _bureau(
            "active_debt_a_day_sum",
            "Total of owed / days until the end, loans still running",
            only(nw.col("debt_a_day"), _IS_ACTIVE).sum(),
        ),
        # Calendar
        _bureau(
            "days_enddate_fact_max",
            "Latest day a loan was closed",
            nw.col("DAYS_ENDDATE_FACT").max(),
        ),
        _bureau(
            "days_enddate_fact_mean",
            "Mean day a loan was closed",
            nw.col("DAYS_ENDDATE_FACT").mean(),
        ),
        _bureau(
            "days_ended_early_mean",
            "Mean days that loans were closed before their end",
            nw.col("days_ended_early").mean(),
        ),
        _bureau("days_between_mean", "Mean days between two loans", nw.col("days_between").mean()),
        _bureau("days_between_min", "Fewest days between two loans", nw.col("days_between").min()),
    ),
)
