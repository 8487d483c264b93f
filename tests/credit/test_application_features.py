from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS, TABLES, Column
from credit.contract.encoding import encode_columns
from credit.features.application import (
    APPLICATION_FEATURES,
    DERIVED,
    compute_application_features,
)
from credit.features.formula import divide
from credit.features.household import CONTACTS, DOCUMENTS, ELSEWHERE, ENQUIRIES, HOUSING

NAN = float("nan")
NAMES = [column.name for column in APPLICATION_COLUMNS]
APPLICATION = TABLES["application_test"]

APPLICANT = {
    "EXT_SOURCE_1": 0.2,
    "EXT_SOURCE_2": 0.5,
    "EXT_SOURCE_3": 0.8,
    "AMT_CREDIT": 240_000.0,
    "AMT_ANNUITY": 10_000.0,
    "AMT_GOODS_PRICE": 200_000.0,
    "AMT_INCOME_TOTAL": 120_000.0,
    "CNT_FAM_MEMBERS": 4.0,
    "CNT_CHILDREN": 2.0,
    "DAYS_BIRTH": -14_610.0,  # 40 years of 365.25 days
    "DAYS_EMPLOYED": -1_461.0,
    "DAYS_REGISTRATION": -7_305.0,
    "DAYS_ID_PUBLISH": -2_922.0,
    "DAYS_LAST_PHONE_CHANGE": -365.25,
    "OWN_CAR_AGE": 10.0,
    "OBS_30_CNT_SOCIAL_CIRCLE": 8.0,
    "DEF_30_CNT_SOCIAL_CIRCLE": 2.0,
    "OBS_60_CNT_SOCIAL_CIRCLE": 10.0,
    "DEF_60_CNT_SOCIAL_CIRCLE": 1.0,
    **dict.fromkeys(CONTACTS, 1.0),
    "FLAG_EMAIL": 0.0,
    "FLAG_PHONE": 0.0,
    **dict.fromkeys(ELSEWHERE, 0.0),
    "REG_CITY_NOT_WORK_CITY": 1.0,
    **{name: float(number) for number, name in enumerate(ENQUIRIES)},
    **dict.fromkeys(DOCUMENTS, 0.0),
    "FLAG_DOCUMENT_3": 1.0,
    "FLAG_DOCUMENT_6": 1.0,
}
EXPECTED = {
    "ext_source_mean": 0.5,
    "ext_source_weighted": (2 * 0.2 + 3 * 0.5 + 4 * 0.8) / 9,
    "ext_source_min": 0.2,
    "ext_source_max": 0.8,
    "ext_source_product": 0.08,
    "ext_source_1_times_2": 0.1,
    "ext_source_1_times_3": 0.16,
    "ext_source_2_times_3": 0.4,
    "ext_source_missing_count": 0,
    "ext_source_mean_times_age": 7_305,
    "ext_source_mean_times_employed": 730.5,
    "ext_source_1_to_age": 0.2 / 14_610,
    "credit_term_months": 24,
    "credit_to_goods": 1.2,
    "goods_to_annuity": 20,
    "credit_minus_goods": 40_000,
    "predicted_term_months": 48,
    "price_to_credit": 2,  # 48 payments of 10,000 for 240,000
    "interest_rate": 2 * 12 * 240_000 / (240_000 * 49),
    "goods_interest_rate": 2 * 12 * 280_000 / (200_000 * 49),
    "credit_term_times_ext_source_mean": 12,
    "credit_to_income": 2,
    "annuity_to_income": 1 / 12,
    "goods_to_income": 5 / 3,
    "income_per_person": 30_000,
    "annuity_per_person": 2_500,
    "income_after_annuity": 110_000,
    "income_to_age": 120_000 / 14_610,
    "children_share": 0.5,
    "adults_count": 2,
    "employed_share_of_life": 0.1,
    "registration_share_of_life": 0.5,
    "id_published_share_of_life": 0.2,
    "phone_changed_share_of_life": 0.025,
    "phone_changed_to_employed": 0.25,
    "age_when_employed_days": 13_149,
    "age_when_id_published_days": 11_688,
    "age_at_end_years": 42,
    "car_age_to_age": 0.25,
    "car_age_to_employed": 2.5,
    "social_circle_default_share": 0.25,
    "social_circle_default_60_share": 0.1,
    "elsewhere_count": 1,
    "contacts_count": 3,
    "enquiries_total": 0 + 1 + 2 + 3 + 4 + 5,
    "documents_count": 2,
    "housing_missing_count": 47,
    "other_missing_count": 50 - 33,
}


def compute(cells: dict[str, float]) -> dict[str, float]:
    """Return the features of one applicant; columns that are not named are missing."""
    columns = {name: np.array([cells.get(name, NAN)]) for name in NAMES}
    features = compute_application_features(columns)
    return {name: values.item() for name, values in features.items()}


def draw_columns(seed: int, count: int) -> dict[str, NDArray[np.float64]]:
    """Return applicants all over the contract's ranges, some cells missing, some zero."""
    generator = np.random.default_rng(seed)
    return {column.name: draw_column(column, generator, count) for column in APPLICATION_COLUMNS}


def draw_column(column: Column, generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    low, high = limits(column)
    numbers = generator.uniform(low, high, count)
    numbers[generator.random(count) < 0.2] = NAN
    numbers[generator.random(count) < 0.1] = 0.0
    return numbers


def limits(column: Column) -> tuple[float, float]:
    if column.minimum is None or column.maximum is None:
        return 0.0, len(column.categories) - 1.0
    return column.minimum, column.maximum


def draw_cell(column: Column) -> st.SearchStrategy[float]:
    low, high = limits(column)
    return st.sampled_from([NAN, 0.0, low, high]) | st.floats(low, high)


cells_within_the_contract = st.fixed_dictionaries(
    {}, optional={column.name: draw_cell(column) for column in APPLICATION_COLUMNS}
)


def test_features_of_an_applicant_computed_by_hand() -> None:
    features = compute(APPLICANT)

    derived = {feature.name: features[feature.name] for feature in DERIVED}
    assert derived == pytest.approx(EXPECTED, rel=1e-12)


def test_source_columns_are_features_as_they_are() -> None:
    columns = draw_columns(seed=1, count=9)

    features = compute_application_features(columns)

    for name in NAMES[1:]:
        np.testing.assert_array_equal(features[name], columns[name])


def test_the_identifier_is_no_feature() -> None:
    assert "SK_ID_CURR" not in compute(APPLICANT)


def test_features_come_in_the_catalogs_order() -> None:
    assert list(compute(APPLICANT)) == [feature.name for feature in APPLICATION_FEATURES]


def test_combinations_of_external_scores_use_those_that_are_there() -> None:
    features = compute({"EXT_SOURCE_1": 0.3, "EXT_SOURCE_3": 0.9})

    assert features["ext_source_mean"] == pytest.approx(0.6)
    assert features["ext_source_weighted"] == pytest.approx((2 * 0.3 + 4 * 0.9) / 6)
    assert features["ext_source_min"] == 0.3
    assert features["ext_source_max"] == 0.9
    assert features["ext_source_missing_count"] == 1


def test_products_of_external_scores_need_all_their_factors() -> None:
    features = compute({"EXT_SOURCE_2": 0.3, "EXT_SOURCE_3": 0.9})

    assert np.isnan(features["ext_source_product"])
    assert features["ext_source_2_times_3"] == pytest.approx(0.27)


def test_of_an_applicant_of_whom_nothing_is_known_only_the_gaps_are_counted() -> None:
    features = compute({})

    known = {name: value for name, value in features.items() if not np.isnan(value)}
    assert known == {
        "ext_source_missing_count": 3,
        "housing_missing_count": 47,
        "other_missing_count": 50,
    }


def test_a_loan_of_each_usual_length_is_told_by_its_credit_and_annuity() -> None:
    # What a lender asks for 1,000 over so many months, at a price between 1.01 and 2.2 of credit.
    annuities = {3: 345, 4: 270, 6: 185, 8: 150, 10: 131, 12: 100, 18: 80, 24: 62, 36: 50}
    annuities |= {48: 40, 60: 33}

    predicted = {
        term: compute({"AMT_CREDIT": 1_000, "AMT_ANNUITY": annuity})["predicted_term_months"]
        for term, annuity in annuities.items()
    }

    assert predicted == {term: term for term in annuities}


def test_the_predicted_term_rises_with_credit_over_annuity() -> None:
    columns = {name: np.full(2_000, NAN) for name in NAMES}
    columns["AMT_CREDIT"] = np.linspace(1, 200, 2_000)
    columns["AMT_ANNUITY"] = np.ones(2_000)

    terms = compute_application_features(columns)["predicted_term_months"]

    assert (np.diff(terms) >= 0).all()
    assert (terms[0], terms[-1]) == (3, 60)


@pytest.mark.parametrize(
    ("credit", "goods", "annuity", "term"),
    [(100_000, 100_000, 9_500, 12), (100_000, 80_000, 9_500, 12), (30_000, 30_000, 10_200, 3)],
)
def test_interest_is_what_is_paid_beyond_the_loan_over_its_time(
    credit: float, goods: float, annuity: float, term: int
) -> None:
    features = compute({"AMT_CREDIT": credit, "AMT_GOODS_PRICE": goods, "AMT_ANNUITY": annuity})

    paid = annuity * term
    assert features["price_to_credit"] == pytest.approx(paid / credit)
    # Constant ratio: 2 x payments a year x interest / (principal x (payments + 1))
    assert features["interest_rate"] == pytest.approx(
        2 * 12 * (paid - credit) / (credit * (term + 1))
    )
    assert features["goods_interest_rate"] == pytest.approx(
        2 * 12 * (paid - goods) / (goods * (term + 1))
    )


def test_derived_features_repeat_neither_each_other_nor_a_column() -> None:
    features = compute_application_features(draw_columns(seed=3, count=200))

    told = {name: values.tobytes() for name, values in features.items()}
    assert len(set(told.values())) == len(told)


def test_facts_about_the_building_are_counted_where_they_lack() -> None:
    present = {"APARTMENTS_AVG": 0.5, "WALLSMATERIAL_MODE": 2.0, "LANDAREA_MEDI": 0.0}

    assert compute(present)["housing_missing_count"] == len(HOUSING) - 3
    assert len(HOUSING) == 3 * 14 + 5


def test_totals_need_all_their_parts() -> None:
    without = {name: value for name, value in APPLICANT.items() if name != ENQUIRIES[2]}

    assert np.isnan(compute(without)["enquiries_total"])


@pytest.mark.parametrize(
    ("denominator", "features"),
    [
        (
            "AMT_ANNUITY",
            [
                "credit_term_months",
                "goods_to_annuity",
                "age_at_end_years",
                "credit_term_times_ext_source_mean",
                "predicted_term_months",
                "price_to_credit",
                "interest_rate",
                "goods_interest_rate",
            ],
        ),
        ("AMT_GOODS_PRICE", ["credit_to_goods", "goods_interest_rate"]),
        ("AMT_INCOME_TOTAL", ["credit_to_income", "annuity_to_income", "goods_to_income"]),
        ("CNT_FAM_MEMBERS", ["income_per_person", "annuity_per_person", "children_share"]),
        (
            "DAYS_BIRTH",
            [
                "employed_share_of_life",
                "registration_share_of_life",
                "id_published_share_of_life",
                "phone_changed_share_of_life",
                "car_age_to_age",
                "income_to_age",
                "ext_source_1_to_age",
            ],
        ),
        ("DAYS_EMPLOYED", ["phone_changed_to_employed", "car_age_to_employed"]),
        ("OBS_30_CNT_SOCIAL_CIRCLE", ["social_circle_default_share"]),
        ("OBS_60_CNT_SOCIAL_CIRCLE", ["social_circle_default_60_share"]),
    ],
)
@pytest.mark.parametrize("nothing", [0.0, -0.0, NAN])
def test_a_share_of_nothing_is_missing(
    denominator: str, features: list[str], nothing: float
) -> None:
    computed = compute(APPLICANT | {denominator: nothing})

    assert {name for name in features if not np.isnan(computed[name])} == set()


@given(cells_within_the_contract)
def test_no_applicant_within_the_contract_makes_an_infinite_feature(
    cells: dict[str, float],
) -> None:
    features = compute(cells)

    assert {name for name, value in features.items() if np.isinf(np.float32(value))} == set()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 70))
def test_an_applicant_alone_has_the_same_features_as_among_others(seed: int, count: int) -> None:
    columns = draw_columns(seed, count)
    together = compute_application_features(columns)

    for number in range(count):
        alone = compute_application_features(
            {name: values[number : number + 1].copy() for name, values in columns.items()}
        )
        differing = {
            name
            for name, values in alone.items()
            if not np.array_equal(values, together[name][number : number + 1], equal_nan=True)
        }
        assert differing == set()


@given(st.integers(0, 2**32 - 1))
def test_the_columns_stay_as_they_were(seed: int) -> None:
    columns = draw_columns(seed, 5)
    before = {name: values.copy() for name, values in columns.items()}

    compute_application_features(columns)

    for name, values in columns.items():
        np.testing.assert_array_equal(values, before[name])


def test_a_sentinel_is_as_good_as_nothing_said() -> None:
    cells: dict[str, list[object]] = {"DAYS_BIRTH": [-14_610], "DAYS_EMPLOYED": [365_243]}

    features = compute_application_features(encode_columns(APPLICATION, cells))

    assert np.isnan(features["DAYS_EMPLOYED"]).all()
    assert np.isnan(features["employed_share_of_life"]).all()


@given(st.floats(-1e100, 1e100), st.just(0.0) | st.floats(1e-100, 1e100))
def test_dividing_gives_the_quotient_and_nan_where_there_is_none_that_the_model_can_hold(
    numerator: float, denominator: float
) -> None:
    (quotient,) = divide(np.array([numerator]), np.array([denominator]))

    if denominator == 0 or abs(numerator / denominator) > float(np.finfo(np.float32).max):
        assert np.isnan(quotient)
    else:
        assert quotient == numerator / denominator
