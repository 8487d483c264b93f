from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from credit.errors import ExplanationWrong
from credit.reasons import REASONS, choose_reasons, rank_reasons
from credit.reasons.choice import sum_by_reason
from serving.assessment import PUSHES, Assessor, pack_question, unpack_answer
from serving.decider import Decider
from serving.history_store import HistoryStore
from tests.cases import make_case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit.bundle import Bundle

FIRST, PROTECTED = 0, len(REASONS)
NAMES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "AMT_CREDIT", "CODE_GENDER", "AMT_ANNUITY")


def predict_the_first(features: NDArray[np.float32]) -> NDArray[np.float64]:
    return features[:, 0].astype(np.float64)


def push_all_alike(features: NDArray[np.float32]) -> NDArray[np.float64]:
    pushes = np.zeros((len(features), PUSHES))
    pushes[:, FIRST] = 0.5
    return pushes


def ask(pd: list[float], explain_from: list[float], assessor: Assessor) -> NDArray[np.float64]:
    features = np.array(pd, np.float32)[:, None]
    return assessor.assess(pack_question(features, np.array(explain_from)))


def test_rows_from_their_own_probability_on_are_explained() -> None:
    assessor = Assessor(predict_the_first, push_all_alike)

    answer = ask([0.25, 0.5, 0.5, 0.75], [0.5, 0.5, np.nan, 0.8], assessor)

    assessed = unpack_answer(answer, 4)
    assert assessed.pd.tolist() == [0.25, 0.5, 0.5, 0.75]
    assert np.isfinite(assessed.pushes[:, FIRST]).tolist() == [False, True, False, False]


@pytest.mark.parametrize("threshold", [0.08220812305808067, 0.1, 1e-7, 0.9999999])
def test_no_refusal_goes_unexplained_for_a_rounding(threshold: float) -> None:
    exactly = np.nextafter(np.float32(threshold), np.float32(1))  # a refusal, by a hair
    assessor = Assessor(predict_the_first, push_all_alike)

    answer = ask([float(exactly)], [threshold], assessor)

    assert exactly >= threshold
    assert np.isfinite(answer[0, 1])


def test_a_decision_stands_though_its_explanation_is_wrong(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def be_wrong(_features: NDArray[np.float32]) -> NDArray[np.float64]:
        raise ExplanationWrong("Contributions miss the model's margin.")

    answer = ask([0.75], [0.5], Assessor(predict_the_first, be_wrong))

    assert answer[0, 0] == 0.75
    assert np.isnan(answer[0, 1:]).all()
    assert "not explained" in caplog.text


@pytest.mark.parametrize(
    "answer", [np.zeros((2, PUSHES)), np.zeros((3, 1 + PUSHES)), np.full((2, 1 + PUSHES), np.nan)]
)
def test_an_answer_that_is_none_is_a_failure(answer: NDArray[np.float64]) -> None:
    with pytest.raises(RuntimeError, match="2 rows got an answer"):
        unpack_answer(answer, 2)


def decide(
    bundle: Bundle,
    applicant: dict[str, Any],
    pushes: dict[int, float],
    *,
    explain: bool = True,
    asked_for: bool = False,
) -> Any:  # noqa: ANN401 -- verdicts
    """Return the verdicts on one who is refused and one who is not."""

    async def answer(question: NDArray[np.float32]) -> NDArray[np.float64]:
        row = np.zeros(1 + PUSHES)
        for place, push in pushes.items():
            row[1 + place] = push
        rows = np.tile(row, (len(question), 1))
        rows[:, 0] = 0.5
        rows[~(rows[:, 0] >= question[:, -1]), 1:] = np.nan
        return rows

    cases = [make_case(applicant, threshold=threshold) for threshold in (0.4, 0.6)]
    facts = replace(cases[0].request, explained=asked_for)
    cases = [case._replace(request=facts) for case in cases]
    decider = Decider(HistoryStore.empty(), answer, bundle, explain=explain)
    return asyncio.run(decider.decide(cases))


def test_refusals_have_reasons_and_approvals_none(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    refused, approved = decide(bundle, applicant, {FIRST: 0.5})

    assert refused.reasons.pushes == {REASONS[FIRST].code: 0.5}
    assert approved.reasons is None


@pytest.mark.parametrize(("protected", "referred"), [(0.6, True), (0.4, False)])
def test_a_refusal_that_rests_on_protected_facts_is_referred_to_a_person(
    bundle: Bundle, applicant: dict[str, Any], protected: float, *, referred: bool
) -> None:
    refused, approved = decide(bundle, applicant, {FIRST: 0.5, PROTECTED: protected})

    assert (refused.refused, refused.referred) == (True, referred)
    assert not approved.referred


def test_whoever_wants_no_reasons_gets_none(bundle: Bundle, applicant: dict[str, Any]) -> None:
    refused, _ = decide(bundle, applicant, {FIRST: 0.5, PROTECTED: 0.6}, explain=False)

    assert refused.reasons is None
    assert not refused.referred


def test_who_asks_for_an_explanation_is_referred_as_the_explanation_says(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    refused, approved = decide(
        bundle, applicant, {FIRST: 0.5, PROTECTED: 0.6}, explain=False, asked_for=True
    )

    assert refused.reasons.pushes == {REASONS[FIRST].code: 0.5}
    assert refused.referred
    assert approved.reasons is None


def test_a_refusal_of_which_nobody_can_tell_what_it_rests_on_is_referred_to_a_person(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    refused, approved = decide(bundle, applicant, dict.fromkeys(range(PUSHES), np.nan))

    assert (refused.refused, refused.referred, refused.reasons) == (True, True, None)
    assert not approved.referred


def test_ranked_reasons_are_those_that_are_told() -> None:
    generator = np.random.default_rng(6)
    contributions = generator.normal(size=(200, len(NAMES))).astype(np.float32)

    ranked = rank_reasons(sum_by_reason(contributions, NAMES))

    chosen = choose_reasons(contributions, contributions, NAMES)
    assert [list(one.pushes.items()) for one in ranked] == [
        [(reason.code, reason.push) for reason in one.told] for one in chosen
    ]
    assert [one.rests_on_protected for one in ranked] == [one.rests_on_protected for one in chosen]
    assert 0 < sum(one.rests_on_protected for one in ranked) < len(ranked)
