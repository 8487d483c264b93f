from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from credit.features.catalog import FEATURE_NAMES
from serving.coalescer import Coalescer
from serving.counterfactuals import Counterfactuals
from serving.decider import Decider
from serving.explained_answer import STRONGEST
from serving.explained_predictor import ExplainedPredictor
from serving.explainer import Explainer
from serving.history_store import HistoryStore
from serving.metrics import DecisionMetrics
from serving.predictor import Predictor
from serving.runner_call import RunnerUnavailable
from tests.cases import answer_with

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from credit.bundle import Bundle
    from serving.answers import Reply
    from serving.explainer import Contribute
    from serving.history_block import HistoryBlock

    Predict = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]

BIAS = -2.0
COLUMNS = tuple(name for name in FEATURE_NAMES[:120] if name != "AMT_INCOME_TOTAL")
"""What the model of these tests takes: not all that there is."""


def contribute(**pushes: float) -> Contribute:
    """Return a model's process that explains everybody alike."""
    row = np.zeros(len(COLUMNS) + 1, np.float32)
    row[-1] = BIAS
    for name, push in pushes.items():
        row[COLUMNS.index(name)] = push

    async def call(features: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tile(row, (len(features), 1))

    return call


async def predict_one_half(features: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.full(len(features), 0.5)


async def compute_no_histories(blocks: Sequence[HistoryBlock]) -> NDArray[np.float32]:
    raise AssertionError(f"{len(blocks)} histories came along.")


def reply_to(
    bundle: Bundle,
    content: object,
    call: Contribute,
    *,
    query: Mapping[str, str] | None = None,
    predict: Predict = predict_one_half,
) -> Reply:
    async def ask() -> Reply:
        cases = Coalescer(
            Decider(HistoryStore.empty(), answer_with(predict), bundle).decide,
            max_batch_rows=9,
            max_waiting_rows=9,
        )
        metrics = DecisionMetrics("3", CollectorRegistry())
        predictor = Predictor(cases, compute_no_histories, bundle, metrics)
        explained = ExplainedPredictor(
            predictor, Explainer(call, COLUMNS), Counterfactuals(predict)
        )
        body = json.dumps(content).encode()
        return await explained.reply(body, tuple((query or {}).items()), "id-1")

    return asyncio.run(ask())


def explain(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- as `reply_to`
    reply = reply_to(*arguments, **options)
    assert reply.status == 200, reply.encode()
    return json.loads(reply.encode())


def test_an_answer_adds_up_from_its_base_value(bundle: Bundle, applicant: dict[str, Any]) -> None:
    call = contribute(EXT_SOURCE_2=1.5, AMT_CREDIT=-0.25, CODE_GENDER=0.5)

    answer = explain(bundle, {"data": applicant}, call)

    listed = sum(entry["contribution"] for entry in answer["contributions"])
    assert len(answer["contributions"]) == STRONGEST
    assert answer["base_value"] == BIAS
    assert answer["base_value"] + listed + answer["other_contributions"] == answer["log_odds"]
    assert answer["log_odds"] == -0.25


def test_contributions_come_strongest_first_with_values_as_people_read_them(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    call = contribute(EXT_SOURCE_2=1.5, EXT_SOURCE_1=-1.75, CODE_GENDER=0.5)

    first, second, third, *_ = explain(bundle, {"data": applicant}, call)["contributions"]

    assert first == {
        "feature": "EXT_SOURCE_1", "value": None, "contribution": -1.75, "reason": "R01"
    }  # fmt: skip
    assert second["value"] == pytest.approx(applicant["EXT_SOURCE_2"])
    assert third == {"feature": "CODE_GENDER", "value": "F", "contribution": 0.5, "reason": None}


def test_all_contributions_are_listed_if_asked_for(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    answer = explain(bundle, {"data": applicant}, contribute(), query={"all": "true"})

    assert {entry["feature"] for entry in answer["contributions"]} == set(COLUMNS)
    assert answer["other_contributions"] == 0


def test_a_refused_applicant_is_told_reasons_and_never_a_protected_fact(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    call = contribute(EXT_SOURCE_2=1.5, CODE_GENDER=0.5, DAYS_BIRTH=0.4)

    answer = explain(bundle, {"data": applicant}, call)

    (reason,) = answer["reasons"]
    assert reason == {
        "code": "R01",
        "text": "Low scores from outside credit agencies",
        "push": 1.5,
        "missing": False,
        "features": ["EXT_SOURCE_2"],
    }
    assert (answer["rests_on_protected"], answer["refer_to_person"]) == (False, False)


def test_a_refusal_that_rests_on_protected_facts_is_for_a_person(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    call = contribute(EXT_SOURCE_2=0.3, CODE_GENDER=0.5)

    answer = explain(bundle, {"data": applicant}, call)

    assert (answer["rests_on_protected"], answer["refer_to_person"]) == (True, True)


def test_an_approved_applicant_is_told_no_reasons(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    call = contribute(EXT_SOURCE_2=0.3, CODE_GENDER=0.5)

    answer = explain(bundle, {"data": applicant}, call, query={"threshold": "0.6"})

    assert (answer["decision"], answer["reasons"]) == ("APPROVED", [])
    assert (answer["rests_on_protected"], answer["refer_to_person"]) == (False, False)


async def approve_smaller_loans(features: NDArray[np.float32]) -> NDArray[np.float64]:
    credit = features[:, FEATURE_NAMES.index("AMT_CREDIT")]
    return np.where(credit < 300_000, 0.1, 0.5)


def test_other_terms_are_told_to_the_refused_who_ask_for_them(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    answer = explain(
        bundle,
        {"data": applicant},
        contribute(),
        query={"counterfactual": "true"},
        predict=approve_smaller_loans,
    )

    terms = answer["counterfactual"]
    after = {change["column"]: change["after"] for change in terms["changes"]}
    assert 250_000 < after["AMT_CREDIT"] < 300_000
    assert (terms["probability"], terms["decision"]) == (0.1, "APPROVED")
    assert "Amount of the loan" in terms["text"]


@pytest.mark.parametrize("query", [{}, {"counterfactual": "false"}])
def test_other_terms_are_not_searched_unasked(
    bundle: Bundle, applicant: dict[str, Any], query: dict[str, str]
) -> None:
    assert explain(bundle, {"data": applicant}, contribute(), query=query)["counterfactual"] is None


def test_that_there_are_no_other_terms_is_told(bundle: Bundle, applicant: dict[str, Any]) -> None:
    answer = explain(bundle, {"data": applicant}, contribute(), query={"counterfactual": "true"})

    assert answer["counterfactual"]["changes"] == []
    assert answer["counterfactual"]["decision"] == "REFUSED"
    assert answer["counterfactual"]["text"].startswith("No change of the loan's terms")


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ((("all", "maybe"),), "bool_parsing"),
        ((("all", "true"), ("all", "false")), "too_long"),
        ((("threshold", "2"),), "out_of_range"),
        ((("everything", "true"),), "extra_forbidden"),
    ],
)
def test_a_query_that_says_nothing_clear_is_refused(
    bundle: Bundle, applicant: dict[str, Any], query: tuple[tuple[str, str], ...], kind: str
) -> None:
    class Query(dict[str, str]):
        def items(self) -> Any:  # noqa: ANN401 -- pairs, of which a name may come twice
            return query

    reply = reply_to(bundle, {"data": applicant}, contribute(), query=Query(query))

    assert reply.status == 422
    (fault,) = json.loads(reply.encode())["detail"]
    assert (fault["loc"], fault["type"]) == (["query", query[0][0]], kind)


def test_a_list_is_refused(bundle: Bundle, applicant: dict[str, Any]) -> None:
    reply = reply_to(bundle, {"data": [applicant]}, contribute())

    assert reply.status == 422
    assert json.loads(reply.encode())["detail"][0]["loc"] == ["body", "data"]


def test_an_invalid_applicant_is_refused_without_the_value(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    reply = reply_to(bundle, {"data": applicant | {"AMT_CREDIT": -77_123}}, contribute())

    assert reply.status == 422
    assert json.loads(reply.encode())["detail"][0]["loc"] == ["body", "data", "AMT_CREDIT"]
    assert b"77123" not in reply.encode()


def test_a_model_that_is_gone_is_answered_with_retry_after(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    async def be_gone(_features: object) -> NDArray[np.float32]:
        raise RunnerUnavailable("The model does not answer now.")

    reply = reply_to(bundle, {"data": applicant}, be_gone)

    assert (reply.status, reply.headers) == (503, {"Retry-After": "1"})


def test_contributions_of_another_shape_are_a_failure(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    async def answer_nonsense(features: NDArray[np.float32]) -> NDArray[np.float32]:
        return features

    reply = reply_to(bundle, {"data": applicant}, answer_nonsense)

    assert reply.status == 500
    assert "id-1" in reply.encode().decode()
