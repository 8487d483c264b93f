"""The lender's own earlier applications of a client, granted or not."""

from __future__ import annotations

from credit.contract import categories as levels
from credit.contract.bureau import APPLICANT
from credit.contract.categories import NO_DATE, NO_YES, NOT_AVAILABLE
from credit.contract.column import (
    Column,
    Table,
    amount,
    category,
    days,
    flag,
    key,
    months,
    share,
    whole,
)

LARGEST_LOAN_KEY = 10**8 - 1
"""Loans are put in order by day and identifier in one exact number (`rank_latest`)."""


def _with_gaps(name: str, meaning: str, texts: tuple[str, ...]) -> Column:
    """Return a category that the source fills with XNA where it has nothing."""
    return category(name, meaning, texts, sentinel=NOT_AVAILABLE)


def _due(name: str, meaning: str, latest: int = 0) -> Column:
    """Return a date of the loan's calendar: empty without a loan, 365243 without a date."""
    return days(name, meaning, -5_000, latest, nullable=True, sentinel=NO_DATE)


PREVIOUS_APPLICATION = Table(
    name="previous_application",
    meaning="One earlier application of a client to the same lender.",
    columns=(
        key(
            "SK_ID_PREV",
            "Identifier of the earlier application and of its loan",
            maximum=LARGEST_LOAN_KEY,
        ),
        key("SK_ID_CURR", "Application at hand"),
        _with_gaps(
            "NAME_CONTRACT_TYPE",
            "Product",
            ("Cash loans", "Consumer loans", "Revolving loans"),
        ),
        amount("AMT_ANNUITY", "Regular payment", 0, 2_000_000, nullable=True),
        amount("AMT_APPLICATION", "Amount asked for", 0, 20_000_000),
        amount("AMT_CREDIT", "Amount decided on", 0, 20_000_000, nullable=True),
        amount("AMT_DOWN_PAYMENT", "Paid down at once", -1, 10_000_000, nullable=True),
        amount("AMT_GOODS_PRICE", "Price of what was bought", 0, 20_000_000, nullable=True),
        category("WEEKDAY_APPR_PROCESS_START", "Weekday of the application", levels.WEEKDAYS),
        whole("HOUR_APPR_PROCESS_START", "Hour of the application, rounded", "hour", (0, 23)),
        category("FLAG_LAST_APPL_PER_CONTRACT", "Y if the contract's last application", NO_YES),
        flag("NFLAG_LAST_APPL_IN_DAY", "1 if the client's last application that day"),
        share("RATE_DOWN_PAYMENT", "Down payment, scaled to 0..1", -0.01, 1, nullable=True),
        share("RATE_INTEREST_PRIMARY", "Interest rate, scaled to 0..1", nullable=True),
        share("RATE_INTEREST_PRIVILEGED", "Reduced rate, scaled to 0..1", nullable=True),
        _with_gaps("NAME_CASH_LOAN_PURPOSE", "What the cash was for", levels.LOAN_PURPOSES),
        category("NAME_CONTRACT_STATUS", "How the application ended", levels.OUTCOMES),
        days("DAYS_DECISION", "Day of the decision", -5_000, 0),
        _with_gaps("NAME_PAYMENT_TYPE", "How the client chose to pay", levels.PAYMENT_TYPES),
        _with_gaps("CODE_REJECT_REASON", "Why it was refused", levels.REJECT_REASONS),
        category("NAME_TYPE_SUITE", "Who came along to apply", levels.COMPANIONS, nullable=True),
        _with_gaps(
            "NAME_CLIENT_TYPE", "Known to the lender then?", ("New", "Refreshed", "Repeater")
        ),
        _with_gaps("NAME_GOODS_CATEGORY", "What was bought", levels.GOODS_CATEGORIES),
        _with_gaps("NAME_PORTFOLIO", "Line of lending", ("POS", "Cash", "Cards", "Cars")),
        _with_gaps("NAME_PRODUCT_TYPE", "Sold to a known client or not", ("walk-in", "x-sell")),
        category("CHANNEL_TYPE", "Where the client was won", levels.CHANNELS),
        whole(
            "SELLERPLACE_AREA",
            "Sales area of the seller",
            "square metres",
            (0, 10_000_000),
            sentinel=-1,
        ),
        _with_gaps("NAME_SELLER_INDUSTRY", "Seller's line", levels.SELLER_INDUSTRIES),
        months("CNT_PAYMENT", "Term applied for", 0, 240, nullable=True),
        _with_gaps("NAME_YIELD_GROUP", "Interest, grouped from low to high", levels.YIELD_GROUPS),
        category(
            "PRODUCT_COMBINATION", "Product in detail", levels.PRODUCT_COMBINATIONS, nullable=True
        ),
        _due("DAYS_FIRST_DRAWING", "Day of the first payout"),
        _due("DAYS_FIRST_DUE", "Day of the first payment due"),
        _due("DAYS_LAST_DUE_1ST_VERSION", "Day of the last payment due, as first agreed", 5_000),
        _due("DAYS_LAST_DUE", "Day of the last payment due"),
        _due("DAYS_TERMINATION", "Day the loan was to end"),
        flag("NFLAG_INSURED_ON_APPROVAL", "1 if insurance was asked for", nullable=True),
    ),
    primary_key=("SK_ID_PREV",),
    references=(APPLICANT,),
)
