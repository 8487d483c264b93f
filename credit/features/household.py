"""Features of the person: income and burden, age and tenure, surroundings, what is not known."""

from __future__ import annotations

from credit.contract import APPLICATION_COLUMNS
from credit.features.external_scores import SCORES
from credit.features.feature import CLIENT
from credit.features.formula import (
    ApplicationFeature,
    count_missing,
    difference,
    divide,
    share,
    total,
)

DAYS_A_YEAR = 365.25

ENQUIRIES = tuple(
    f"AMT_REQ_CREDIT_BUREAU_{window}" for window in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")
)
DOCUMENTS = tuple(f"FLAG_DOCUMENT_{number}" for number in range(2, 22))
HOUSING = tuple(
    column.name
    for column in APPLICATION_COLUMNS
    if column.name.endswith(("_AVG", "_MODE", "_MEDI"))
)
CONTACTS = ("FLAG_EMP_PHONE", "FLAG_WORK_PHONE", "FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL")
ELSEWHERE = (
    "REG_REGION_NOT_LIVE_REGION",
    "REG_REGION_NOT_WORK_REGION",
    "LIVE_REGION_NOT_WORK_REGION",
    "REG_CITY_NOT_LIVE_CITY",
    "REG_CITY_NOT_WORK_CITY",
    "LIVE_CITY_NOT_WORK_CITY",
)
OTHERS = tuple(
    column.name
    for column in APPLICATION_COLUMNS
    if column.name not in {CLIENT, *HOUSING, *DOCUMENTS, *SCORES}
)

HOUSEHOLD: tuple[ApplicationFeature, ...] = (
    # Burden on the income
    ApplicationFeature(
        "credit_to_income", "Credit / income", share("AMT_CREDIT", "AMT_INCOME_TOTAL")
    ),
    ApplicationFeature(
        "annuity_to_income", "Annuity / income", share("AMT_ANNUITY", "AMT_INCOME_TOTAL")
    ),
    ApplicationFeature(
        "goods_to_income", "Price of goods / income", share("AMT_GOODS_PRICE", "AMT_INCOME_TOTAL")
    ),
    ApplicationFeature(
        "income_per_person", "Income / family members", share("AMT_INCOME_TOTAL", "CNT_FAM_MEMBERS")
    ),
    ApplicationFeature(
        "annuity_per_person", "Annuity / family members", share("AMT_ANNUITY", "CNT_FAM_MEMBERS")
    ),
    ApplicationFeature(
        "income_after_annuity", "Income less annuity", difference("AMT_INCOME_TOTAL", "AMT_ANNUITY")
    ),
    ApplicationFeature(
        "income_to_age",
        "Income / days lived",
        lambda columns: divide(columns["AMT_INCOME_TOTAL"], -columns["DAYS_BIRTH"]),
    ),
    ApplicationFeature(
        "children_share", "Children / family members", share("CNT_CHILDREN", "CNT_FAM_MEMBERS")
    ),
    ApplicationFeature(
        "adults_count",
        "Family members less children",
        difference("CNT_FAM_MEMBERS", "CNT_CHILDREN"),
    ),
    # Age and tenure
    ApplicationFeature(
        "employed_share_of_life", "Days employed / days lived", share("DAYS_EMPLOYED", "DAYS_BIRTH")
    ),
    ApplicationFeature(
        "registration_share_of_life",
        "Days since the registration changed / days lived",
        share("DAYS_REGISTRATION", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "id_published_share_of_life",
        "Days since the identity document changed / days lived",
        share("DAYS_ID_PUBLISH", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "phone_changed_share_of_life",
        "Days since the phone changed / days lived",
        share("DAYS_LAST_PHONE_CHANGE", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "phone_changed_to_employed",
        "Days since the phone changed / days employed",
        share("DAYS_LAST_PHONE_CHANGE", "DAYS_EMPLOYED"),
    ),
    ApplicationFeature(
        "age_when_employed_days",
        "Days lived when the employment began",
        difference("DAYS_EMPLOYED", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "age_when_id_published_days",
        "Days lived when the identity document changed",
        difference("DAYS_ID_PUBLISH", "DAYS_BIRTH"),
    ),
    ApplicationFeature(
        "age_at_end_years",
        "Age when the loan is paid back, by credit / annuity",
        lambda columns: (
            -columns["DAYS_BIRTH"] / DAYS_A_YEAR
            + divide(columns["AMT_CREDIT"], columns["AMT_ANNUITY"]) / 12.0
        ),
    ),
    ApplicationFeature(
        "car_age_to_age",
        "Age of the car / age of the client",
        lambda columns: divide(columns["OWN_CAR_AGE"], -columns["DAYS_BIRTH"] / DAYS_A_YEAR),
    ),
    ApplicationFeature(
        "car_age_to_employed",
        "Age of the car / years employed",
        lambda columns: divide(columns["OWN_CAR_AGE"], -columns["DAYS_EMPLOYED"] / DAYS_A_YEAR),
    ),
    # Surroundings and paperwork
    ApplicationFeature(
        "social_circle_default_share",
        "Share of the social circle that is 30 days past due",
        share("DEF_30_CNT_SOCIAL_CIRCLE", "OBS_30_CNT_SOCIAL_CIRCLE"),
    ),
    ApplicationFeature(
        "social_circle_default_60_share",
        "Share of the social circle that is 60 days past due",
        share("DEF_60_CNT_SOCIAL_CIRCLE", "OBS_60_CNT_SOCIAL_CIRCLE"),
    ),
    ApplicationFeature(
        "elsewhere_count", "Pairs of addresses that differ, out of six", total(*ELSEWHERE)
    ),
    ApplicationFeature("contacts_count", "Ways to reach the client, out of five", total(*CONTACTS)),
    ApplicationFeature("enquiries_total", "Enquiries at the bureau in the year", total(*ENQUIRIES)),
    ApplicationFeature("documents_count", "Documents handed in", total(*DOCUMENTS)),
    # What is not known
    ApplicationFeature(
        "housing_missing_count",
        "How many facts about the building are missing",
        count_missing(*HOUSING),
    ),
    ApplicationFeature(
        "other_missing_count",
        "How many other fields of the application are missing",
        count_missing(*OTHERS),
    ),
)
