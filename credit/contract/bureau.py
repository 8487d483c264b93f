"""The credit bureau's tables: loans that clients have with other lenders, month by month."""

from __future__ import annotations

from credit.contract import categories as levels
from credit.contract.column import (
    Reference,
    Table,
    amount,
    category,
    count,
    days,
    key,
    months,
)

APPLICANT = Reference(
    column="SK_ID_CURR", tables=("application_train", "application_test"), key="SK_ID_CURR"
)

BUREAU = Table(
    name="bureau",
    meaning="One loan of a client with another lender, as the credit bureau knows it.",
    columns=(
        key("SK_ID_CURR", "Application the loan was looked up for"),
        key("SK_ID_BUREAU", "Identifier of the loan"),
        category("CREDIT_ACTIVE", "State of the loan", levels.CREDIT_STATES),
        category("CREDIT_CURRENCY", "Currency, coded", levels.CURRENCIES),
        days("DAYS_CREDIT", "Day the loan was applied for", -5_000, 0),
        days("CREDIT_DAY_OVERDUE", "Days past due at the application", 0, 5_000),
        days("DAYS_CREDIT_ENDDATE", "Day the loan is to end", -50_000, 50_000, nullable=True),
        days("DAYS_ENDDATE_FACT", "Day the loan ended, if closed", -50_000, 0, nullable=True),
        amount("AMT_CREDIT_MAX_OVERDUE", "Most ever past due", 0, 500_000_000, nullable=True),
        count("CNT_CREDIT_PROLONG", "Times the loan was prolonged", 0, 50),
        amount("AMT_CREDIT_SUM", "Amount of the loan", 0, 1_000_000_000, nullable=True),
        amount(
            "AMT_CREDIT_SUM_DEBT",
            "Owed at present; negative: overpaid",
            -50_000_000,
            500_000_000,
            nullable=True,
        ),
        amount(
            "AMT_CREDIT_SUM_LIMIT",
            "Limit of a credit card at present; negative: exceeded",
            -10_000_000,
            50_000_000,
            nullable=True,
        ),
        amount("AMT_CREDIT_SUM_OVERDUE", "Past due at present", 0, 50_000_000),
        category("CREDIT_TYPE", "Type of the loan", levels.CREDIT_TYPES),
        days("DAYS_CREDIT_UPDATE", "Day of the bureau's last news", -50_000, 1_000),
        amount("AMT_ANNUITY", "Regular payment on the loan", 0, 500_000_000, nullable=True),
    ),
    primary_key=("SK_ID_BUREAU",),
    references=(APPLICANT,),
)

BUREAU_BALANCE = Table(
    name="bureau_balance",
    meaning="One month of one loan with another lender.",
    columns=(
        key("SK_ID_BUREAU", "Identifier of the loan"),
        months("MONTHS_BALANCE", "Month, counted back from the application", -120, 0),
        category(
            "STATUS",
            "0 on time; 1 to 5 past due by up to 30, 60, 90, 120, more days or written off; "
            "C closed; X not known",
            levels.MONTH_STATUSES,
        ),
    ),
    primary_key=("SK_ID_BUREAU", "MONTHS_BALANCE"),
    references=(Reference(column="SK_ID_BUREAU", tables=("bureau",), key="SK_ID_BUREAU"),),
)
