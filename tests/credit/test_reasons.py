"""Which reasons a refused applicant is told, and in which words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from credit.features.catalog import FEATURE_NAMES, FEATURES
from credit.reasons import REASONS, ChosenReasons, Reason, choose_reasons, find_reason
from credit.reasons.catalog import find_owners
from credit.reasons.choice import sum_by_reason
from credit.reasons.document import main, render_reasons

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"
BY_CODE = {reason.code: reason for reason in REASONS}
PROTECTED = {
    "CODE_GENDER",
    "DAYS_BIRTH",
    "NAME_FAMILY_STATUS",
    "CNT_CHILDREN",
    "CNT_FAM_MEMBERS",
    "NAME_INCOME_TYPE",
    "NAME_TYPE_SUITE",
}
SOME = ("EXT_SOURCE_2", "DAYS_BIRTH", "AMT_CREDIT", "DAYS_EMPLOYED", "DEF_30_CNT_SOCIAL_CIRCLE")


def choose_one(
    contributions: dict[str, float], features: dict[str, float] | None = None
) -> ChosenReasons:
    names = tuple(contributions)
    values = [(features or {}).get(name, 0.0) for name in names]
    rows = np.array([list(contributions.values())], np.float32)
    (chosen,) = choose_reasons(rows, np.array([values], np.float32), names)
    return chosen


def list_texts(chosen: ChosenReasons) -> list[str]:
    return [reason.text for reason in chosen.told]


def test_every_feature_belongs_to_one_reason_or_is_protected() -> None:
    owners = {name: find_owners(name) for name in FEATURE_NAMES}

    assert {name: found for name, found in owners.items() if len(found) != 1} == {}


@pytest.mark.parametrize(
    "name",
    [
        "bureau_brand_new_sum",
        "card_brand_new_share",
        "installments_brand_new_mean",
        "pos_brand_new_max",
        "previous_brand_new_mean_last3",
        "brand_new_to_income",
        "BRAND_NEW",
    ],
)
def test_a_new_feature_belongs_to_no_reason_until_somebody_says_which(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} belongs to 0 reasons"):
        find_reason(name)


def test_there_are_at_most_thirty_reasons_with_features_each() -> None:
    owned = {reason.code for name in FEATURE_NAMES if (reason := find_reason(name))}

    assert len(REASONS) <= 30
    assert owned == set(BY_CODE)
    assert list(BY_CODE) == sorted(BY_CODE)


def test_whatever_is_reckoned_with_a_protected_fact_is_protected() -> None:
    words = re.compile(
        r"\b(age of the client(?!')|days lived|age in days|[Aa]ge when|family|children)\b"
    )
    reckoned = {feature.name for feature in FEATURES if words.search(feature.meaning.lower())}
    protected = {name for name in FEATURE_NAMES if find_reason(name) is None}

    assert protected >= reckoned | PROTECTED
    assert len(reckoned) > 10


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_a_reason_is_a_specific_phrase_to_the_applicant(reason: Reason) -> None:
    for text in filter(None, (reason.title, reason.missing, reason.neutral)):
        assert re.fullmatch(r"[A-Z][^_.]{15,90}[^ .,_]", text)
        assert not re.search(r"policy|standards|creditworth|our model|algorithm", text)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_a_claim_is_shown_by_features_of_its_own(reason: Reason) -> None:
    showing = [name for name in FEATURE_NAMES if re.fullmatch(reason.shown_by, name)]

    assert bool(showing) == bool(reason.neutral)
    assert {find_reason(name) for name in showing} <= {reason}


def test_a_reason_cannot_claim_without_a_neutral_wording() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Reason(code="R99", title="Late", features="late", shown_by="late")


def test_the_strongest_of_what_pushes_is_told_first_and_nothing_else() -> None:
    chosen = choose_one(
        {"AMT_CREDIT": 0.1, "EXT_SOURCE_1": 0.3, "EXT_SOURCE_2": 0.2, "DAYS_EMPLOYED": -0.4}
    )

    assert [reason.code for reason in chosen.told] == ["R01", "R04"]
    assert chosen.told[0].push == pytest.approx(0.5)
    assert chosen.told[0].features == ("EXT_SOURCE_1", "EXT_SOURCE_2")


def test_features_of_a_reason_that_offset_each_other_do_not_count() -> None:
    assert choose_one({"EXT_SOURCE_1": 0.3, "EXT_SOURCE_2": -0.3}).told == ()


def test_at_most_four_are_told_and_a_tie_goes_by_code() -> None:
    tied = [
        "EXT_SOURCE_1", "AMT_CREDIT", "AMT_ANNUITY", "AMT_INCOME_TOTAL", "DAYS_EMPLOYED"
    ]  # fmt: skip

    forwards = choose_one(dict.fromkeys(tied, 0.25))
    backwards = choose_one(dict.fromkeys(reversed(tied), 0.25))

    assert [reason.code for reason in forwards.told] == ["R01", "R03", "R04", "R05"]
    assert [reason.code for reason in backwards.told] == ["R01", "R03", "R04", "R05"]


def test_a_protected_fact_is_never_told_but_its_weight_is_known() -> None:
    chosen = choose_one({"CODE_GENDER": 0.5, "DAYS_BIRTH": 0.3, "AMT_CREDIT": 0.2})

    assert [reason.code for reason in chosen.told] == ["R04"]
    assert chosen.protected_push == pytest.approx(0.8)
    assert chosen.rests_on_protected


def test_nothing_rests_on_protected_facts_that_speak_for_the_applicant() -> None:
    assert not choose_one({"CODE_GENDER": -0.5}).rests_on_protected
    assert not choose_one({"CODE_GENDER": 0.1, "AMT_CREDIT": 0.2}).rests_on_protected


def test_a_score_that_is_missing_is_not_called_low() -> None:
    pushes = {"EXT_SOURCE_1": 0.3, "EXT_SOURCE_3": 0.1}
    nan = float("nan")

    unknown = choose_one(pushes, {"EXT_SOURCE_1": nan, "EXT_SOURCE_3": 0.4})
    low = choose_one(pushes, {"EXT_SOURCE_1": 0.1, "EXT_SOURCE_3": nan})

    assert unknown.told[0].missing
    assert list_texts(unknown) == [BY_CODE["R01"].missing]
    assert not low.told[0].missing
    assert list_texts(low) == [BY_CODE["R01"].title]


@pytest.mark.parametrize(
    ("name", "unknown", "known"),
    [("ext_source_missing_count", 2.0, 0.0), ("bureau_has_history", 0.0, 1.0)],
)
def test_a_count_of_missing_facts_or_no_history_says_that_something_is_not_known(
    name: str, unknown: float, known: float
) -> None:
    assert choose_one({name: 0.2}, {name: unknown}).told[0].missing
    assert not choose_one({name: 0.2}, {name: known}).told[0].missing


def test_late_payments_are_only_claimed_of_those_who_paid_late() -> None:
    pushes = {"installments_days_late_mean": 0.2, "installments_days_late_max": 0.1}

    late = choose_one(pushes, {"installments_days_late_mean": -3, "installments_days_late_max": 9})
    punctual = choose_one(
        pushes, {"installments_days_late_mean": -3, "installments_days_late_max": 0}
    )

    assert list_texts(late) == [BY_CODE["R27"].title]
    assert list_texts(punctual) == [BY_CODE["R27"].neutral]


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="a column a name"):
        choose_reasons(np.zeros((2, 2)), np.zeros((2, 3)), ("AMT_CREDIT", "AMT_ANNUITY"))


@given(arrays(np.float32, (7, len(SOME)), elements=st.floats(-2, 2, width=32)))
def test_one_applicant_is_told_the_same_alone_and_among_others(rows: NDArray[np.float32]) -> None:
    together = choose_reasons(rows, rows, SOME)

    alone = [choose_reasons(rows[i : i + 1], rows[i : i + 1], SOME)[0] for i in range(len(rows))]

    assert alone == together


def test_one_applicant_is_told_the_same_alone_and_among_others_of_all_features() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(20, len(FEATURE_NAMES))).astype(np.float32)
    together = choose_reasons(rows, rows, FEATURE_NAMES)

    assert choose_reasons(rows[7:8], rows[7:8], FEATURE_NAMES) == together[7:8]
    assert len({told.code for chosen in together for told in chosen.told}) > 10


@given(arrays(np.float32, (3, len(SOME)), elements=st.floats(-2, 2, width=32)))
def test_what_is_told_falls_and_pushes_and_is_not_protected(rows: NDArray[np.float32]) -> None:
    for chosen in choose_reasons(rows, rows, SOME):
        pushes = [reason.push for reason in chosen.told]
        assert pushes == sorted(pushes, reverse=True)
        assert all(push > 0 for push in pushes)
        assert len(pushes) <= 4
        assert not {name for told in chosen.told for name in told.features} & PROTECTED


@given(arrays(np.float64, (4, len(SOME)), elements=st.floats(-2, 2)))
def test_sums_by_reason_add_up_to_all_contributions(rows: NDArray[np.float64]) -> None:
    assert sum_by_reason(rows, SOME).sum(axis=1) == pytest.approx(rows.sum(axis=1))


LATE, SCORE = "installments_days_late_max", "EXT_SOURCE_2"


@pytest.fixture(scope="module")
def booster() -> xgb.Booster:
    """A booster on two features: who pays late or scores low defaults more often."""
    generator = np.random.default_rng(0)
    features = np.column_stack([generator.integers(-20, 60, 4000), generator.random(4000)])
    risk = 1 / (1 + np.exp(2 - features[:, 0] / 20 + 3 * (features[:, 1] - 0.5)))
    defaulted = generator.random(4000) < risk
    matrix = xgb.DMatrix(features.astype(np.float32), defaulted, feature_names=[LATE, SCORE])
    settings = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    return xgb.train(settings | {"monotone_constraints": "(1,-1)"}, matrix, 30)


def measure_push(booster: xgb.Booster, code: str, late: float, score: float) -> float:
    row = np.array([[late, score]], np.float32)
    matrix = xgb.DMatrix(row, feature_names=[LATE, SCORE])
    contributions = booster.predict(matrix, pred_contribs=True)[:, :-1]
    position = [reason.code for reason in REASONS].index(code)
    return float(sum_by_reason(contributions, [LATE, SCORE])[0, position])


def test_paying_later_strengthens_the_reason_of_late_payments(booster: xgb.Booster) -> None:
    pushes = [measure_push(booster, "R27", days, 0.5) for days in (-10, 15, 50)]

    assert pushes == sorted(pushes)
    assert pushes[0] < 0 < pushes[-1]


def test_a_lower_external_score_strengthens_the_reason_of_low_scores(booster: xgb.Booster) -> None:
    pushes = [measure_push(booster, "R01", 0, score) for score in (0.9, 0.5, 0.1)]

    assert pushes == sorted(pushes)
    assert pushes[0] < 0 < pushes[-1]


def test_the_page_of_the_reasons_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_reasons(), (
        "Run `python -m credit.reasons.document docs/reasons.md`."
    )


def test_the_page_names_every_feature_once_in_a_list_of_features() -> None:
    lists = re.sub(r"- If not shown:.*", "", render_reasons())

    assert [name for name in FEATURE_NAMES if lists.count(f"`{name}`") != 1] == []


def test_writes_the_page_where_it_is_told(tmp_path: Path) -> None:
    main([str(tmp_path / "page.md")])

    assert (tmp_path / "page.md").read_text(encoding="utf-8") == render_reasons()
