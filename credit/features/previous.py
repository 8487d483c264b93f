"""Features of the lender's own earlier applications."""

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
    make_windows,
    only,
    rank_latest,
    ratio,
)

_STATUS = nw.col("NAME_CONTRACT_STATUS")
_IS_APPROVED = _STATUS == "Approved"
_IS_REFUSED = _STATUS == "Refused"
_CREDIT = nw.col("AMT_CREDIT")
_ASKED = nw.col("AMT_APPLICATION")
_ANNUITY = nw.col("AMT_ANNUITY")
_DECISION = nw.col("DAYS_DECISION")
_LATEST = nw.col("nth_latest")

_APPROVED = Slice("approved", "applications approved", _IS_APPROVED)
_REFUSED = Slice("refused", "applications refused", _IS_REFUSED)
_RUNNING = Slice(
    "running", "loans not ended yet", _IS_APPROVED & nw.col("DAYS_TERMINATION").is_null()
)
_PRODUCTS = tuple(
    Slice(name, f"applications for {name} loans", nw.col("NAME_CONTRACT_TYPE") == level)
    for name, level in (
        ("cash", "Cash loans"),
        ("consumer", "Consumer loans"),
        ("revolving", "Revolving loans"),
    )
)
_REASONS = tuple(
    Slice(
        f"rejected_{reason.lower()}",
        f"applications rejected with code {reason}",
        nw.col("CODE_REJECT_REASON") == reason,
    )
    for reason in ("HC", "LIMIT", "SCO", "SCOFR")
)
_LAST = tuple(
    Slice(
        f"last{count}",
        f"the last {count} applications" if count > 1 else "the last application",
        _LATEST.is_between(1, count),
        last=True,
    )
    for count in (1, 3, 5, 10)
)
_AMONG_LAST_3 = _LAST[1].condition
_WINDOWS = make_windows("applications of the last {}", "DAYS_DECISION", "d", (180, 365, 730))


def _derive(rows: Rows) -> Rows:
    agreed = nw.col("AMT_ANNUITY") * nw.col("CNT_PAYMENT")
    earlier = _DECISION.shift(1).over(CLIENT, order_by="DAYS_DECISION")
    return rows.with_columns(
        is_approved=as_flag(_IS_APPROVED),
        is_refused=as_flag(_IS_REFUSED),
        is_canceled=as_flag(_STATUS == "Canceled"),
        is_unused=as_flag(_STATUS == "Unused offer"),
        is_high_yield=as_flag(nw.col("NAME_YIELD_GROUP") == "high"),
        is_low_yield=as_flag(nw.col("NAME_YIELD_GROUP").is_in(["low_normal", "low_action"])),
        is_new_client=as_flag(nw.col("NAME_CLIENT_TYPE") == "New"),
        is_walk_in=as_flag(nw.col("NAME_PRODUCT_TYPE") == "walk-in"),
        is_x_sell=as_flag(nw.col("NAME_PRODUCT_TYPE") == "x-sell"),
        is_card=as_flag(nw.col("NAME_PORTFOLIO") == "Cards"),
        granted_to_asked=ratio(_CREDIT, _ASKED),
        granted_less_asked=_CREDIT - _ASKED,
        credit_to_goods=ratio(_CREDIT, nw.col("AMT_GOODS_PRICE")),
        credit_to_annuity=ratio(_CREDIT, _ANNUITY),
        price_of_credit=ratio(agreed, _CREDIT),
        days_between=_DECISION - earlier,
        days_last_due_moved=nw.col("DAYS_LAST_DUE_1ST_VERSION") - nw.col("DAYS_LAST_DUE"),
        days_to_first_due=nw.col("DAYS_FIRST_DUE") - _DECISION,
        nth_latest=rank_latest("DAYS_DECISION", "SK_ID_PREV"),
    )


_AMOUNTS = (
    Measure("annuity", "annuity", _ANNUITY, ("mean", "max", "min")),
    Measure("asked", "amount asked for", _ASKED, ("mean", "max", "min")),
    Measure("credit", "amount decided on", _CREDIT, ("mean", "max", "sum")),
    Measure("down_payment", "down payment", nw.col("AMT_DOWN_PAYMENT"), ("mean", "max")),
    Measure("down_payment_rate", "down payment rate", nw.col("RATE_DOWN_PAYMENT"), ("mean", "max")),
)
_TERMS = (
    Measure("term", "term in months", nw.col("CNT_PAYMENT"), ("mean", "max", "sum")),
    Measure("days_decision", "day of decision", _DECISION, ("max", "min", "mean"), Sort.DAY),
    Measure(
        "granted_to_asked",
        "amount decided on / asked for",
        nw.col("granted_to_asked"),
        ("mean", "max", "min"),
    ),
    Measure("price", "sum of payments / credit", nw.col("price_of_credit"), ("mean", "max", "min")),
)
_GOODS = Measure(
    "credit_to_goods", "credit / price of the goods", nw.col("credit_to_goods"), ("mean", "max")
)
_RECENT = (
    Measure("approved_share", "approved", nw.col("is_approved"), ("mean",), Sort.FLAG),
    Measure("refused_share", "refused", nw.col("is_refused"), ("mean",), Sort.FLAG),
    Measure("annuity", "annuity", _ANNUITY, ("mean",)),
    Measure("asked", "amount asked for", _ASKED, ("mean",)),
    Measure(
        "granted_to_asked", "amount decided on / asked for", nw.col("granted_to_asked"), ("mean",)
    ),
    Measure(
        "granted_less_asked",
        "amount decided on less asked for",
        nw.col("granted_less_asked"),
        ("mean",),
    ),
    Measure("term", "term in months", nw.col("CNT_PAYMENT"), ("mean",)),
    Measure("price", "sum of payments / credit", nw.col("price_of_credit"), ("mean",)),
    Measure("down_payment_rate", "down payment rate", nw.col("RATE_DOWN_PAYMENT"), ("mean",)),
)
_RECENT_DAYS = (Measure("days_decision", "day of decision", _DECISION, ("mean",), Sort.DAY),)
_OF_PRODUCT = (
    Measure("credit", "amount decided on", _CREDIT, ("mean",)),
    Measure("days_decision", "day of decision", _DECISION, ("max",), Sort.DAY),
    Measure("refused_share", "refused", nw.col("is_refused"), ("mean",), Sort.FLAG),
)

_previous = FeatureMaker("previous_application", "previous", "all applications")


def _share(name: str, words: str, column: str) -> tuple[str, str, nw.Expr]:
    return f"{name}_share", f"Share of applications {words}", nw.col(column).mean()


PREVIOUS_APPLICATION = HistoryFamily(
    "previous_application",
    _derive,
    (
        _previous.has_history("1 if the client applied before"),
        _previous("applications_count", "Number of earlier applications", nw.len()),
        *_previous.count("Number of", (_APPROVED, _REFUSED, _RUNNING, *_PRODUCTS, *_REASONS)),
        *_previous.count("Number of", _WINDOWS),
        _previous(*_share("approved", "approved", "is_approved")),
        _previous(*_share("refused", "refused", "is_refused")),
        _previous(*_share("canceled", "withdrawn", "is_canceled")),
        _previous(*_share("unused", "approved and not used", "is_unused")),
        _previous(*_share("high_yield", "at high interest", "is_high_yield")),
        _previous(*_share("low_yield", "at low interest", "is_low_yield")),
        _previous(*_share("new_client", "made as a new client", "is_new_client")),
        _previous(*_share("walk_in", "made on the client's own account", "is_walk_in")),
        _previous(*_share("x_sell", "offered to a known client", "is_x_sell")),
        _previous(*_share("card", "for a card", "is_card")),
        _previous(
            "insured_share",
            "Share of applications with insurance",
            nw.col("NFLAG_INSURED_ON_APPROVAL").mean(),
        ),
        # All, approved, refused, not ended
        *_previous.sum_up((*_AMOUNTS, *_TERMS, _GOODS)),
        # Who was approved had asked for the price of the goods: granted_to_asked says it already.
        *_previous.sum_up((*_AMOUNTS, *_TERMS), (_APPROVED,)),
        *_previous.sum_up((*_AMOUNTS, *_TERMS, _GOODS), (_REFUSED,)),
        _previous(
            "running_annuity_sum",
            "Total annuity, loans not ended yet",
            only(_ANNUITY, _RUNNING.condition).sum(),
        ),
        _previous(
            "running_credit_sum",
            "Total amount decided on, loans not ended yet",
            only(_CREDIT, _RUNNING.condition).sum(),
        ),
        # Lately
        *_previous.sum_up(_RECENT, _LAST),
        *_previous.sum_up(_RECENT_DAYS, _LAST[1:]),  # the last one's day is days_decision_max
        *_previous.sum_up(_RECENT[:2], _WINDOWS),
        _previous(
            "asked_trend_last3",
            "Mean asked for of the last 3 applications / that of all",
            ratio(only(_ASKED, _AMONG_LAST_3).mean(), _ASKED.mean()),
        ),
        _previous(
            "annuity_trend_last3",
            "Mean annuity of the last 3 applications / that of all",
            ratio(only(_ANNUITY, _AMONG_LAST_3).mean(), _ANNUITY.mean()),
        ),
        _previous(
            "refused_share_trend_last3",
            "Share refused of the last 3 applications, less that of all",
            only(nw.col("is_refused"), _AMONG_LAST_3).mean() - nw.col("is_refused").mean(),
        ),
        *_previous.sum_up(_OF_PRODUCT, _PRODUCTS),
        # Calendar
        _previous(
            "days_between_mean", "Mean days between applications", nw.col("days_between").mean()
        ),
        _previous(
            "days_between_min", "Fewest days between applications", nw.col("days_between").min()
        ),
        _previous(
            "credit_to_annuity_mean", "Mean credit / annuity", nw.col("credit_to_annuity").mean()
        ),
        _previous(
            "credit_to_annuity_max", "Largest credit / annuity", nw.col("credit_to_annuity").max()
        ),
        _previous(
            "last_due_max",
            "Latest day a loan's last payment is due, as first agreed",
            nw.col("DAYS_LAST_DUE_1ST_VERSION").max(),
        ),
        _previous(
            "first_drawing_max",
            "Latest day of a first payout",
            nw.col("DAYS_FIRST_DRAWING").max(),
        ),
        _previous("termination_max", "Latest day a loan ended", nw.col("DAYS_TERMINATION").max()),
        _previous(
            "last_due_moved_mean",
            "Mean days by which a loan's last due day came before the one first agreed",
            nw.col("days_last_due_moved").mean(),
        ),
        _previous(
            "days_to_first_due_mean",
            "Mean days from the decision to the first payment due",
            nw.col("days_to_first_due").mean(),
        ),
        _previous(
            "hour_mean", "Mean hour of the applications", nw.col("HOUR_APPR_PROCESS_START").mean()
        ),
        _previous(
            "sellerplace_area_mean",
            "Mean sales area of the sellers",
            nw.col("SELLERPLACE_AREA").mean(),
        ),
    ),
)
