"""What became of the lender's own earlier loans: monthly balances and single payments."""

from __future__ import annotations

from credit.contract import categories as levels
from credit.contract.bureau import APPLICANT
from credit.contract.categories import NOT_AVAILABLE
from credit.contract.column import (
    Column,
    Reference,
    Table,
    amount,
    category,
    count,
    days,
    key,
    months,
    whole,
)
from credit.contract.previous import LARGEST_LOAN_KEY

_KEYS = (
    key("SK_ID_PREV", "Identifier of the earlier loan", maximum=LARGEST_LOAN_KEY),
    key("SK_ID_CURR", "Application at hand"),
)
_MONTH = months("MONTHS_BALANCE", "Month, counted back from the application", -120, 0)
_DAYS_PAST_DUE = (
    days("SK_DPD", "Days past due in the month", 0, 10_000),
    days("SK_DPD_DEF", "Days past due in the month, small debts forgiven", 0, 10_000),
)
_REFERENCES = (
    APPLICANT,
    Reference(column="SK_ID_PREV", tables=("previous_application",), key="SK_ID_PREV"),
)


def _status(texts: tuple[str, ...]) -> Column:
    return category(
        "NAME_CONTRACT_STATUS", "State of the contract in the month", texts, sentinel=NOT_AVAILABLE
    )


def _drawn(name: str, meaning: str, *, nullable: bool = True) -> Column:
    """Return an amount drawn; corrections make a few negative."""
    return amount(name, meaning, -100_000, 10_000_000, nullable=nullable)


def _owed(name: str, meaning: str) -> Column:
    """Return an amount owed on a card; negative: the client is in credit."""
    return amount(name, meaning, -2_000_000, 10_000_000)


POS_CASH_BALANCE = Table(
    name="POS_CASH_balance",
    meaning="One month of one earlier point-of-sale or cash loan.",
    columns=(
        *_KEYS,
        _MONTH,
        months("CNT_INSTALMENT", "Term of the loan, as of the month", 0, 240, nullable=True),
        count("CNT_INSTALMENT_FUTURE", "Payments still to come", 0, 240, nullable=True),
        _status(levels.POS_STATUSES),
        *_DAYS_PAST_DUE,
    ),
    primary_key=("SK_ID_PREV", "MONTHS_BALANCE"),
    references=_REFERENCES,
)

CREDIT_CARD_BALANCE = Table(
    name="credit_card_balance",
    meaning="One month of one earlier credit card.",
    columns=(
        *_KEYS,
        _MONTH,
        _owed("AMT_BALANCE", "Balance of the card"),
        amount("AMT_CREDIT_LIMIT_ACTUAL", "Limit of the card", 0, 10_000_000),
        _drawn("AMT_DRAWINGS_ATM_CURRENT", "Drawn in cash"),
        _drawn("AMT_DRAWINGS_CURRENT", "Drawn in all", nullable=False),
        _drawn("AMT_DRAWINGS_OTHER_CURRENT", "Drawn otherwise"),
        _drawn("AMT_DRAWINGS_POS_CURRENT", "Drawn for purchases"),
        amount("AMT_INST_MIN_REGULARITY", "Smallest payment due", 0, 2_000_000, nullable=True),
        amount("AMT_PAYMENT_CURRENT", "Paid by the client", 0, 20_000_000, nullable=True),
        amount("AMT_PAYMENT_TOTAL_CURRENT", "Paid in all", 0, 20_000_000),
        _owed("AMT_RECEIVABLE_PRINCIPAL", "Principal owed"),
        _owed("AMT_RECIVABLE", "Owed without what is not billed yet"),
        _owed("AMT_TOTAL_RECEIVABLE", "Owed in all"),
        count("CNT_DRAWINGS_ATM_CURRENT", "Drawings in cash", 0, 500, nullable=True),
        count("CNT_DRAWINGS_CURRENT", "Drawings in all", 0, 500),
        count("CNT_DRAWINGS_OTHER_CURRENT", "Other drawings", 0, 500, nullable=True),
        count("CNT_DRAWINGS_POS_CURRENT", "Drawings for purchases", 0, 500, nullable=True),
        count("CNT_INSTALMENT_MATURE_CUM", "Payments made so far", 0, 240, nullable=True),
        _status(levels.CARD_STATUSES),
        *_DAYS_PAST_DUE,
    ),
    primary_key=("SK_ID_PREV", "MONTHS_BALANCE"),
    references=_REFERENCES,
)

INSTALLMENTS_PAYMENTS = Table(
    name="installments_payments",
    meaning="One payment made, or missed, on an earlier loan; a payment in parts is several rows.",
    columns=(
        *_KEYS,
        whole(
            "NUM_INSTALMENT_VERSION",
            "Version of the calendar of payments; 0: a credit card",
            "rank",
            (0, 500),
        ),
        whole("NUM_INSTALMENT_NUMBER", "Which payment of the calendar", "rank", (0, 500)),
        days("DAYS_INSTALMENT", "Day the payment was due", -5_000, 0),
        days("DAYS_ENTRY_PAYMENT", "Day it was made", -10_000, 0, nullable=True),
        amount("AMT_INSTALMENT", "Amount due", 0, 20_000_000),
        amount("AMT_PAYMENT", "Amount paid", 0, 20_000_000, nullable=True),
    ),
    references=_REFERENCES,
)
