"""What an applicant could ask for instead, so as to be approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.contract import TABLES
from credit.counterfactual import NOT_FOUND, find_counterfactual, tell_counterfactual
from credit.decision import Decision
from credit.features.application import compute_application_features
from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES, assemble_features
from credit.loan_terms import ACTIONABLE, LEAST_SHARE, MOST_PAYMENT, LoanTerms, list_single_choices

if TYPE_CHECKING:
    from credit.counterfactual import Score
    from credit.features.formula import Columns

    Features = np.ndarray[tuple[int, int], np.dtype[np.float32]]

NAN = float("nan")
HISTORY = np.arange(len(HISTORY_FEATURE_NAMES), dtype=np.float32)[np.newaxis]
MEDIUM = 0.5
AMOUNTS = st.floats(20_000, 4_000_000)


def apply_for(**cells: float) -> Columns:
    asked = {
        "AMT_CREDIT": 600_000.0,
        "AMT_ANNUITY": 30_000.0,
        "AMT_GOODS_PRICE": 500_000.0,
        "AMT_INCOME_TOTAL": 200_000.0,
        "NAME_CONTRACT_TYPE": 0.0,
        "CNT_FAM_MEMBERS": 2.0,
        "DAYS_BIRTH": -12_000.0,
    }
    names = TABLES["application_test"].column_names
    return {name: np.array([(asked | cells).get(name, 0.0)]) for name in names}


def score_by(name: str, at_half: float, steepness: float = 4.0) -> Score:
    """Return a model that knows one feature: PD 0.5 at a value, rising with it."""
    position = FEATURE_NAMES.index(name)

    def score(features: Features) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        value = np.nan_to_num(features[:, position].astype(np.float64), nan=at_half * 2)
        return 1 / (1 + np.exp(np.clip(-steepness * (value / at_half - 1), -500, 500)))

    return score


def score_again(application: Columns, changes: dict[str, float], score: Score) -> float:
    changed = {**application, **{name: np.array([value]) for name, value in changes.items()}}
    (pd,) = score(assemble_features(compute_application_features(changed), HISTORY))
    return float(pd)


@given(
    credit=AMOUNTS,
    months=st.floats(3.5, 40),
    to_goods=st.floats(0.5, 1.5),
    income=AMOUNTS,
    feature=st.sampled_from(
        ["AMT_CREDIT", "credit_to_income", "annuity_to_income", "credit_to_goods", "interest_rate"]
    ),
    at_half=st.floats(0.05, 2),
    threshold=st.floats(0.01, 0.99),
)
def test_whoever_follows_a_counterfactual_is_approved(
    *,
    credit: float,
    months: float,
    to_goods: float,
    income: float,
    feature: str,
    at_half: float,
    threshold: float,
) -> None:
    application = apply_for(
        AMT_CREDIT=credit,
        AMT_ANNUITY=credit / months,
        AMT_GOODS_PRICE=credit / to_goods,
        AMT_INCOME_TOTAL=income,
    )
    score = score_by(feature, at_half * (300_000 if feature == "AMT_CREDIT" else 1))
    if score_again(application, {}, score) < threshold:
        with pytest.raises(ValueError, match="nothing to change"):
            find_counterfactual(application, HISTORY, score, threshold)
        return

    found = find_counterfactual(application, HISTORY, score, threshold)

    if found is None:
        return
    changes = {change.column: change.after for change in found.changes}
    assert set(changes) <= set(ACTIONABLE)
    assert score_again(application, changes, score) == found.pd < threshold
    assert found.decision is Decision.APPROVED
    assert 1 <= len(found.choices) <= 2
    assert changes.get("AMT_CREDIT", credit) >= LEAST_SHARE * credit
    assert changes.get("AMT_ANNUITY", 0) <= MOST_PAYMENT * credit / months


def test_the_smallest_sufficient_loan_is_returned() -> None:
    found = find_counterfactual(apply_for(), HISTORY, score_by("AMT_CREDIT", 450_000), MEDIUM)

    assert found is not None
    credit, annuity = found.changes
    assert 444_000 <= credit.after < 450_000
    assert annuity.after == pytest.approx(30_000 * 0.75, rel=0.02)
    assert found.size == pytest.approx(np.log(4 / 3), abs=0.02)
    assert str(credit) == f"Amount of the loan: 600,000 to {credit.after:,.0f} (26% less)"


def test_two_choices_are_only_made_where_one_does_not_do() -> None:
    def score(features: Features) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        credit = features[:, FEATURE_NAMES.index("AMT_CREDIT")]
        months = features[:, FEATURE_NAMES.index("predicted_term_months")]
        return np.where((credit < 500_000) & (months > 36), 0.1, 0.9)

    found = find_counterfactual(apply_for(), HISTORY, score, MEDIUM)

    assert found is not None
    assert [choice[:11] for choice in found.choices] == ["Borrow less", "Pay the loa"]
    assert (found.months_before, found.months_after) == (36, 48)
    assert "Duration: about 36 to 48 months" in str(found)


def test_another_duration_keeps_the_interest_and_the_amount() -> None:
    terms = LoanTerms(AMT_CREDIT=600_000, AMT_ANNUITY=30_000, AMT_GOODS_PRICE=500_000)
    others = [
        other.terms for other in list_single_choices(terms, 2) if "time, at" in other.choices[0]
    ]

    def measure_interest(terms: LoanTerms) -> float:
        columns = {name: np.array([value]) for name, value in terms.amounts.items()}
        return float(compute_application_features({**apply_for(), **columns})["interest_rate"][0])

    assert others
    for other in others:
        assert other.AMT_CREDIT == 600_000
        assert other.months != terms.months
        assert measure_interest(other) == pytest.approx(measure_interest(terms), abs=0.01)


def test_ratios_move_along_and_the_history_does_not() -> None:
    seen: list[Features] = []
    score = score_by("credit_to_income", 2.0)

    def watch(features: Features) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        seen.append(features)
        return score(features)

    find_counterfactual(apply_for(), HISTORY, watch, MEDIUM)

    batch = seen[-1]
    credit, ratio = (
        batch[:, FEATURE_NAMES.index(name)] for name in ("AMT_CREDIT", "credit_to_income")
    )
    assert ratio == pytest.approx(credit / 200_000)
    assert len(np.unique(credit)) > 50
    assert (batch[:, -len(HISTORY_FEATURE_NAMES) :] == HISTORY).all()


def test_at_a_threshold_of_zero_nothing_helps_and_that_is_said() -> None:
    found = find_counterfactual(apply_for(), HISTORY, score_by("AMT_CREDIT", 1.0), 0.0)

    assert found is None
    assert tell_counterfactual(found) == NOT_FOUND


def test_nobody_is_refused_at_a_threshold_of_one() -> None:
    with pytest.raises(ValueError, match="nothing to change"):
        find_counterfactual(apply_for(), HISTORY, score_by("credit_to_income", 5.0), 1.0)


def test_a_model_that_looks_elsewhere_cannot_be_moved_by_terms() -> None:
    score = score_by("AMT_INCOME_TOTAL", 100_000)

    assert find_counterfactual(apply_for(), HISTORY, score, MEDIUM) is None


@pytest.mark.parametrize("unstated", [("AMT_ANNUITY",), ("AMT_GOODS_PRICE",), ACTIONABLE[1:]])
def test_what_was_not_stated_stays_so(unstated: tuple[str, ...]) -> None:
    application = apply_for(**dict.fromkeys(unstated, NAN))

    found = find_counterfactual(application, HISTORY, score_by("credit_to_income", 2.0), MEDIUM)

    assert found is not None
    assert not {change.column for change in found.changes} & set(unstated)
    assert "nan" not in str(found)


def test_a_card_is_asked_for_with_a_lower_limit() -> None:
    application = apply_for(NAME_CONTRACT_TYPE=1.0, AMT_GOODS_PRICE=600_000.0)

    found = find_counterfactual(application, HISTORY, score_by("AMT_CREDIT", 450_000), MEDIUM)

    assert found is not None
    assert found.choices == ("Ask for a lower limit",)
    assert {change.column for change in found.changes} == set(ACTIONABLE)


def test_alternatives_keep_the_contract() -> None:
    tiny = LoanTerms(AMT_CREDIT=30.0, AMT_ANNUITY=1.2, AMT_GOODS_PRICE=30.0)

    others = [other.terms for other in list_single_choices(tiny, 20)]

    assert others
    assert min(other.AMT_ANNUITY for other in others) >= 1
