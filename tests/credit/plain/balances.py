"""What the features of the months and payments of earlier loans mean."""

from __future__ import annotations

from tests.credit.plain.reading import (
    Reading,
    Row,
    Rows,
    Value,
    column,
    divide,
    exceeds,
    known,
    less,
    mean,
    says,
    split,
)

_is_completed = says("NAME_CONTRACT_STATUS", "Completed")


def _by_loan(rows: Rows) -> list[Rows]:
    return split(rows, "SK_ID_PREV")


def _has_ended(loan: Rows) -> bool | None:
    told = known([_is_completed(row) for row in loan])
    return any(told) if told else None


def _is_running(loan: Rows) -> bool:
    heard_of_lately = max(row["MONTHS_BALANCE"] for row in loan) >= -2
    return heard_of_lately and _has_ended(loan) is False


def _least_remaining(loan: Rows) -> Value:
    return min(known([row["CNT_INSTALMENT_FUTURE"] for row in loan]), default=None)


def _running_remaining(rows: Rows) -> Value:
    running = [loan for loan in _by_loan(rows) if _is_running(loan)]
    return sum(known([_least_remaining(loan) for loan in running]))


def _was_ever_past_due(loan: Rows) -> bool:
    return any(row["SK_DPD"] > 0 for row in loan)


POS_CASH_BALANCE: Reading = Reading(
    time="MONTHS_BALANCE",
    identifier="SK_ID_PREV",
    measures={
        "months": column("MONTHS_BALANCE"),
        "month": column("MONTHS_BALANCE"),
        "dpd": column("SK_DPD"),
        "dpd_def": column("SK_DPD_DEF"),
        "term": column("CNT_INSTALMENT"),
        "remaining": column("CNT_INSTALMENT_FUTURE"),
        "remaining_share": lambda row: divide(row["CNT_INSTALMENT_FUTURE"], row["CNT_INSTALMENT"]),
    },
    kinds={
        "late": lambda row: exceeds(row["SK_DPD"], 0),
        "late_beyond_tolerance": lambda row: exceeds(row["SK_DPD_DEF"], 0),
        "completed": _is_completed,
        "active": says("NAME_CONTRACT_STATUS", "Active"),
        "demanded": says(
            "NAME_CONTRACT_STATUS", "Demand", "Returned to the store", "Amortized debt"
        ),
    },
    whole={
        "months_count": len,
        "loans_count": lambda rows: len(_by_loan(rows)),
        "running_count": lambda rows: sum(_is_running(loan) for loan in _by_loan(rows)),
        "running_remaining_sum": _running_remaining,
        "completed_share": lambda rows: mean([_has_ended(loan) for loan in _by_loan(rows)]),
        "late_loans_share": lambda rows: mean(
            [_was_ever_past_due(loan) for loan in _by_loan(rows)]
        ),
        "loan_months_mean": lambda rows: mean([len(loan) for loan in _by_loan(rows)]),
        "last_loan_remaining": lambda rows: _least_remaining(POS_CASH_BALANCE.find_last_loan(rows)),
        "last_loan_completed": lambda rows: _has_ended(POS_CASH_BALANCE.find_last_loan(rows)),
    },
    trends={"late_share": ("late_share_mean", less)},
)

CREDIT_CARD_BALANCE = Reading(
    time="MONTHS_BALANCE",
    identifier="SK_ID_PREV",
    measures={
        "months": column("MONTHS_BALANCE"),
        "month": column("MONTHS_BALANCE"),
        "balance": column("AMT_BALANCE"),
        "limit": column("AMT_CREDIT_LIMIT_ACTUAL"),
        "utilisation": lambda row: divide(row["AMT_BALANCE"], row["AMT_CREDIT_LIMIT_ACTUAL"]),
        "drawings": column("AMT_DRAWINGS_CURRENT"),
        "drawings_count": column("CNT_DRAWINGS_CURRENT"),
        "cash_drawings": column("AMT_DRAWINGS_ATM_CURRENT"),
        "cash_drawings_count": column("CNT_DRAWINGS_ATM_CURRENT"),
        "cash_share": lambda row: divide(
            row["AMT_DRAWINGS_ATM_CURRENT"], row["AMT_DRAWINGS_CURRENT"]
        ),
        "drawn_to_limit": lambda row: divide(
            row["AMT_DRAWINGS_CURRENT"], row["AMT_CREDIT_LIMIT_ACTUAL"]
        ),
        "interest": lambda row: less(row["AMT_TOTAL_RECEIVABLE"], row["AMT_RECEIVABLE_PRINCIPAL"]),
        "paid": column("AMT_PAYMENT_CURRENT"),
        "due": column("AMT_INST_MIN_REGULARITY"),
        "paid_to_due": lambda row: divide(
            row["AMT_PAYMENT_CURRENT"], row["AMT_INST_MIN_REGULARITY"]
        ),
        "paid_to_balance": lambda row: divide(row["AMT_PAYMENT_CURRENT"], row["AMT_BALANCE"]),
        "dpd": column("SK_DPD"),
        "payments_made": column("CNT_INSTALMENT_MATURE_CUM"),
    },
    kinds={
        "used": lambda row: exceeds(row["AMT_BALANCE"], 0),
        "over_limit": lambda row: exceeds(row["AMT_BALANCE"], row["AMT_CREDIT_LIMIT_ACTUAL"]),
        "drawing": lambda row: exceeds(row["AMT_DRAWINGS_CURRENT"], 0),
        "cash_drawing": lambda row: exceeds(row["AMT_DRAWINGS_ATM_CURRENT"], 0),
        "underpaid": lambda row: exceeds(
            row["AMT_INST_MIN_REGULARITY"], row["AMT_PAYMENT_CURRENT"]
        ),
        "late": lambda row: exceeds(row["SK_DPD"], 0),
        "late_beyond_tolerance": lambda row: exceeds(row["SK_DPD_DEF"], 0),
    },
    whole={
        "months_count": len,
        "cards_count": lambda rows: len(_by_loan(rows)),
    },
    trends={"utilisation": ("utilisation_mean", less), "balance": ("balance_mean", divide)},
)


def _days_late(row: Row) -> Value:
    return less(row["DAYS_ENTRY_PAYMENT"], row["DAYS_INSTALMENT"])


def _was_ever_late(loan: Rows) -> bool | None:
    told = known([_days_late(row) for row in loan])
    return any(days > 0 for days in told) if told else None


def _days_past_due(row: Row) -> Value:
    days = _days_late(row)
    return None if days is None else max(days, 0)


def _paid_to_due(rows: Rows) -> Value:
    paid = sum(known([row["AMT_PAYMENT"] for row in rows]))
    return divide(paid, sum(row["AMT_INSTALMENT"] for row in rows))


INSTALLMENTS_PAYMENTS: Reading = Reading(
    time="DAYS_INSTALMENT",
    identifier="SK_ID_PREV",
    measures={
        "days_due": column("DAYS_INSTALMENT"),
        "days_paid": column("DAYS_ENTRY_PAYMENT"),
        "days_late": _days_late,
        "days_past_due": _days_past_due,
        "underpaid": lambda row: less(row["AMT_INSTALMENT"], row["AMT_PAYMENT"]),
        "paid_share": lambda row: divide(row["AMT_PAYMENT"], row["AMT_INSTALMENT"]),
        "due": column("AMT_INSTALMENT"),
        "paid": column("AMT_PAYMENT"),
        "number": column("NUM_INSTALMENT_NUMBER"),
        "version": column("NUM_INSTALMENT_VERSION"),
    },
    kinds={
        "late": lambda row: exceeds(_days_late(row), 0),
        "very_late": lambda row: exceeds(_days_late(row), 30),
        "early": lambda row: exceeds(row["DAYS_INSTALMENT"], row["DAYS_ENTRY_PAYMENT"]),
        "underpaid": lambda row: exceeds(row["AMT_INSTALMENT"], row["AMT_PAYMENT"]),
    },
    whole={
        "payments_count": len,
        "paid_to_due": _paid_to_due,
        "loans_count": lambda rows: len(_by_loan(rows)),
        "late_loans_share": lambda rows: mean([_was_ever_late(loan) for loan in _by_loan(rows)]),
        "loan_payments_mean": lambda rows: mean([len(loan) for loan in _by_loan(rows)]),
        "last_loan_first_due": lambda rows: min(
            row["DAYS_INSTALMENT"] for row in INSTALLMENTS_PAYMENTS.find_last_loan(rows)
        ),
    },
    trends={
        "late_share": ("late_share_mean", less),
        "days_late": ("days_late_mean", less),
        "due": ("due_mean", divide),
    },
)
