"""Answers `POST /predict`: body and query in, decisions or a refusal to answer out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.decision import name_decision
from credit.errors import LogUnavailable
from credit.features.feature import CLIENT
from serving.answers import (
    AnswerFields,
    Reply,
    RowRejection,
    reply_failure,
    reply_overload,
    reply_rejection,
)
from serving.applicant import check_applicant
from serving.case import Case, RequestFacts, Verdict
from serving.coalescer import Coalescer, QueueFull
from serving.data_quality import QualityFields, describe_quality
from serving.failure_log import log_failure
from serving.history_block import HistoryBlock, check_history
from serving.metrics import DecisionMetrics
from serving.rejection import Location, RequestRejected
from serving.request import PredictionRequest, parse_body, parse_threshold
from serving.row_model import Cell, InvalidApplicant
from serving.runner_call import RunnerUnavailable

HISTORY = "history"
ROUTE = "/predict"

Cases = Coalescer[Case, Verdict]
ComputeHistories = Callable[[Sequence[HistoryBlock]], Awaitable[NDArray[np.float32]]]
OUTAGES = (QueueFull, RunnerUnavailable, LogUnavailable)


class _Checked(NamedTuple):
    """A row of the request that keeps the contract; its history is None if none came along."""

    position: int
    cells: Mapping[str, Cell]
    quality: QualityFields
    history: HistoryBlock | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a request.

    Attributes:
        checked: One entry an applicant who was sent.
        cases: Those who keep the contract.
        verdicts: Theirs.
        answers: Theirs.
    """

    checked: Sequence[_Checked | InvalidApplicant]
    cases: Sequence[Case]
    verdicts: Sequence[Verdict]
    answers: Sequence[AnswerFields]


class Predictor:
    """Decides on applicants, one request at a time.

    Args:
        cases: Decides on the applicants of concurrent requests together, and records it.
        compute_histories: Features of histories that come along, shape (n, history features).
        bundle: The model's threshold and version.
        metrics: Counts the decisions.
    """

    def __init__(
        self,
        cases: Cases,
        compute_histories: ComputeHistories,
        bundle: Bundle,
        metrics: DecisionMetrics,
    ) -> None:
        self._cases = cases
        self._compute_histories = compute_histories
        self._bundle = bundle
        self._metrics = metrics

    async def reply(self, body: bytes, query: Iterable[tuple[str, str]], request_id: str) -> Reply:
        """Return the reply to a request; whatever goes wrong, it is a reply."""
        facts = RequestFacts(request_id, ROUTE, time.perf_counter())
        return await reply_whatever_happens(self._reply(body, query, facts), request_id)

    async def _reply(
        self, body: bytes, query: Iterable[tuple[str, str]], facts: RequestFacts
    ) -> Reply:
        threshold = parse_threshold(query)
        request = parse_body(body)
        decided = await self.decide(request, threshold, facts)
        if not request.several:
            return Reply(200, decided.answers[0])
        return Reply(200, _put_in_place(decided.answers, decided.checked))

    async def decide(
        self, request: PredictionRequest, threshold: float | None, facts: RequestFacts
    ) -> Decided:
        """Return the decisions on the applicants of a request who keep the contract.

        Args:
            request: What was sent.
            threshold: Instead of the model's; None: the model's.
            facts: Of the request.

        Raises:
            RequestRejected: If no applicant keeps the contract.
        """
        threshold = threshold or self._bundle.threshold
        checked = _check_applicants(request)
        valid = [row for row in checked if isinstance(row, _Checked)]
        if not valid:
            faults = [row for row in checked if isinstance(row, InvalidApplicant)]
            raise RequestRejected([detail for fault in faults for detail in fault.details])
        cases = await self._open_cases(valid, threshold, facts)
        verdicts = await self._cases.submit(cases)
        self._metrics.count(verdicts)
        answers = [self._answer(*pair) for pair in zip(cases, verdicts, strict=True)]
        return Decided(checked, cases, verdicts, answers)

    async def _open_cases(
        self, rows: Sequence[_Checked], threshold: float, facts: RequestFacts
    ) -> list[Case]:
        blocks = [row.history for row in rows if row.history is not None]
        computed = iter(await self._compute_histories(blocks) if blocks else ())
        return [
            Case(
                row.cells,
                None if row.history is None else next(computed),
                row.quality,
                threshold,
                facts,
                row.position,
            )
            for row in rows
        ]

    def _answer(self, case: Case, verdict: Verdict) -> AnswerFields:
        return {
            "SK_ID_CURR": case.cells[CLIENT],
            "probability": verdict.pd,
            "prediction": int(verdict.refused),
            "decision": name_decision(refused=verdict.refused),
            "threshold": case.threshold,
            "refer_to_person": verdict.referred,
            "request_id": case.request.id,
            "model_version": self._bundle.model_version,
            "coverage": verdict.coverage,
            "data_quality": case.quality,
        }


async def reply_whatever_happens(work: Awaitable[Reply], request_id: str) -> Reply:
    """Return the reply that comes of the work, or the one that says why none does."""
    try:
        return await work
    except RequestRejected as rejection:
        return reply_rejection(rejection.http_status, rejection.details)
    except LogUnavailable:
        return reply_overload("The decision cannot be recorded now; send the request again.")
    except OUTAGES as overload:
        return reply_overload(str(overload), overload.http_status)
    except Exception as error:  # noqa: BLE001 -- the edge: the client gets no traceback
        log_failure(error, request_id)
        return reply_failure(request_id)


def _check_applicants(request: PredictionRequest) -> list[_Checked | InvalidApplicant]:
    checked: list[_Checked | InvalidApplicant] = []
    for position, row in enumerate(request.rows):
        try:
            checked.append(_check(row, position, request.locate(position)))
        except InvalidApplicant as fault:
            # Its traceback leads back to this list, and would keep the whole request for a while.
            checked.append(fault.with_traceback(None))
    return checked


def _check(row: Any, position: int, location: Location) -> _Checked:  # noqa: ANN401 -- any JSON value
    block = row.pop(HISTORY, None) if isinstance(row, dict) else None
    cells = check_applicant(row, location)
    history = None
    if block is not None:
        history = check_history(block, cells[CLIENT], (*location, HISTORY))
    return _Checked(position, cells, describe_quality(row, cells), history)


def _put_in_place(
    answers: Sequence[AnswerFields], checked: Sequence[_Checked | InvalidApplicant]
) -> list[AnswerFields | RowRejection]:
    """Return one entry a row of the request: its answer, or why it has none."""
    remaining = iter(answers)
    return [
        RowRejection(detail=row.details) if isinstance(row, InvalidApplicant) else next(remaining)
        for row in checked
    ]
