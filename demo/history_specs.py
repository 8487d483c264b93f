"""What is measured on the history tables: quantities and combinations in each part of a table."""

from __future__ import annotations

from demo.specs import View

_CREDIT_GROUP = (
    "case when CREDIT_TYPE in ('Consumer credit', 'Credit card', 'Car loan', 'Mortgage', "
    "'Microloan') then CREDIT_TYPE else 'Other' end"
)
CREDIT_GROUPS = (*("Mortgage", "Car loan", "Consumer credit", "Other", "Credit card", "Microloan"),)
# A month is 30.4 days wherever months and days meet.
_MONTH = "30.4"

BUREAU = View(
    table="bureau",
    source="(select * from bureau join clients using (SK_ID_CURR) "
    "left join (select distinct SK_ID_BUREAU as monthly from bureau_balance) "
    "on monthly = SK_ID_BUREAU)",
    parts=f"case when CREDIT_ACTIVE in ('Sold', 'Bad debt') then 'Sold' "
    f"else CREDIT_ACTIVE || '|' || {_CREDIT_GROUP} end",
    order=(
        *(f"Closed|{group}" for group in CREDIT_GROUPS),
        *(f"Active|{group}" for group in CREDIT_GROUPS),
        "Sold",
    ),
    quantities={
        "DAYS_CREDIT": "DAYS_CREDIT",
        "planned_days": "case when DAYS_CREDIT_ENDDATE >= DAYS_CREDIT "
        "then DAYS_CREDIT_ENDDATE - DAYS_CREDIT end",
        "DAYS_CREDIT_ENDDATE": "case when DAYS_CREDIT_ENDDATE >= DAYS_CREDIT "
        "then DAYS_CREDIT_ENDDATE end",
        "lived_share": "case when DAYS_ENDDATE_FACT >= DAYS_CREDIT "
        "then (DAYS_CREDIT - DAYS_ENDDATE_FACT) / DAYS_CREDIT end",
        "news_share": "(DAYS_CREDIT_UPDATE - DAYS_ENDDATE_FACT) / -DAYS_ENDDATE_FACT",
        "DAYS_CREDIT_UPDATE": "DAYS_CREDIT_UPDATE",
        "AMT_CREDIT_SUM": "AMT_CREDIT_SUM",
        "owed_share": "case when AMT_CREDIT_SUM_DEBT is not null "
        "then coalesce(AMT_CREDIT_SUM_DEBT / nullif(AMT_CREDIT_SUM, 0), 0) end",
        "AMT_CREDIT_SUM_LIMIT": "AMT_CREDIT_SUM_LIMIT",
        "AMT_CREDIT_MAX_OVERDUE": "AMT_CREDIT_MAX_OVERDUE",
        "overdue": "(AMT_CREDIT_SUM_OVERDUE > 0)::int",
        "CNT_CREDIT_PROLONG": "CNT_CREDIT_PROLONG",
        "AMT_ANNUITY": "AMT_ANNUITY",
    },
    given={
        "DAYS_CREDIT": "DAYS_CREDIT <= 0",
        "planned_days": "CREDIT_ACTIVE = 'Closed'",
        "DAYS_CREDIT_ENDDATE": "CREDIT_ACTIVE <> 'Closed'",
        "lived_share": "DAYS_CREDIT < 0",
        "news_share": "DAYS_ENDDATE_FACT between DAYS_CREDIT and -1",
        "DAYS_CREDIT_UPDATE": "CREDIT_ACTIVE <> 'Closed'",
        # The bureau's newer extracts carry annuities and months, its older ones neither.
        "AMT_ANNUITY": "monthly is not null",
    },
    profiles={"credit": ("CREDIT_ACTIVE", "CREDIT_TYPE")},
)

ANY_BUREAU = View(
    table="bureau",
    source="(select * from bureau join clients using (SK_ID_CURR))",
    quantities={
        "AMT_CREDIT_SUM_OVERDUE": "AMT_CREDIT_SUM_OVERDUE",
        "CREDIT_DAY_OVERDUE": "CREDIT_DAY_OVERDUE",
    },
    given={
        "AMT_CREDIT_SUM_OVERDUE": "AMT_CREDIT_SUM_OVERDUE > 0",
        "CREDIT_DAY_OVERDUE": "CREDIT_DAY_OVERDUE > 0",
    },
    profiles={"currency": ("CREDIT_CURRENCY",)},
)

BUREAU_MONTHS = View(
    table="bureau_balance",
    source="(select SK_ID_BUREAU, any_value(CREDIT_ACTIVE) as state, any_value(weight) as weight, "
    "any_value(DAYS_CREDIT) as opened, count(*) as months, max(MONTHS_BALANCE) as latest, "
    "min(MONTHS_BALANCE) as earliest, avg((STATUS = 'X')::int) as unknown, "
    "avg((STATUS = 'C')::int) as closed from bureau_balance join bureau using (SK_ID_BUREAU) "
    "join clients using (SK_ID_CURR) group by 1)",
    parts="case state when 'Closed' then 'Closed' else 'Active' end",
    quantities={
        "latest": "latest",
        "lag": f"earliest - opened / {_MONTH}",
        "never_known": "(unknown = 1)::int",
        "ever_closed": "(closed > 0)::int",
    },
    given={"ever_closed": "unknown < 1"},
)

OUTCOME_ORDER = (
    *("Consumer loans|Approved", "Cash loans|Approved", "Revolving loans|Approved"),
    *("Consumer loans|Unused offer", "Revolving loans|Canceled", "Cash loans|Canceled"),
    *("Consumer loans|Refused", "Revolving loans|Refused", "Cash loans|Refused"),
)

PREVIOUS = View(
    table="previous_application",
    source="(select * from previous_application join clients using (SK_ID_CURR))",
    parts="NAME_CONTRACT_TYPE || '|' || NAME_CONTRACT_STATUS",
    order=OUTCOME_ORDER,
    quantities={
        "DAYS_DECISION": "DAYS_DECISION",
        "blank": "(AMT_APPLICATION = 0)::int",
        "credit_blank": "(AMT_CREDIT = 0)::int",
        "goods_known": "(AMT_GOODS_PRICE is not null)::int",
        "AMT_APPLICATION": "AMT_APPLICATION",
        "AMT_CREDIT": "AMT_CREDIT",
        "credit_to_application": "AMT_CREDIT / AMT_APPLICATION",
        "terms_known": "(CNT_PAYMENT is not null)::int",
        "CNT_PAYMENT": "CNT_PAYMENT",
        "paid_to_credit": "AMT_ANNUITY * CNT_PAYMENT / AMT_CREDIT",
        "annuity_to_credit": "AMT_ANNUITY / AMT_CREDIT",
        "down_payment_known": "(AMT_DOWN_PAYMENT is not null)::int",
        "RATE_DOWN_PAYMENT": "RATE_DOWN_PAYMENT",
        "RATE_INTEREST_PRIMARY": "RATE_INTEREST_PRIMARY",
        "RATE_INTEREST_PRIVILEGED": "RATE_INTEREST_PRIVILEGED",
        "dates_known": "(DAYS_FIRST_DUE is not null)::int",
        "first_due_lag": "case when DAYS_FIRST_DUE <= 0 then DAYS_FIRST_DUE - DAYS_DECISION end",
        "first_drawing_lag": "case when DAYS_FIRST_DRAWING <= 0 "
        "then DAYS_FIRST_DRAWING - DAYS_DECISION end",
        "paid_early_share": "(DAYS_LAST_DUE_1ST_VERSION - DAYS_LAST_DUE) "
        "/ greatest(DAYS_LAST_DUE_1ST_VERSION - DAYS_FIRST_DUE, 30)",
        "last_due_known": "(DAYS_LAST_DUE <= 0)::int",
        "termination_lag": "DAYS_TERMINATION - DAYS_LAST_DUE",
        "NFLAG_INSURED_ON_APPROVAL": "NFLAG_INSURED_ON_APPROVAL",
    },
    given={
        "AMT_APPLICATION": "AMT_APPLICATION > 0",
        "AMT_CREDIT": "AMT_CREDIT > 0 and AMT_APPLICATION = 0",
        "goods_known": "AMT_APPLICATION = 0",
        "credit_to_application": "AMT_CREDIT > 0 and AMT_APPLICATION > 0",
        "CNT_PAYMENT": "CNT_PAYMENT is not null",
        "paid_to_credit": "CNT_PAYMENT > 0 and AMT_CREDIT > 0",
        "annuity_to_credit": "CNT_PAYMENT = 0 and AMT_CREDIT > 0",
        "down_payment_known": "AMT_APPLICATION > 0",
        "RATE_DOWN_PAYMENT": "RATE_DOWN_PAYMENT >= 0",
        "RATE_INTEREST_PRIMARY": "NAME_CONTRACT_TYPE = 'Consumer loans'",
        "RATE_INTEREST_PRIVILEGED": "RATE_INTEREST_PRIMARY is not null",
        "first_due_lag": "DAYS_FIRST_DUE is not null",
        "first_drawing_lag": "DAYS_FIRST_DUE is not null",
        "paid_early_share": "DAYS_LAST_DUE <= 0 and DAYS_LAST_DUE_1ST_VERSION <= 0",
        "last_due_known": "DAYS_FIRST_DUE is not null",
        "termination_lag": "DAYS_TERMINATION <= 0 and DAYS_LAST_DUE <= 0",
        "NFLAG_INSURED_ON_APPROVAL": "DAYS_FIRST_DUE is not null",
    },
    profiles={
        "product": (
            *("NAME_YIELD_GROUP", "NAME_PORTFOLIO", "NAME_PRODUCT_TYPE", "PRODUCT_COMBINATION"),
        ),
        "seller": ("CHANNEL_TYPE", "NAME_SELLER_INDUSTRY"),
        "purpose": ("NAME_CASH_LOAN_PURPOSE",),
        "payment": ("NAME_PAYMENT_TYPE",),
        "reason": ("CODE_REJECT_REASON",),
        "suite": ("NAME_TYPE_SUITE",),
        "client": ("NAME_CLIENT_TYPE",),
    },
)

ANY_PREVIOUS = View(
    table="previous_application",
    source="(select * from previous_application join clients using (SK_ID_CURR))",
    quantities={"HOUR_APPR_PROCESS_START": "HOUR_APPR_PROCESS_START"},
    profiles={
        "weekday": ("WEEKDAY_APPR_PROCESS_START",),
        "last": ("FLAG_LAST_APPL_PER_CONTRACT", "NFLAG_LAST_APPL_IN_DAY"),
    },
)

GOODS = View(
    table="previous_application",
    source="(select * from previous_application join clients using (SK_ID_CURR))",
    parts="(NAME_CONTRACT_TYPE = 'Consumer loans')::int::text || '|' || NAME_SELLER_INDUSTRY",
    quantities={"SELLERPLACE_AREA": "SELLERPLACE_AREA"},
    profiles={"goods": ("NAME_GOODS_CATEGORY",)},
)

POS_LOANS = View(
    table="POS_CASH_balance",
    source="(select SK_ID_PREV, any_value(weight) as weight, any_value(NAME_CONTRACT_TYPE) as kind,"
    " any_value(DAYS_DECISION) as decided, any_value(DAYS_TERMINATION) as ended, "
    "min(MONTHS_BALANCE) as earliest, max(MONTHS_BALANCE) as latest, max(SK_DPD) as worst, "
    "any_value(CNT_PAYMENT) as term, max(CNT_INSTALMENT) as longest, "
    "min(CNT_INSTALMENT) as shortest, "
    "bool_or(pos.NAME_CONTRACT_STATUS = 'Completed') as completed, "
    "bool_or(pos.NAME_CONTRACT_STATUS = 'Signed') as signed "
    "from POS_CASH_balance as pos join previous_application using (SK_ID_PREV) "
    "join clients on clients.SK_ID_CURR = pos.SK_ID_CURR group by 1)",
    parts="kind",
    quantities={
        "first_lag": f"earliest - decided / {_MONTH}",
        "last_lag": f"case when ended <= 0 then latest - ended / {_MONTH} end",
        "latest": "latest",
        "cut_short": "(shortest < longest)::int",
        "signed": "signed::int",
        "completed": "completed::int",
    },
    given={"last_lag": "ended <= 0", "latest": "ended > 0", "completed": "ended <= 0"},
)

CARDS = View(
    table="credit_card_balance",
    source="(select SK_ID_PREV, any_value(weight) as weight, any_value(DAYS_DECISION) as decided, "
    "min(MONTHS_BALANCE) as earliest, max(MONTHS_BALANCE) as latest, "
    "max(AMT_CREDIT_LIMIT_ACTUAL) as highest, max(AMT_BALANCE) as owed, "
    "avg((AMT_BALANCE > 0)::int) as used_share, "
    "first(AMT_CREDIT_LIMIT_ACTUAL order by MONTHS_BALANCE desc) = 0 as withdrawn, "
    "avg((AMT_CREDIT_LIMIT_ACTUAL = 0)::int) as withdrawn_share, "
    "avg((AMT_DRAWINGS_CURRENT > 0)::int) filter (AMT_BALANCE > 0) as drawn_share, "
    "avg(AMT_BALANCE / nullif(AMT_CREDIT_LIMIT_ACTUAL, 0)) filter (AMT_BALANCE > 0) as utilisation "
    "from credit_card_balance "
    "left join previous_application using (SK_ID_PREV) "
    "join clients on clients.SK_ID_CURR = credit_card_balance.SK_ID_CURR group by 1)",
    parts="case when owed > 0 then 'used' else 'unused' end",
    quantities={
        "first_lag": f"case when decided <= 0 then earliest - decided / {_MONTH} end",
        "age_months": "-earliest",
        "latest": "latest",
        "limit": "highest",
        "used_share": "used_share",
        "drawn_share": "drawn_share",
        "utilisation": "utilisation",
        "withdrawn": "withdrawn::int",
        "withdrawn_share": "withdrawn_share",
    },
    given={
        "first_lag": "decided <= 0",
        "limit": "highest > 0",
        "utilisation": "owed > 0 and utilisation is not null",
        "drawn_share": "owed > 0",
        "withdrawn_share": "withdrawn",
    },
)

HISTORY_VIEWS: dict[str, View] = {
    "bureau": BUREAU,
    "any_bureau": ANY_BUREAU,
    "bureau_months": BUREAU_MONTHS,
    "previous": PREVIOUS,
    "any_previous": ANY_PREVIOUS,
    "goods": GOODS,
    "pos_loans": POS_LOANS,
    "cards": CARDS,
}
