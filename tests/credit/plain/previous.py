"""What the features of earlier applications mean."""

from __future__ import annotations

from tests.credit.plain.reading import (
    Reading,
    Rows,
    column,
    divide,
    gaps,
    less,
    mean,
    says,
    times,
)

_is_approved = says("NAME_CONTRACT_STATUS", "Approved")


def _days_between(rows: Rows) -> list[int]:
    return gaps([row["DAYS_DECISION"] for row in rows])


PREVIOUS_APPLICATION = Reading(
    time="DAYS_DECISION",
    identifier="SK_ID_PREV",
    measures={
        "annuity": column("AMT_ANNUITY"),
        "asked": column("AMT_APPLICATION"),
        "credit": column("AMT_CREDIT"),
        "down_payment": column("AMT_DOWN_PAYMENT"),
        "down_payment_rate": column("RATE_DOWN_PAYMENT"),
        "term": column("CNT_PAYMENT"),
        "days_decision": column("DAYS_DECISION"),
        "granted_to_asked": lambda row: divide(row["AMT_CREDIT"], row["AMT_APPLICATION"]),
        "granted_less_asked": lambda row: less(row["AMT_CREDIT"], row["AMT_APPLICATION"]),
        "credit_to_goods": lambda row: divide(row["AMT_CREDIT"], row["AMT_GOODS_PRICE"]),
        "credit_to_annuity": lambda row: divide(row["AMT_CREDIT"], row["AMT_ANNUITY"]),
        "price": lambda row: divide(
            times(row["AMT_ANNUITY"], row["CNT_PAYMENT"]), row["AMT_CREDIT"]
        ),
        "last_due": column("DAYS_LAST_DUE_1ST_VERSION"),
        "last_due_moved": lambda row: less(row["DAYS_LAST_DUE_1ST_VERSION"], row["DAYS_LAST_DUE"]),
        "first_drawing": column("DAYS_FIRST_DRAWING"),
        "termination": column("DAYS_TERMINATION"),
        "days_to_first_due": lambda row: less(row["DAYS_FIRST_DUE"], row["DAYS_DECISION"]),
        "hour": column("HOUR_APPR_PROCESS_START"),
        "sellerplace_area": column("SELLERPLACE_AREA"),
    },
    kinds={
        "approved": _is_approved,
        "refused": says("NAME_CONTRACT_STATUS", "Refused"),
        "canceled": says("NAME_CONTRACT_STATUS", "Canceled"),
        "unused": says("NAME_CONTRACT_STATUS", "Unused offer"),
        "running": lambda row: _is_approved(row) and row["DAYS_TERMINATION"] is None,
        "cash": says("NAME_CONTRACT_TYPE", "Cash loans"),
        "consumer": says("NAME_CONTRACT_TYPE", "Consumer loans"),
        "revolving": says("NAME_CONTRACT_TYPE", "Revolving loans"),
        "rejected_hc": says("CODE_REJECT_REASON", "HC"),
        "rejected_limit": says("CODE_REJECT_REASON", "LIMIT"),
        "rejected_sco": says("CODE_REJECT_REASON", "SCO"),
        "rejected_scofr": says("CODE_REJECT_REASON", "SCOFR"),
        "high_yield": says("NAME_YIELD_GROUP", "high"),
        "low_yield": says("NAME_YIELD_GROUP", "low_action", "low_normal"),
        "new_client": says("NAME_CLIENT_TYPE", "New"),
        "walk_in": says("NAME_PRODUCT_TYPE", "walk-in"),
        "x_sell": says("NAME_PRODUCT_TYPE", "x-sell"),
        "card": says("NAME_PORTFOLIO", "Cards"),
        "insured": lambda row: row["NFLAG_INSURED_ON_APPROVAL"],
    },
    whole={
        "applications_count": len,
        "days_between_mean": lambda rows: mean(_days_between(rows)),
        "days_between_min": lambda rows: min(_days_between(rows), default=None),
    },
    trends={
        "asked": ("asked_mean", divide),
        "annuity": ("annuity_mean", divide),
        "refused_share": ("refused_share", less),
    },
)
