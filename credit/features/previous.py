"""Features of the lender's own earlier applications."""

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

_APPROVED = nw.col("is_approved") == 1.0
_LAST_YEAR = in_last(365, "DAYS_DECISION")


def _derive(rows: Rows) -> Rows:
    status = nw.col("NAME_CONTRACT_STATUS")
    return rows.with_columns(
        is_approved=as_flag(status == "Approved"),
        is_refused=as_flag(status == "Refused"),
        is_canceled=as_flag(status == "Canceled"),
        is_cash=as_flag(nw.col("NAME_CONTRACT_TYPE") == "Cash loans"),
        is_revolving=as_flag(nw.col("NAME_CONTRACT_TYPE") == "Revolving loans"),
        is_high_yield=as_flag(nw.col("NAME_YIELD_GROUP") == "high"),
        is_new_client=as_flag(nw.col("NAME_CLIENT_TYPE") == "New"),
        granted_to_asked=ratio(nw.col("AMT_CREDIT"), nw.col("AMT_APPLICATION")),
        term_months=ratio(nw.col("AMT_CREDIT"), nw.col("AMT_ANNUITY")),
        days_last_due_moved=nw.col("DAYS_LAST_DUE_1ST_VERSION") - nw.col("DAYS_LAST_DUE"),
    )


_previous = make_features_of("previous_application", "previous")

PREVIOUS_APPLICATION = HistoryFamily(
    "previous_application",
    _derive,
    (
        _previous("has_history", "1 if the client applied before", nw.len().clip(0, 1)),
        _previous("applications_count", "Earlier applications", nw.len()),
        _previous("approved_count", "Earlier applications approved", nw.col("is_approved").sum()),
        _previous("refused_count", "Earlier applications refused", nw.col("is_refused").sum()),
        _previous("approved_share", "Share of applications approved", nw.col("is_approved").mean()),
        _previous("refused_share", "Share of applications refused", nw.col("is_refused").mean()),
        _previous(
            "canceled_share", "Share of applications withdrawn", nw.col("is_canceled").mean()
        ),
        _previous(
            "refused_count_365d",
            "Applications refused in the last year",
            only(nw.col("is_refused"), _LAST_YEAR).sum(),
        ),
        _previous(
            "applications_count_365d",
            "Applications in the last year",
            as_flag(_LAST_YEAR).sum(),
        ),
        _previous("cash_share", "Share of cash loans", nw.col("is_cash").mean()),
        _previous("revolving_share", "Share of revolving loans", nw.col("is_revolving").mean()),
        _previous("high_yield_share", "Share at high interest", nw.col("is_high_yield").mean()),
        _previous("new_client_share", "Share made as a new client", nw.col("is_new_client").mean()),
        _previous("days_decision_max", "Day of the latest decision", nw.col("DAYS_DECISION").max()),
        _previous("days_decision_min", "Day of the first decision", nw.col("DAYS_DECISION").min()),
        _previous("days_decision_mean", "Mean day of decisions", nw.col("DAYS_DECISION").mean()),
        _previous(
            "refused_days_decision_max",
            "Day of the latest refusal",
            only(nw.col("DAYS_DECISION"), nw.col("is_refused") == 1.0).max(),
        ),
        _previous("annuity_mean", "Mean annuity", nw.col("AMT_ANNUITY").mean()),
        _previous("annuity_max", "Largest annuity", nw.col("AMT_ANNUITY").max()),
        _previous("asked_mean", "Mean amount asked for", nw.col("AMT_APPLICATION").mean()),
        _previous(
            "approved_credit_mean",
            "Mean amount of approved loans",
            only(nw.col("AMT_CREDIT"), _APPROVED).mean(),
        ),
        _previous(
            "granted_to_asked_mean",
            "Mean of amount decided on / asked for",
            nw.col("granted_to_asked").mean(),
        ),
        _previous(
            "granted_to_asked_min",
            "Least of amount decided on / asked for",
            nw.col("granted_to_asked").min(),
        ),
        _previous("down_payment_mean", "Mean down payment", nw.col("AMT_DOWN_PAYMENT").mean()),
        _previous(
            "down_payment_rate_mean", "Mean down payment rate", nw.col("RATE_DOWN_PAYMENT").mean()
        ),
        _previous("term_mean", "Mean term applied for", nw.col("CNT_PAYMENT").mean()),
        _previous("credit_to_annuity_mean", "Mean credit / annuity", nw.col("term_months").mean()),
        _previous(
            "last_due_max",
            "Day the last payment of a loan is due",
            nw.col("DAYS_LAST_DUE_1ST_VERSION").max(),
        ),
        _previous(
            "last_due_moved_mean",
            "Mean days by which loans ended before the first calendar",
            nw.col("days_last_due_moved").mean(),
        ),
        _previous(
            "insured_share", "Share with insurance", nw.col("NFLAG_INSURED_ON_APPROVAL").mean()
        ),
    ),
)
