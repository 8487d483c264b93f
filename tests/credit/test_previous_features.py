"""Features of earlier applications, on a few rows that a person can add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.credit.conftest import AggregateOne

CLIENT = 1
NO_DATE = 365_243


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

    expected = {
        "has_history": 1,
        "applications_count": 4,
        "approved_count": 2,
        "refused_count": 1,
        "approved_share": 1 / 2,
        "refused_share": 1 / 4,
        "canceled_share": 1 / 4,
        "count_365d": 3,
        "refused_share_mean_365d": 1 / 3,
        "cash_count": 1,
        "revolving_count": 1,
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
        "running_count": 2,
        "price_mean": 1,
        "asked_trend_last3": 1,
        "days_between_min": 5,
    }
    assert {name: features[name] for name in expected} == pytest.approx(expected)
