"""The features as a notebook computes them, one line each, in pandas.

The same numbers as `credit.features.application`, written again the way they are usually written:
the benchmark compares the probabilities, so that a difference does not go unseen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit.contract import APPLICATION_COLUMNS, Kind

CATEGORIES = [column.name for column in APPLICATION_COLUMNS if column.kind is Kind.CATEGORY]
NUMBERS = [
    column.name
    for column in APPLICATION_COLUMNS
    if column.kind is not Kind.CATEGORY and column.name != "SK_ID_CURR"
]
SENTINELS = {
    column.name: column.sentinel for column in APPLICATION_COLUMNS if column.sentinel is not None
}
SCORES = ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]
HOUSING = [name for name in CATEGORIES + NUMBERS if name.endswith(("_AVG", "_MODE", "_MEDI"))]
DOCUMENTS = [name for name in NUMBERS if name.startswith("FLAG_DOCUMENT_")]
ENQUIRIES = [name for name in NUMBERS if name.startswith("AMT_REQ_CREDIT_BUREAU_")]
CONTACTS = ["FLAG_EMP_PHONE", "FLAG_WORK_PHONE", "FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL"]
ELSEWHERE = [name for name in NUMBERS if "_NOT_" in name]
OTHERS = [name for name in CATEGORIES + NUMBERS if name not in {*HOUSING, *DOCUMENTS, *SCORES}]
TERM_EDGES = [-np.inf, 3.25, 4.25, 5.75, 6.75, 7.75, 10.75, 13.75, 18.25, 23.25, 28.75, np.inf]
TERMS = [3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0]


def make_features(applicants: pd.DataFrame) -> pd.DataFrame:
    """Return the application's columns and what is derived from them."""
    numbers = applicants[NUMBERS].astype(float)
    frame = pd.concat([applicants[["SK_ID_CURR", *CATEGORIES]], numbers], axis=1)
    frame = frame.replace({name: {sentinel: np.nan} for name, sentinel in SENTINELS.items()})
    derived = pd.DataFrame(index=frame.index)
    _add_external_scores(frame, derived)
    _add_loan_price(frame, derived)
    _add_household(frame, derived)
    _add_counts(frame, derived)
    derived = derived.replace([np.inf, -np.inf], np.nan)
    return pd.concat([frame, derived], axis=1)


def _add_external_scores(df: pd.DataFrame, new: pd.DataFrame) -> None:
    one, two, three = (df[name] for name in SCORES)
    weights = 2.0 * one.notna() + 3.0 * two.notna() + 4.0 * three.notna()
    weighted = (2.0 * one).fillna(0) + (3.0 * two).fillna(0) + (4.0 * three).fillna(0)
    new["ext_source_mean"] = df[SCORES].mean(axis=1)
    new["ext_source_weighted"] = weighted / weights
    new["ext_source_min"] = df[SCORES].min(axis=1)
    new["ext_source_max"] = df[SCORES].max(axis=1)
    new["ext_source_product"] = one * two * three
    new["ext_source_1_times_2"] = one * two
    new["ext_source_1_times_3"] = one * three
    new["ext_source_2_times_3"] = two * three
    new["ext_source_missing_count"] = df[SCORES].isna().sum(axis=1)
    new["ext_source_mean_times_age"] = new["ext_source_mean"] * -df["DAYS_BIRTH"]
    new["ext_source_mean_times_employed"] = new["ext_source_mean"] * -df["DAYS_EMPLOYED"]
    new["ext_source_1_to_age"] = one / -df["DAYS_BIRTH"]


def _add_loan_price(df: pd.DataFrame, new: pd.DataFrame) -> None:
    credit, annuity, goods = df["AMT_CREDIT"], df["AMT_ANNUITY"], df["AMT_GOODS_PRICE"]
    term = pd.cut(credit / annuity, TERM_EDGES, labels=TERMS).astype(float)
    new["credit_term_months"] = credit / annuity
    new["credit_to_goods"] = credit / goods
    new["goods_to_annuity"] = goods / annuity
    new["credit_minus_goods"] = credit - goods
    new["predicted_term_months"] = term
    new["price_to_credit"] = annuity * term / credit
    new["interest_rate"] = 24.0 * (annuity * term / credit - 1) / (term + 1)
    new["goods_interest_rate"] = 24.0 * (annuity * term / goods - 1) / (term + 1)
    new["credit_term_times_ext_source_mean"] = credit / annuity * new["ext_source_mean"]


def _add_household(df: pd.DataFrame, new: pd.DataFrame) -> None:
    income, credit, annuity = df["AMT_INCOME_TOTAL"], df["AMT_CREDIT"], df["AMT_ANNUITY"]
    born, employed, family = df["DAYS_BIRTH"], df["DAYS_EMPLOYED"], df["CNT_FAM_MEMBERS"]
    new["credit_to_income"] = credit / income
    new["annuity_to_income"] = annuity / income
    new["goods_to_income"] = df["AMT_GOODS_PRICE"] / income
    new["income_per_person"] = income / family
    new["annuity_per_person"] = annuity / family
    new["income_after_annuity"] = income - annuity
    new["income_to_age"] = income / -born
    new["children_share"] = df["CNT_CHILDREN"] / family
    new["adults_count"] = family - df["CNT_CHILDREN"]
    new["employed_share_of_life"] = employed / born
    new["registration_share_of_life"] = df["DAYS_REGISTRATION"] / born
    new["id_published_share_of_life"] = df["DAYS_ID_PUBLISH"] / born
    new["phone_changed_share_of_life"] = df["DAYS_LAST_PHONE_CHANGE"] / born
    new["phone_changed_to_employed"] = df["DAYS_LAST_PHONE_CHANGE"] / employed
    new["age_when_employed_days"] = employed - born
    new["age_when_id_published_days"] = df["DAYS_ID_PUBLISH"] - born
    new["age_at_end_years"] = -born / 365.25 + credit / annuity / 12.0
    new["car_age_to_age"] = df["OWN_CAR_AGE"] / (-born / 365.25)
    new["car_age_to_employed"] = df["OWN_CAR_AGE"] / (-employed / 365.25)


def _add_counts(df: pd.DataFrame, new: pd.DataFrame) -> None:
    for days in ("30", "60"):
        seen = df[f"OBS_{days}_CNT_SOCIAL_CIRCLE"]
        name = "social_circle_default_share" if days == "30" else "social_circle_default_60_share"
        new[name] = df[f"DEF_{days}_CNT_SOCIAL_CIRCLE"] / seen
    new["elsewhere_count"] = df[ELSEWHERE].sum(axis=1, skipna=False)
    new["contacts_count"] = df[CONTACTS].sum(axis=1, skipna=False)
    new["enquiries_total"] = df[ENQUIRIES].sum(axis=1, skipna=False)
    new["documents_count"] = df[DOCUMENTS].sum(axis=1, skipna=False)
    new["housing_missing_count"] = df[HOUSING].isna().sum(axis=1)
    new["other_missing_count"] = df[OTHERS].isna().sum(axis=1)
