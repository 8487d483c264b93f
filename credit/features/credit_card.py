"""Features of the months of credit cards: how much of the limit is used, how it is paid back."""

from __future__ import annotations

import narwhals as nw

from credit.features.feature import (
    FeatureMaker,
    HistoryFamily,
    Measure,
    Rows,
    Sort,
    as_flag,
    in_last,
    make_windows,
    only,
    ratio,
)

_MONTH = nw.col("MONTHS_BALANCE")
_BALANCE = nw.col("AMT_BALANCE")
_LIMIT = nw.col("AMT_CREDIT_LIMIT_ACTUAL")
_UTILISATION = nw.col("utilisation")
_WINDOWS = make_windows("the last {}", "MONTHS_BALANCE", "m", (3, 6, 12, 24))


def _derive(rows: Rows) -> Rows:
    paid = nw.col("AMT_PAYMENT_CURRENT")
    return rows.with_columns(
        utilisation=ratio(_BALANCE, _LIMIT),
        is_over_limit=as_flag(_BALANCE > _LIMIT),
        is_late=as_flag(nw.col("SK_DPD") > 0),
        is_late_beyond_tolerance=as_flag(nw.col("SK_DPD_DEF") > 0),
        paid_to_due=ratio(paid, nw.col("AMT_INST_MIN_REGULARITY")),
        paid_to_balance=ratio(paid, _BALANCE),
        is_underpaid=as_flag(paid < nw.col("AMT_INST_MIN_REGULARITY")),
        cash_share=ratio(nw.col("AMT_DRAWINGS_ATM_CURRENT"), nw.col("AMT_DRAWINGS_CURRENT")),
        drawn_to_limit=ratio(nw.col("AMT_DRAWINGS_CURRENT"), _LIMIT),
        interest=nw.col("AMT_TOTAL_RECEIVABLE") - nw.col("AMT_RECEIVABLE_PRINCIPAL"),
        has_cash_drawing=as_flag(nw.col("AMT_DRAWINGS_ATM_CURRENT") > 0),
        has_drawing=as_flag(nw.col("AMT_DRAWINGS_CURRENT") > 0),
        is_used=as_flag(_BALANCE > 0),
    )


_USE = (
    Measure("balance", "balance", _BALANCE, ("mean", "max", "std")),
    Measure("limit", "limit", _LIMIT, ("mean", "max", "min")),
    Measure("utilisation", "balance / limit", _UTILISATION, ("mean", "max", "std")),
    Measure("drawings", "amount drawn", nw.col("AMT_DRAWINGS_CURRENT"), ("mean", "max", "sum")),
    Measure(
        "drawings_count", "drawings", nw.col("CNT_DRAWINGS_CURRENT"), ("mean", "max"), Sort.COUNT
    ),
    Measure(
        "cash_drawings", "amount drawn in cash", nw.col("AMT_DRAWINGS_ATM_CURRENT"), ("mean", "max")
    ),
    Measure(
        "cash_drawings_count",
        "drawings in cash",
        nw.col("CNT_DRAWINGS_ATM_CURRENT"),
        ("mean", "max"),
        Sort.COUNT,
    ),
    Measure("cash_share", "drawn in cash / drawn in all", nw.col("cash_share"), ("mean",)),
    Measure("drawn_to_limit", "amount drawn / limit", nw.col("drawn_to_limit"), ("mean", "max")),
    Measure("interest", "interest and fees owed", nw.col("interest"), ("mean", "max")),
)
_REPAYMENT = (
    Measure("paid_to_due", "paid / minimum payment due", nw.col("paid_to_due"), ("mean", "min")),
    Measure("paid_to_balance", "paid / balance", nw.col("paid_to_balance"), ("mean",)),
    Measure("underpaid_share", "underpaid", nw.col("is_underpaid"), ("mean",), Sort.FLAG),
    Measure("paid", "amount paid", nw.col("AMT_PAYMENT_CURRENT"), ("mean", "max")),
    Measure("due", "minimum payment due", nw.col("AMT_INST_MIN_REGULARITY"), ("mean", "max")),
    Measure("late_share", "past due", nw.col("is_late"), ("mean",), Sort.FLAG),
    Measure(
        "late_beyond_tolerance_share",
        "past due (small debts forgiven)",
        nw.col("is_late_beyond_tolerance"),
        ("mean",),
        Sort.FLAG,
    ),
    Measure("dpd", "days past due", nw.col("SK_DPD"), ("max", "mean"), Sort.COUNT),
)
_LATELY = (
    Measure("balance", "balance", _BALANCE, ("mean",)),
    Measure("utilisation", "balance / limit", _UTILISATION, ("mean", "max")),
    Measure("drawings", "amount drawn", nw.col("AMT_DRAWINGS_CURRENT"), ("mean",)),
    Measure(
        "cash_drawings_count",
        "drawings in cash",
        nw.col("CNT_DRAWINGS_ATM_CURRENT"),
        ("mean",),
        Sort.COUNT,
    ),
    Measure("paid_to_balance", "paid / balance", nw.col("paid_to_balance"), ("mean",)),
    Measure("dpd", "days past due", nw.col("SK_DPD"), ("max",), Sort.COUNT),
)

_card = FeatureMaker("credit_card_balance", "card", "all months")
_QUARTER = in_last(3, "MONTHS_BALANCE")
_YEAR = in_last(12, "MONTHS_BALANCE")

CREDIT_CARD_BALANCE = HistoryFamily(
    "credit_card_balance",
    _derive,
    (
        _card.has_history("1 if the client had a card"),
        _card("months_count", "Number of months, all cards", nw.len()),
        _card("cards_count", "Number of cards", nw.col("SK_ID_PREV").n_unique()),
        _card("months_max", "Latest month", _MONTH.max()),
        _card("months_min", "First month", _MONTH.min()),
        _card("used_share", "Share of months with a balance", nw.col("is_used").mean()),
        _card("over_limit_share", "Share of months over the limit", nw.col("is_over_limit").mean()),
        _card("drawing_share", "Share of months with drawings", nw.col("has_drawing").mean()),
        _card(
            "cash_drawing_share",
            "Share of months with cash drawn",
            nw.col("has_cash_drawing").mean(),
        ),
        *_card.sum_up((*_USE, *_REPAYMENT)),
        *_card.count("Number of months in", _WINDOWS),
        *_card.sum_up(_LATELY, _WINDOWS),
        _card(
            "drawing_month_max",
            "Latest month with a drawing",
            only(_MONTH, nw.col("AMT_DRAWINGS_CURRENT") > 0).max(),
        ),
        _card("late_month_max", "Latest month past due", only(_MONTH, nw.col("SK_DPD") > 0).max()),
        _card(
            "utilisation_trend_3m",
            "Mean balance / limit of the last 3 months, less that of all",
            only(_UTILISATION, _QUARTER).mean() - _UTILISATION.mean(),
        ),
        _card(
            "utilisation_trend_12m",
            "Mean balance / limit of the last 12 months, less that of all",
            only(_UTILISATION, _YEAR).mean() - _UTILISATION.mean(),
        ),
        _card(
            "balance_trend_12m",
            "Mean balance of the last 12 months / that of all",
            ratio(only(_BALANCE, _YEAR).mean(), _BALANCE.mean()),
        ),
        _card(
            "payments_made_max",
            "Most payments made so far, of a card",
            nw.col("CNT_INSTALMENT_MATURE_CUM").max(),
        ),
    ),
)
