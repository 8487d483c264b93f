"""What the features of the bureau's loans and of their months mean."""

from __future__ import annotations

from tests.credit.plain.reading import (
    AGGREGATES,
    Reading,
    Row,
    Rows,
    Value,
    column,
    divide,
    exceeds,
    gaps,
    known,
    less,
    mean,
    says,
    split,
)

_is_card = says("CREDIT_TYPE", "Credit card")
_is_active = says("CREDIT_ACTIVE", "Active")


def _used_share(row: Row) -> Value:
    owed, left = row["AMT_CREDIT_SUM_DEBT"], row["AMT_CREDIT_SUM_LIMIT"]
    return None if None in {owed, left} else divide(owed, owed + left)


def _debt_to_credit(rows: Rows) -> Value:
    owed = sum(known([row["AMT_CREDIT_SUM_DEBT"] for row in rows]))
    return divide(owed, sum(known([row["AMT_CREDIT_SUM"] for row in rows])))


def _days_between(rows: Rows) -> list[int]:
    return gaps([row["DAYS_CREDIT"] for row in rows])


BUREAU = Reading(
    time="DAYS_CREDIT",
    identifier="SK_ID_BUREAU",
    measures={
        "days_credit": column("DAYS_CREDIT"),
        "days_enddate": column("DAYS_CREDIT_ENDDATE"),
        "days_enddate_fact": column("DAYS_ENDDATE_FACT"),
        "days_update": column("DAYS_CREDIT_UPDATE"),
        "days_ended_early": lambda row: less(row["DAYS_CREDIT_ENDDATE"], row["DAYS_ENDDATE_FACT"]),
        "term_days": lambda row: less(row["DAYS_CREDIT_ENDDATE"], row["DAYS_CREDIT"]),
        "credit": column("AMT_CREDIT_SUM"),
        "debt": column("AMT_CREDIT_SUM_DEBT"),
        "owed_share": lambda row: divide(row["AMT_CREDIT_SUM_DEBT"], row["AMT_CREDIT_SUM"]),
        "repaid": lambda row: less(row["AMT_CREDIT_SUM"], row["AMT_CREDIT_SUM_DEBT"]),
        "debt_a_day": lambda row: divide(row["AMT_CREDIT_SUM_DEBT"], row["DAYS_CREDIT_ENDDATE"]),
        "max_overdue": column("AMT_CREDIT_MAX_OVERDUE"),
        "overdue": column("AMT_CREDIT_SUM_OVERDUE"),
        "overdue_days": column("CREDIT_DAY_OVERDUE"),
        "overdue_to_debt": lambda row: divide(
            row["AMT_CREDIT_SUM_OVERDUE"], row["AMT_CREDIT_SUM_DEBT"]
        ),
        "limit": column("AMT_CREDIT_SUM_LIMIT"),
        "annuity": column("AMT_ANNUITY"),
        "prolonged": column("CNT_CREDIT_PROLONG"),
    },
    kinds={
        "active": _is_active,
        "active_365d": lambda row: _is_active(row) and row["DAYS_CREDIT"] >= -365,
        "closed": says("CREDIT_ACTIVE", "Closed"),
        "overdue": lambda row: exceeds(row["AMT_CREDIT_SUM_OVERDUE"], 0),
        "was_overdue": lambda row: exceeds(row["AMT_CREDIT_MAX_OVERDUE"], 0),
        "foreign": says("CREDIT_CURRENCY", "currency 2", "currency 3", "currency 4"),
        "card": _is_card,
        "consumer": says("CREDIT_TYPE", "Consumer credit"),
        "mortgage": says("CREDIT_TYPE", "Mortgage"),
        "car": says("CREDIT_TYPE", "Car loan"),
        "microloan": says("CREDIT_TYPE", "Microloan"),
    },
    whole={
        "loans_count": len,
        "types_count": lambda rows: len({row["CREDIT_TYPE"] for row in rows}),
        "debt_to_credit": _debt_to_credit,
        "loans_trend_365d": lambda rows: mean([row["DAYS_CREDIT"] >= -365 for row in rows]),
        "card_used_share_mean": lambda rows: mean(
            [_used_share(row) for row in rows if _is_card(row) and _is_active(row)]
        ),
        "days_between_mean": lambda rows: mean(_days_between(rows)),
        "days_between_min": lambda rows: min(_days_between(rows), default=None),
    },
    trends={"debt_to_credit": ("debt_to_credit", less), "credit": ("credit_mean", divide)},
)

_is_late = says("STATUS", *"12345")


def _count_late(rows: Rows) -> int:
    return sum(bool(_is_late(row)) for row in rows)


def _late_share(rows: Rows) -> Value:
    return divide(_count_late(rows), sum(row["STATUS"] in "012345" for row in rows))


def _months_late(rows: Rows) -> list[Value]:
    return [row["MONTHS_BALANCE"] for row in rows if _is_late(row)]


def _by_loan(rows: Rows) -> list[Rows]:
    return split(rows, "SK_ID_BUREAU")


BUREAU_BALANCE = Reading(
    time="MONTHS_BALANCE",
    identifier="SK_ID_BUREAU",
    measures={"months": column("MONTHS_BALANCE")},
    kinds={
        "late": _is_late,
        "very_late": says("STATUS", *"2345"),
        "written_off": says("STATUS", "5"),
        "closed": says("STATUS", "C"),
        "unknown": says("STATUS", "X"),
    },
    whole={
        "months_count": len,
        "months_mean": lambda rows: mean([len(loan) for loan in _by_loan(rows)]),
        "loans_count": lambda rows: len(_by_loan(rows)),
        "late_share_mean": _late_share,
        "late_loans_share": lambda rows: mean([_count_late(loan) > 0 for loan in _by_loan(rows)]),
        "late_loan_max": lambda rows: max(_count_late(loan) for loan in _by_loan(rows)),
        "late_latest_month": lambda rows: AGGREGATES["max"](_months_late(rows)),
        "late_first_month": lambda rows: AGGREGATES["min"](_months_late(rows)),
    },
    trends={"late": ("late_share_mean", less)},
)
