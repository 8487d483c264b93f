"""Each history table's features, on a few rows that a person can add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit.features.catalog import HISTORY_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.credit.conftest import Aggregate

    Row = Mapping[str, object]
    AggregateOne = Callable[..., dict[str, Any]]

CLIENT = 1
NO_DATE = 365_243
PREFIXES = {
    "bureau": "bureau",
    "bureau_balance": "bureau_balance",
    "previous_application": "previous",
    "POS_CASH_balance": "pos",
    "credit_card_balance": "card",
    "installments_payments": "installments",
}


@pytest.fixture
def aggregate_one(aggregate: Aggregate) -> AggregateOne:
    """Returns the features that the client has of one table, their prefix left off."""

    def compute(table: str, rows: Sequence[Row], **others: Sequence[Row]) -> dict[str, Any]:
        names = [feature.name for feature in HISTORY_FEATURES if feature.table == table]
        features = aggregate(**{table: rows, **others})[CLIENT]
        return {name.removeprefix(f"{PREFIXES[table]}_"): features[name] for name in names}

    return compute


def test_bureau_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    loan = {"SK_ID_CURR": CLIENT, "CREDIT_CURRENCY": "currency 1"}
    running_card = loan | {
        "SK_ID_BUREAU": 11,
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Credit card",
        "DAYS_CREDIT": -365,
        "CREDIT_DAY_OVERDUE": 4,
        "DAYS_CREDIT_ENDDATE": 700,
        "AMT_CREDIT_MAX_OVERDUE": 50,
        "CNT_CREDIT_PROLONG": 1,
        "AMT_CREDIT_SUM": 1_000,
        "AMT_CREDIT_SUM_DEBT": 250,
        "AMT_CREDIT_SUM_LIMIT": 800,
        "AMT_CREDIT_SUM_OVERDUE": 20,
        "DAYS_CREDIT_UPDATE": -10,
        "AMT_ANNUITY": 60,
    }
    running_loan = loan | {
        "SK_ID_BUREAU": 12,
        "CREDIT_ACTIVE": "Active",
        "CREDIT_TYPE": "Consumer credit",
        "DAYS_CREDIT": -366,
        "CREDIT_DAY_OVERDUE": 0,
        "DAYS_CREDIT_ENDDATE": 300,
        "CNT_CREDIT_PROLONG": 2,
        "AMT_CREDIT_SUM": 3_000,
        "AMT_CREDIT_SUM_DEBT": 1_250,
        "AMT_CREDIT_SUM_OVERDUE": 0,
        "DAYS_CREDIT_UPDATE": -20,
        "AMT_ANNUITY": 40,
    }
    closed_microloan = loan | {
        "SK_ID_BUREAU": 13,
        "CREDIT_ACTIVE": "Closed",
        "CREDIT_TYPE": "Microloan",
        "DAYS_CREDIT": -1_000,
        "CREDIT_DAY_OVERDUE": 0,
        "DAYS_CREDIT_ENDDATE": -600,
        "DAYS_ENDDATE_FACT": -630,
        "AMT_CREDIT_MAX_OVERDUE": 0,
        "CNT_CREDIT_PROLONG": 0,
        "AMT_CREDIT_SUM": 4_000,
        "AMT_CREDIT_SUM_DEBT": 0,
        "AMT_CREDIT_SUM_LIMIT": 0,
        "AMT_CREDIT_SUM_OVERDUE": 0,
        "DAYS_CREDIT_UPDATE": -630,
    }

    features = aggregate_one("bureau", [running_card, running_loan, closed_microloan])

    assert features == pytest.approx(
        {
            "has_history": 1,
            "loans_count": 3,
            "active_count": 2,
            "active_share": 2 / 3,
            "card_share": 1 / 3,
            "microloan_count": 1,
            "types_count": 3,
            "loans_count_365d": 1,
            "days_credit_max": -365,
            "days_credit_min": -1_000,
            "days_credit_mean": -577,
            "active_days_credit_max": -365,
            "days_enddate_max": 700,
            "active_days_enddate_mean": 500,
            "days_enddate_fact_max": -630,
            "days_ended_early_mean": 30,
            "days_update_mean": -220,
            "credit_sum": 8_000,
            "credit_mean": 8_000 / 3,
            "credit_max": 4_000,
            "debt_sum": 1_500,
            "debt_to_credit": 1_500 / 8_000,
            "active_debt_to_credit": 1_500 / 4_000,
            "limit_sum": 800,
            "overdue_sum": 20,
            "overdue_share": 1 / 3,
            "overdue_days_max": 4,
            "max_overdue_max": 50,
            "was_overdue_share": 1 / 2,
            "prolonged_sum": 3,
            "annuity_sum": 100,
        }
    )


def test_bureau_balance_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    loans = [{"SK_ID_CURR": CLIENT, "SK_ID_BUREAU": loan} for loan in (11, 12)]
    months = [(11, 0, "C"), (11, -1, "0"), (11, -12, "1"), (12, -13, "2"), (12, -14, "5")]
    months += [(12, -15, "X"), (12, -16, "0"), (12, -17, "0")]

    features = aggregate_one(
        "bureau_balance",
        [
            {"SK_ID_BUREAU": loan, "MONTHS_BALANCE": month, "STATUS": status}
            for loan, month, status in months
        ],
        bureau=loans,
    )

    assert features == pytest.approx(
        {
            "has_history": 1,
            "months_count": 8,
            "loans_count": 2,
            "months_min": -17,
            "late_share_mean": 3 / 6,
            "late_count": 3,
            "very_late_count": 2,
            "late_share_mean_12m": 1 / 2,
            "late_latest_month": -12,
            "closed_share_mean": 1 / 8,
            "unknown_share_mean": 1 / 8,
        }
    )


def test_previous_application_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    approved = {
        "SK_ID_CURR": CLIENT,
        "SK_ID_PREV": 21,
        "NAME_CONTRACT_STATUS": "Approved",
        "NAME_CONTRACT_TYPE": "Consumer loans",
        "NAME_YIELD_GROUP": "high",
        "NAME_CLIENT_TYPE": "New",
        "AMT_APPLICATION": 1_000,
        "AMT_CREDIT": 1_200,
        "AMT_ANNUITY": 100,
        "AMT_DOWN_PAYMENT": 50,
        "RATE_DOWN_PAYMENT": 0.05,
        "CNT_PAYMENT": 12,
        "DAYS_DECISION": -800,
        "DAYS_LAST_DUE_1ST_VERSION": -400,
        "DAYS_LAST_DUE": -430,
        "NFLAG_INSURED_ON_APPROVAL": 1,
    }
    running = approved | {
        "SK_ID_PREV": 22,
        "NAME_CONTRACT_TYPE": "Cash loans",
        "NAME_YIELD_GROUP": "middle",
        "NAME_CLIENT_TYPE": "Repeater",
        "AMT_APPLICATION": 3_000,
        "AMT_CREDIT": 3_000,
        "AMT_ANNUITY": 150,
        "AMT_DOWN_PAYMENT": None,
        "RATE_DOWN_PAYMENT": None,
        "CNT_PAYMENT": 20,
        "DAYS_DECISION": -365,
        "DAYS_LAST_DUE_1ST_VERSION": 235,
        "DAYS_LAST_DUE": NO_DATE,
        "NFLAG_INSURED_ON_APPROVAL": 0,
    }
    refused = {
        "SK_ID_CURR": CLIENT,
        "SK_ID_PREV": 23,
        "NAME_CONTRACT_STATUS": "Refused",
        "NAME_CONTRACT_TYPE": "Revolving loans",
        "NAME_CLIENT_TYPE": "XNA",
        "NAME_YIELD_GROUP": "XNA",
        "AMT_APPLICATION": 0,
        "AMT_CREDIT": 500,
        "DAYS_DECISION": -20,
    }
    canceled = refused | {
        "SK_ID_PREV": 24,
        "NAME_CONTRACT_STATUS": "Canceled",
        "NAME_CONTRACT_TYPE": "XNA",
        "AMT_CREDIT": 0,
        "DAYS_DECISION": -15,
    }

    features = aggregate_one("previous_application", [approved, running, refused, canceled])

    assert features == pytest.approx(
        {
            "has_history": 1,
            "applications_count": 4,
            "approved_count": 2,
            "refused_count": 1,
            "approved_share": 1 / 2,
            "refused_share": 1 / 4,
            "canceled_share": 1 / 4,
            "refused_count_365d": 1,
            "applications_count_365d": 3,
            "cash_share": 1 / 3,  # the fourth product is not known
            "revolving_share": 1 / 3,
            "high_yield_share": 1 / 2,
            "new_client_share": 1 / 2,
            "days_decision_max": -15,
            "days_decision_min": -800,
            "days_decision_mean": -300,
            "refused_days_decision_max": -20,
            "annuity_mean": 125,
            "annuity_max": 150,
            "asked_mean": 1_000,
            "approved_credit_mean": 2_100,
            "granted_to_asked_mean": 1.1,
            "granted_to_asked_min": 1.0,
            "down_payment_mean": 50,
            "down_payment_rate_mean": 0.05,
            "term_mean": 16,
            "credit_to_annuity_mean": 16,
            "last_due_max": 235,
            "last_due_moved_mean": 30,
            "insured_share": 1 / 2,
        }
    )


def test_pos_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    def month(loan: int, back: int, term: int | None, left: int | None, **more: object) -> Row:
        return {
            "SK_ID_CURR": CLIENT,
            "SK_ID_PREV": loan,
            "MONTHS_BALANCE": -back,
            "CNT_INSTALMENT": term,
            "CNT_INSTALMENT_FUTURE": left,
            "NAME_CONTRACT_STATUS": "Active",
            "SK_DPD": 0,
            "SK_DPD_DEF": 0,
        } | more

    features = aggregate_one(
        "POS_CASH_balance",
        [
            month(21, 12, 10, 4, SK_DPD=6, SK_DPD_DEF=2),
            month(21, 13, 10, 6, SK_DPD=30),
            month(22, 2, 0, 0, NAME_CONTRACT_STATUS="Completed"),
            month(22, 3, None, None),
        ],
    )

    assert features == pytest.approx(
        {
            "has_history": 1,
            "months_count": 4,
            "loans_count": 2,
            "months_max": -2,
            "months_min": -13,
            "late_share_mean": 1 / 2,
            "late_share_mean_12m": 1 / 3,
            "late_beyond_tolerance_share_mean": 1 / 4,
            "dpd_max": 30,
            "dpd_mean": 9,
            "dpd_def_max": 2,
            "completed_count": 1,
            "term_mean": 20 / 3,
            "remaining_mean": 10 / 3,
            "remaining_share_mean": 1 / 2,
            "remaining_max_12m": 4,
        }
    )


def test_card_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    month = {
        "SK_ID_CURR": CLIENT,
        "SK_ID_PREV": 31,
        "MONTHS_BALANCE": -6,
        "AMT_BALANCE": 500,
        "AMT_CREDIT_LIMIT_ACTUAL": 1_000,
        "AMT_DRAWINGS_CURRENT": 60,
        "CNT_DRAWINGS_CURRENT": 3,
        "AMT_DRAWINGS_ATM_CURRENT": 40,
        "CNT_DRAWINGS_ATM_CURRENT": 2,
        "AMT_PAYMENT_CURRENT": 90,
        "AMT_INST_MIN_REGULARITY": 60,
        "SK_DPD": 9,
        "SK_DPD_DEF": 7,
    }
    earlier = month | {
        "MONTHS_BALANCE": -7,
        "AMT_BALANCE": 900,
        "AMT_DRAWINGS_CURRENT": 0,
        "CNT_DRAWINGS_CURRENT": 0,
        "AMT_DRAWINGS_ATM_CURRENT": 0,
        "CNT_DRAWINGS_ATM_CURRENT": 0,
        "AMT_PAYMENT_CURRENT": 30,
        "SK_DPD": 3,
        "SK_DPD_DEF": 0,
    }
    without_limit = earlier | {
        "SK_ID_PREV": 32,
        "AMT_BALANCE": 100,
        "AMT_CREDIT_LIMIT_ACTUAL": 0,
        "AMT_DRAWINGS_ATM_CURRENT": None,
        "CNT_DRAWINGS_ATM_CURRENT": None,
        "AMT_INST_MIN_REGULARITY": 0,
        "SK_DPD": 0,
    }

    features = aggregate_one("credit_card_balance", [month, earlier, without_limit])

    assert features == pytest.approx(
        {
            "has_history": 1,
            "months_count": 3,
            "cards_count": 2,
            "months_max": -6,
            "balance_mean": 500,
            "balance_max": 900,
            "limit_max": 1_000,
            "utilisation_mean": 0.7,
            "utilisation_max": 0.9,
            "utilisation_mean_6m": 0.5,
            "drawings_mean": 20,
            "drawings_count_mean": 1,
            "cash_drawing_share": 1 / 2,
            "cash_drawings_count_mean": 1,
            "paid_to_due_mean": 1,
            "late_share_mean": 2 / 3,
            "late_beyond_tolerance_share_mean": 1 / 3,
            "dpd_max": 9,
        }
    )


def test_installments_features_computed_by_hand(aggregate_one: AggregateOne) -> None:
    def payment(loan: int, due: int, made: int | None, paid: int | None, number: int) -> Row:
        return {
            "SK_ID_CURR": CLIENT,
            "SK_ID_PREV": loan,
            "NUM_INSTALMENT_NUMBER": number,
            "DAYS_INSTALMENT": due,
            "DAYS_ENTRY_PAYMENT": made,
            "AMT_INSTALMENT": 100,
            "AMT_PAYMENT": paid,
        }

    features = aggregate_one(
        "installments_payments",
        [
            payment(41, due=-365, made=-355, paid=70, number=8),
            payment(41, due=-366, made=-376, paid=100, number=7),
            payment(42, due=-30, made=-30, paid=130, number=2),
            payment(42, due=-5, made=None, paid=None, number=3),
        ],
    )

    assert features == pytest.approx(
        {
            "has_history": 1,
            "payments_count": 4,
            "loans_count": 2,
            "days_due_max": -5,
            "days_late_mean": 0,
            "days_late_max": 10,
            "days_late_min": -10,
            "late_share_mean": 1 / 3,
            "late_share_mean_365d": 1 / 2,
            "days_late_mean_365d": 5,
            "underpaid_share_mean": 1 / 3,
            "underpaid_max": 30,
            "paid_to_due": 300 / 400,
            "due_mean": 100,
            "due_max": 100,
            "paid_sum": 300,
            "number_max": 8,
        }
    )
