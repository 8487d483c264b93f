from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from serving.coalescer import Coalescer, QueueFull
from serving.decider import Decider
from serving.history_block import HistoryBlock
from serving.history_store import HistoryStore
from serving.metrics import DecisionMetrics
from serving.predictor import ComputeHistories, Predictor, _check_applicants
from serving.request import PredictionRequest
from serving.row_model import InvalidApplicant
from serving.runner_call import RunnerUnavailable
from tests.cases import answer_with

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from numpy.typing import NDArray

    from credit.bundle import Bundle
    from serving.answers import Reply

    Predict = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]


async def predict_the_threshold(features: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.full(len(features), 0.5)


async def compute_no_histories(blocks: Sequence[HistoryBlock]) -> NDArray[np.float32]:
    raise AssertionError(f"{len(blocks)} histories came along.")


def reply_to(
    bundle: Bundle,
    content: object,
    *,
    predict: Predict = predict_the_threshold,
    registry: CollectorRegistry | None = None,
    query: tuple[tuple[str, str], ...] = (),
    max_waiting_rows: int = 100,
    compute_histories: ComputeHistories = compute_no_histories,
) -> Reply:
    async def ask() -> Reply:
        cases = Coalescer(
            Decider(HistoryStore.empty(), answer_with(predict), bundle).decide,
            max_batch_rows=100,
            max_waiting_rows=max_waiting_rows,
            outages=(RunnerUnavailable,),
        )
        metrics = DecisionMetrics("3", registry or CollectorRegistry())
        predictor = Predictor(cases, compute_histories, bundle, metrics)
        return await predictor.reply(json.dumps(content).encode(), query, "id-1")

    return asyncio.run(ask())


def decode(reply: Reply) -> Any:  # noqa: ANN401 -- an object or a list
    return json.loads(reply.encode())


def test_an_applicant_at_the_threshold_is_refused(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    reply = reply_to(bundle, {"data": applicant})

    assert reply.status == 200
    assert decode(reply) == {
        "SK_ID_CURR": 100_002,
        "probability": 0.5,
        "prediction": 1,
        "decision": "REFUSED",
        "threshold": 0.5,
        "refer_to_person": False,
        "request_id": "id-1",
        "model_version": "3",
        "coverage": {"history": "none", "tables": []},
        "data_quality": {
            "missing": 112,
            "missing_required": ["AMT_GOODS_PRICE", "EXT_SOURCE_1"],
            "sentinel": ["DAYS_EMPLOYED"],
            "normalised": [],
        },
    }


@pytest.mark.parametrize("spelling", ["f", " F ", " f\t"])
def test_a_category_in_another_spelling_is_read_as_the_contracts_and_told(
    bundle: Bundle, applicant: dict[str, Any], spelling: str
) -> None:
    answer = decode(reply_to(bundle, {"data": applicant | {"CODE_GENDER": spelling}}))

    assert answer["data_quality"]["normalised"] == ["CODE_GENDER"]


def test_rows_that_are_left_out_do_not_shift_the_others(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    second = applicant | {"SK_ID_CURR": 7}

    answers = decode(reply_to(bundle, {"data": [applicant, {}, second]}))

    assert answers[1]["status"] == 422
    assert [answers[place]["SK_ID_CURR"] for place in (0, 2)] == [100_002, 7]


def test_an_applicant_below_the_threshold_is_approved(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    answer = decode(reply_to(bundle, {"data": applicant}, query=(("threshold", "0.6"),)))

    assert (answer["prediction"], answer["decision"]) == (0, "APPROVED")


@pytest.mark.parametrize(
    ("zone", "referred"), [((0.4, 0.6), True), ((0.5, 0.5), True), ((0.51, 0.6), False)]
)
def test_an_applicant_inside_the_zone_is_referred_and_still_decided_on(
    bundle: Bundle, applicant: dict[str, Any], zone: tuple[float, float], *, referred: bool
) -> None:
    zoned = bundle.model_copy(update={"refer_from": zone[0], "refer_to": zone[1]})

    answer = decode(reply_to(zoned, {"data": applicant}))

    assert (answer["refer_to_person"], answer["decision"]) == (referred, "REFUSED")


def test_a_list_of_one_is_answered_with_a_list(bundle: Bundle, applicant: dict[str, Any]) -> None:
    answers = decode(reply_to(bundle, {"data": [applicant]}))

    assert [answer["SK_ID_CURR"] for answer in answers] == [100_002]


def test_a_list_without_a_valid_row_is_rejected_with_every_fault(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    rows = [applicant | {"AMT_CREDIT": 0}, applicant | {"CODE_GENDER": "?"}]

    reply = reply_to(bundle, {"data": rows})

    assert reply.status == 422
    assert [fault["loc"] for fault in decode(reply)["detail"]] == [
        ["body", "data", 0, "AMT_CREDIT"],
        ["body", "data", 1, "CODE_GENDER"],
    ]


def test_a_full_queue_is_answered_with_retry_after(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    reply = reply_to(bundle, {"data": [applicant, applicant]}, max_waiting_rows=1)

    assert reply.status == QueueFull.http_status == 503
    assert reply.headers["Retry-After"] == "1"
    assert decode(reply)["detail"][0]["type"] == "unavailable"


def test_a_runner_that_is_gone_is_answered_with_retry_after(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    async def be_gone(_features: object) -> NDArray[np.float64]:
        raise RunnerUnavailable("The model does not answer now.")

    reply = reply_to(bundle, {"data": applicant}, predict=be_gone)

    assert reply.status == 503
    assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize("answers", [[], [0.1, 0.2], [float("nan")]])
def test_a_model_that_answers_nonsense_is_a_failure_and_not_a_decision(
    bundle: Bundle, applicant: dict[str, Any], answers: list[float]
) -> None:
    async def answer_nonsense(_features: object) -> NDArray[np.float64]:
        return np.array(answers)

    registry = CollectorRegistry()
    reply = reply_to(bundle, {"data": applicant}, predict=answer_nonsense, registry=registry)

    assert reply.status == 500
    assert "id-1" in decode(reply)["detail"][0]["msg"]
    assert registry.get_sample_value("credit_pd_count", {"model_version": "3"}) == 0


def test_a_failure_is_logged_with_its_place_but_without_its_text(
    bundle: Bundle, applicant: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def quote_the_applicant(_features: object) -> NDArray[np.float64]:
        raise ValueError("cannot handle Kjeldsen-Quist")

    with caplog.at_level(logging.DEBUG):
        reply = reply_to(bundle, {"data": applicant}, predict=quote_the_applicant)

    assert reply.status == 500
    assert "Request id-1 failed: ValueError at quote_the_applicant" in caplog.text
    assert "Kjeldsen-Quist" not in caplog.text + reply.encode().decode()


def test_decisions_are_counted(bundle: Bundle, applicant: dict[str, Any]) -> None:
    registry = CollectorRegistry()

    reply_to(bundle, {"data": [applicant, applicant, {}]}, registry=registry)

    refused, approved = (
        registry.get_sample_value(
            "credit_decisions_total", {"decision": decision, "model_version": "3"}
        )
        for decision in ("REFUSED", "APPROVED")
    )
    assert (refused, approved) == (2, 0)
    assert registry.get_sample_value("credit_pd_sum", {"model_version": "3"}) == 1.0
    assert registry.get_sample_value("credit_histories_total", {"source": "none"}) == 2


def test_a_refused_row_does_not_keep_the_request_alive() -> None:
    (refused,) = _check_applicants(PredictionRequest([{}], several=False))

    assert isinstance(refused, InvalidApplicant)
    assert refused.__traceback__ is None
