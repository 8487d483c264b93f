"""Features of what became of earlier loans: monthly balances and single payments."""

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


def _derive_pos(rows: Rows) -> Rows:
    return rows.with_columns(
        is_late=as_flag(nw.col("SK_DPD") > 0),
        is_late_beyond_tolerance=as_flag(nw.col("SK_DPD_DEF") > 0),
        is_completed=as_flag(nw.col("NAME_CONTRACT_STATUS") == "Completed"),
        remaining_share=ratio(nw.col("CNT_INSTALMENT_FUTURE"), nw.col("CNT_INSTALMENT")),
    )


_pos = make_features_of("POS_CASH_balance", "pos")
_LAST_YEAR = in_last(12, "MONTHS_BALANCE")

POS_CASH_BALANCE = HistoryFamily(
    "POS_CASH_balance",
    _derive_pos,
    (
        _pos("has_history", "1 if there are months of a loan", nw.len().clip(0, 1)),
        _pos("months_count", "Months of all loans", nw.len()),
        _pos("loans_count", "Loans with months", nw.col("SK_ID_PREV").n_unique()),
        _pos("months_max", "Latest month", nw.col("MONTHS_BALANCE").max()),
        _pos("months_min", "Earliest month", nw.col("MONTHS_BALANCE").min()),
        _pos("late_share_mean", "Share of months past due", nw.col("is_late").mean()),
        _pos(
            "late_share_mean_12m",
            "Share of months past due, last year",
            only(nw.col("is_late"), _LAST_YEAR).mean(),
        ),
        _pos(
            "late_beyond_tolerance_share_mean",
            "Share of months past due, small debts forgiven",
            nw.col("is_late_beyond_tolerance").mean(),
        ),
        _pos("dpd_max", "Most days past due", nw.col("SK_DPD").max()),
        _pos("dpd_mean", "Mean days past due", nw.col("SK_DPD").mean()),
        _pos("dpd_def_max", "Most days past due, small debts forgiven", nw.col("SK_DPD_DEF").max()),
        _pos("completed_count", "Months in which a loan ended", nw.col("is_completed").sum()),
        _pos("term_mean", "Mean term", nw.col("CNT_INSTALMENT").mean()),
        _pos("remaining_mean", "Mean of payments to come", nw.col("CNT_INSTALMENT_FUTURE").mean()),
        _pos(
            "remaining_share_mean",
            "Mean share of payments still to come",
            nw.col("remaining_share").mean(),
        ),
        _pos(
            "remaining_max_12m",
            "Most payments to come, last year",
            only(nw.col("CNT_INSTALMENT_FUTURE"), _LAST_YEAR).max(),
        ),
    ),
)


def _derive_card(rows: Rows) -> Rows:
    return rows.with_columns(
        utilisation=ratio(nw.col("AMT_BALANCE"), nw.col("AMT_CREDIT_LIMIT_ACTUAL")),
        is_late=as_flag(nw.col("SK_DPD") > 0),
        is_late_beyond_tolerance=as_flag(nw.col("SK_DPD_DEF") > 0),
        paid_to_due=ratio(nw.col("AMT_PAYMENT_CURRENT"), nw.col("AMT_INST_MIN_REGULARITY")),
        has_cash_drawing=as_flag(nw.col("AMT_DRAWINGS_ATM_CURRENT") > 0),
    )


_card = make_features_of("credit_card_balance", "card")
_LAST_HALF_YEAR = in_last(6, "MONTHS_BALANCE")

CREDIT_CARD_BALANCE = HistoryFamily(
    "credit_card_balance",
    _derive_card,
    (
        _card("has_history", "1 if the client had a card", nw.len().clip(0, 1)),
        _card("months_count", "Months of all cards", nw.len()),
        _card("cards_count", "Cards", nw.col("SK_ID_PREV").n_unique()),
        _card("months_max", "Latest month", nw.col("MONTHS_BALANCE").max()),
        _card("balance_mean", "Mean balance", nw.col("AMT_BALANCE").mean()),
        _card("balance_max", "Largest balance", nw.col("AMT_BALANCE").max()),
        _card("limit_max", "Largest limit", nw.col("AMT_CREDIT_LIMIT_ACTUAL").max()),
        _card("utilisation_mean", "Mean of balance / limit", nw.col("utilisation").mean()),
        _card("utilisation_max", "Largest balance / limit", nw.col("utilisation").max()),
        _card(
            "utilisation_mean_6m",
            "Mean of balance / limit, last six months",
            only(nw.col("utilisation"), _LAST_HALF_YEAR).mean(),
        ),
        _card("drawings_mean", "Mean drawn a month", nw.col("AMT_DRAWINGS_CURRENT").mean()),
        _card("drawings_count_mean", "Mean drawings", nw.col("CNT_DRAWINGS_CURRENT").mean()),
        _card(
            "cash_drawing_share",
            "Share of months with cash drawn",
            nw.col("has_cash_drawing").mean(),
        ),
        _card(
            "cash_drawings_count_mean",
            "Mean drawings in cash",
            nw.col("CNT_DRAWINGS_ATM_CURRENT").mean(),
        ),
        _card("paid_to_due_mean", "Mean of paid / due", nw.col("paid_to_due").mean()),
        _card("late_share_mean", "Share of months past due", nw.col("is_late").mean()),
        _card(
            "late_beyond_tolerance_share_mean",
            "Share of months past due, small debts forgiven",
            nw.col("is_late_beyond_tolerance").mean(),
        ),
        _card("dpd_max", "Most days past due", nw.col("SK_DPD").max()),
    ),
)


def _derive_installments(rows: Rows) -> Rows:
    days_late = nw.col("DAYS_ENTRY_PAYMENT") - nw.col("DAYS_INSTALMENT")
    return rows.with_columns(
        days_late=days_late,
        is_late=as_flag(days_late > 0),
        is_underpaid=as_flag(nw.col("AMT_PAYMENT") < nw.col("AMT_INSTALMENT")),
        underpaid=nw.col("AMT_INSTALMENT") - nw.col("AMT_PAYMENT"),
    )


_installments = make_features_of("installments_payments", "installments")
_LAST_365_DAYS = in_last(365, "DAYS_INSTALMENT")

INSTALLMENTS_PAYMENTS = HistoryFamily(
    "installments_payments",
    _derive_installments,
    (
        _installments("has_history", "1 if there are payments", nw.len().clip(0, 1)),
        _installments("payments_count", "Payments", nw.len()),
        _installments("loans_count", "Loans with payments", nw.col("SK_ID_PREV").n_unique()),
        _installments("days_due_max", "Latest day due", nw.col("DAYS_INSTALMENT").max()),
        _installments("days_late_mean", "Mean days late", nw.col("days_late").mean()),
        _installments("days_late_max", "Most days late", nw.col("days_late").max()),
        _installments("days_late_min", "Most days early, negative", nw.col("days_late").min()),
        _installments("late_share_mean", "Share of payments late", nw.col("is_late").mean()),
        _installments(
            "late_share_mean_365d",
            "Share of payments late, last year",
            only(nw.col("is_late"), _LAST_365_DAYS).mean(),
        ),
        _installments(
            "days_late_mean_365d",
            "Mean days late, last year",
            only(nw.col("days_late"), _LAST_365_DAYS).mean(),
        ),
        _installments(
            "underpaid_share_mean", "Share of payments too small", nw.col("is_underpaid").mean()
        ),
        _installments("underpaid_max", "Largest amount lacking", nw.col("underpaid").max()),
        _installments(
            "paid_to_due",
            "Paid in all / due in all",
            ratio(nw.col("AMT_PAYMENT").sum(), nw.col("AMT_INSTALMENT").sum()),
        ),
        _installments("due_mean", "Mean amount due", nw.col("AMT_INSTALMENT").mean()),
        _installments("due_max", "Largest amount due", nw.col("AMT_INSTALMENT").max()),
        _installments("paid_sum", "Paid in all", nw.col("AMT_PAYMENT").sum()),
        _installments(
            "number_max", "Furthest payment of a calendar", nw.col("NUM_INSTALMENT_NUMBER").max()
        ),
    ),
)
