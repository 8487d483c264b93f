"""What holds within and between the rows of the demo tables, as it does in the real ones."""

# ruff: noqa: S608 - the SQL is made of our own names
from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from credit.contract import TABLES
from demo import DemoTables

NO_DATE = 365_243


@pytest.fixture(scope="module")
def tables(demo_tables: DemoTables) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in TABLES:
            connection.execute(
                f"create view \"{name}\" as from '{demo_tables.folder / name}.parquet'"
            )
        yield connection


def _count(tables: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = tables.execute(f"select count(*) from {sql}").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    "broken",
    [
        # Whoever has no job draws a pension or nothing, and has no employer.
        f"(DAYS_EMPLOYED = {NO_DATE}) != (ORGANIZATION_TYPE = 'XNA')",
        f"(DAYS_EMPLOYED = {NO_DATE}) != (FLAG_EMP_PHONE = 0)",
        f"DAYS_EMPLOYED = {NO_DATE} and NAME_INCOME_TYPE not in ('Pensioner', 'Unemployed')",
        f"DAYS_EMPLOYED = {NO_DATE} and OCCUPATION_TYPE is not null",
        "DAYS_EMPLOYED <= 0 and DAYS_EMPLOYED < DAYS_BIRTH + 14 * 365",
        "DAYS_REGISTRATION < DAYS_BIRTH or DAYS_ID_PUBLISH < DAYS_BIRTH",
        "(FLAG_OWN_CAR = 'N') != (OWN_CAR_AGE is null)",
        "CNT_FAM_MEMBERS not in (CNT_CHILDREN + 1, CNT_CHILDREN + 2)",
        # What was asked of the bureau is known for all windows or for none.
        "(AMT_REQ_CREDIT_BUREAU_HOUR is null) != (AMT_REQ_CREDIT_BUREAU_YEAR is null)",
        "AMT_REQ_CREDIT_BUREAU_YEAR is null and EXT_SOURCE_3 is not null",
        "NAME_CONTRACT_TYPE = 'Cash loans' and AMT_GOODS_PRICE is null",
        "NAME_CONTRACT_TYPE = 'Cash loans' and AMT_CREDIT < AMT_GOODS_PRICE",
        "AMT_ANNUITY not between 0.02 * AMT_CREDIT and 0.13 * AMT_CREDIT",
        # Mean, mode and median of a building's figure are missing together.
        "(APARTMENTS_AVG is null) != (APARTMENTS_MODE is null)",
        "(LANDAREA_AVG is null) != (LANDAREA_MEDI is null)",
        "DEF_30_CNT_SOCIAL_CIRCLE > OBS_30_CNT_SOCIAL_CIRCLE",
        "DEF_60_CNT_SOCIAL_CIRCLE > DEF_30_CNT_SOCIAL_CIRCLE",
        "OBS_60_CNT_SOCIAL_CIRCLE > OBS_30_CNT_SOCIAL_CIRCLE",
    ],
)
def test_no_application_contradicts_itself(tables: duckdb.DuckDBPyConnection, broken: str) -> None:
    assert _count(tables, f"application_train where {broken}") == 0


@pytest.mark.parametrize(
    "broken",
    [
        "CREDIT_ACTIVE = 'Closed' and CREDIT_TYPE <> 'Credit card' and DAYS_ENDDATE_FACT is null",
        "DAYS_ENDDATE_FACT < DAYS_CREDIT",
        "DAYS_CREDIT_ENDDATE < DAYS_CREDIT",
        "DAYS_CREDIT_UPDATE < DAYS_CREDIT",
        "(AMT_CREDIT_SUM_OVERDUE > 0) != (CREDIT_DAY_OVERDUE > 0)",
        "AMT_CREDIT_SUM_DEBT > 1.2 * AMT_CREDIT_SUM + 4.5",
    ],
)
def test_no_credit_at_the_bureau_contradicts_itself(
    tables: duckdb.DuckDBPyConnection, broken: str
) -> None:
    assert _count(tables, f"bureau where {broken}") == 0


def test_nearly_all_closed_credits_have_an_end_and_hardly_any_open_one(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    shares = dict(
        tables.execute(
            "select CREDIT_ACTIVE, avg((DAYS_ENDDATE_FACT is not null)::int) from bureau group by 1"
        ).fetchall()
    )

    assert shares["Closed"] > 0.99
    assert shares["Active"] < 0.02


def test_the_bureau_knows_all_months_of_a_client_or_none(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    part = (
        "(select SK_ID_CURR from bureau left join (select distinct SK_ID_BUREAU, true as known "
        "from bureau_balance) using (SK_ID_BUREAU) group by 1 "
        "having count(known) not in (0, count(*)))"
    )

    assert _count(tables, part) == 0


def test_months_at_the_bureau_follow_one_another_and_stay_closed(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    gaps = (
        "(select SK_ID_BUREAU from bureau_balance group by 1 "
        "having count(*) <> max(MONTHS_BALANCE) - min(MONTHS_BALANCE) + 1)"
    )
    reopened = (
        "(select STATUS, lag(STATUS) over (partition by SK_ID_BUREAU order by MONTHS_BALANCE) "
        "as before from bureau_balance) where before = 'C' and STATUS <> 'C'"
    )

    assert _count(tables, gaps) == 0
    assert _count(tables, reopened) == 0


@pytest.mark.parametrize(
    "broken",
    [
        "NAME_CONTRACT_STATUS <> 'Approved' and DAYS_FIRST_DUE is not null",
        "(NAME_CONTRACT_STATUS = 'Refused') != (CODE_REJECT_REASON not in ('XAP', 'CLIENT'))",
        "(AMT_ANNUITY is null) != (CNT_PAYMENT is null)",
        "DAYS_FIRST_DUE < DAYS_DECISION",
        f"CNT_PAYMENT > 0 and DAYS_LAST_DUE < DAYS_FIRST_DUE and DAYS_FIRST_DUE <> {NO_DATE}",
        f"DAYS_LAST_DUE = {NO_DATE} and DAYS_TERMINATION <> {NO_DATE}",
        "CNT_PAYMENT > 0 and AMT_CREDIT > 0 and AMT_ANNUITY * CNT_PAYMENT < 0.9 * AMT_CREDIT",
        "NAME_CONTRACT_TYPE = 'Revolving loans' and CNT_PAYMENT > 0",
    ],
)
def test_no_earlier_application_contradicts_itself(
    tables: duckdb.DuckDBPyConnection, broken: str
) -> None:
    assert _count(tables, f"previous_application where {broken}") == 0


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        ("POS_CASH_balance", "('Cash loans', 'Consumer loans')"),
        ("credit_card_balance", "('Revolving loans')"),
        ("installments_payments", "('Cash loans', 'Consumer loans', 'Revolving loans')"),
    ],
)
def test_loans_in_a_balance_were_approved_for_this_client_and_product(
    tables: duckdb.DuckDBPyConnection, table: str, kinds: str
) -> None:
    known = _count(tables, f"(select distinct SK_ID_PREV, SK_ID_CURR from {table})")
    fitting = _count(
        tables,
        f"(select distinct SK_ID_PREV, SK_ID_CURR from {table}) "
        "join previous_application using (SK_ID_PREV, SK_ID_CURR) "
        f"where NAME_CONTRACT_STATUS = 'Approved' and NAME_CONTRACT_TYPE in {kinds}",
    )

    assert known == fitting > 0


@pytest.mark.parametrize("table", ["POS_CASH_balance", "credit_card_balance"])
def test_months_of_a_loan_follow_one_another(tables: duckdb.DuckDBPyConnection, table: str) -> None:
    gaps = (
        f"(select SK_ID_PREV from {table} group by 1 "
        "having count(*) <> max(MONTHS_BALANCE) - min(MONTHS_BALANCE) + 1)"
    )

    assert _count(tables, gaps) == 0


def test_payments_still_to_come_never_exceed_the_term(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    terms = "POS_CASH_balance join previous_application using (SK_ID_PREV)"

    assert _count(tables, f"{terms} where CNT_INSTALMENT_FUTURE > CNT_INSTALMENT") == 0
    assert _count(tables, f"{terms} where CNT_INSTALMENT > CNT_PAYMENT") == 0


@pytest.mark.parametrize(
    "broken",
    [
        "AMT_CREDIT_LIMIT_ACTUAL > 0 and AMT_BALANCE > 1.5 * 1350000",
        (
            "abs(AMT_DRAWINGS_CURRENT - AMT_DRAWINGS_ATM_CURRENT - AMT_DRAWINGS_OTHER_CURRENT "
            "- AMT_DRAWINGS_POS_CURRENT) > 0.01"
        ),
        "(AMT_DRAWINGS_CURRENT > 0) != (CNT_DRAWINGS_CURRENT > 0)",
        "AMT_RECEIVABLE_PRINCIPAL > AMT_BALANCE",
        "SK_DPD_DEF > SK_DPD",
    ],
)
def test_no_month_of_a_card_contradicts_itself(
    tables: duckdb.DuckDBPyConnection, broken: str
) -> None:
    assert _count(tables, f"credit_card_balance where {broken}") == 0


def test_hardly_any_card_owes_more_than_its_limit(tables: duckdb.DuckDBPyConnection) -> None:
    owing = "credit_card_balance where AMT_BALANCE > 0 and AMT_CREDIT_LIMIT_ACTUAL > 0"

    over = _count(tables, f"{owing} and AMT_BALANCE > 1.15 * AMT_CREDIT_LIMIT_ACTUAL")

    assert over < 0.02 * _count(tables, owing)


def test_parts_of_a_payment_on_a_loan_sum_to_what_was_due(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    parts = (
        "(select SK_ID_PREV, NUM_INSTALMENT_NUMBER, any_value(AMT_INSTALMENT) as due, "
        "sum(AMT_PAYMENT) as paid from installments_payments where NUM_INSTALMENT_VERSION > 0 "
        "group by all having count(*) = 2 and count(AMT_PAYMENT) = 2)"
    )

    assert _count(tables, parts) > 1_000
    assert _count(tables, f"{parts} where abs(due - paid) > 0.1") == 0
