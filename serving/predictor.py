"""Answers `POST /predict`: body and query in, decisions or a refusal to answer out."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.decision import name_decision, refer, refuse
from serving.answers import (
    Answer,
    Reply,
    RowRejection,
    reply_failure,
    reply_overload,
    reply_rejection,
)
from serving.applicant import check_applicant
from serving.coalescer import Coalescer, QueueFull
from serving.history_block import HistoryBlock, check_history
from serving.metrics import DecisionMetrics
from serving.rejection import Location, RequestRejected
from serving.request import PredictionRequest, parse_body, parse_threshold
from serving.row_model import Cell, InvalidApplicant
from serving.runner_call import RunnerUnavailable
from serving.scorer import CheckedApplicant, Score

logger = logging.getLogger("credit.serving")

HISTORY = "history"

Applicants = Coalescer[CheckedApplicant, Score]
ComputeHistories = Callable[[Sequence[HistoryBlock]], Awaitable[NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class _Checked:
    """A row of the request that keeps the contract; its history is None if none came along."""

    cells: dict[str, Cell]
    history: HistoryBlock | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a request.

    Attributes:
        checked: One entry an applicant who was sent.
        applicants: Those who keep the contract.
        scores: Theirs.
        answers: Theirs.
    """

    checked: Sequence[_Checked | InvalidApplicant]
    applicants: Sequence[CheckedApplicant]
    scores: Sequence[Score]
    answers: Sequence[Answer]


class Predictor:
    """Decides on applicants, one request at a time.

    Args:
        applicants: Scores the applicants of concurrent requests together.
        compute_histories: Features of histories that come along, shape (n, history features).
        bundle: The model's threshold and version.
        metrics: Counts the decisions.
    """

    def __init__(
        self,
        applicants: Applicants,
        compute_histories: ComputeHistories,
        bundle: Bundle,
        metrics: DecisionMetrics,
    ) -> None:
        self._applicants = applicants
        self._compute_histories = compute_histories
        self._bundle = bundle
        self._metrics = metrics

    async def reply(self, body: bytes, query: Iterable[tuple[str, str]], request_id: str) -> Reply:
        """Return the reply to a request; whatever goes wrong, it is a reply."""
        return await reply_whatever_happens(self._reply(body, query, request_id), request_id)

    async def _reply(self, body: bytes, query: Iterable[tuple[str, str]], request_id: str) -> Reply:
        threshold = parse_threshold(query)
        request = parse_body(body)
        decided = await self.decide(request, threshold, request_id)
        if not request.several:
            return Reply(200, decided.answers[0])
        return Reply(200, _put_in_place(decided.answers, decided.checked))

    async def decide(
        self, request: PredictionRequest, threshold: float | None, request_id: str
    ) -> Decided:
        """Return the decisions on the applicants of a request who keep the contract.

        Args:
            request: What was sent.
            threshold: Instead of the model's; None: the model's.
            request_id: Of the request.

        Raises:
            RequestRejected: If no applicant keeps the contract.
        """
        threshold = threshold or self._bundle.threshold
        checked = _check_applicants(request)
        valid = [row for row in checked if isinstance(row, _Checked)]
        if not valid:
            faults = [row for row in checked if isinstance(row, InvalidApplicant)]
            raise RequestRejected([detail for fault in faults for detail in fault.details])
        applicants = await self._bring_histories(valid)
        scores = await self._applicants.submit(applicants)
        answers = self._make_answers(applicants, scores, threshold, request_id)
        self._metrics.count(answers, scores)
        return Decided(checked, applicants, scores, answers)

    async def _bring_histories(self, rows: Sequence[_Checked]) -> list[CheckedApplicant]:
        blocks = [row.history for row in rows if row.history is not None]
        computed = iter(await self._compute_histories(blocks) if blocks else ())
        return [
            CheckedApplicant(row.cells, None if row.history is None else next(computed))
            for row in rows
        ]

    def _make_answers(
        self,
        applicants: Sequence[CheckedApplicant],
        scores: Sequence[Score],
        threshold: float,
        request_id: str,
    ) -> list[Answer]:
        pd = np.array([score.pd for score in scores])
        refused = refuse(pd, threshold).tolist()
        referred = refer(pd, self._bundle.refer_from, self._bundle.refer_to).tolist()
        return [
            Answer(
                SK_ID_CURR=applicant.cells["SK_ID_CURR"],
                probability=score.pd,
                prediction=int(is_refused),
                decision=name_decision(refused=is_refused),
                threshold=threshold,
                refer_to_person=is_referred,
                request_id=request_id,
                model_version=self._bundle.model_version,
            )
            for applicant, score, is_refused, is_referred in zip(
                applicants, scores, refused, referred, strict=True
            )
        ]


async def reply_whatever_happens(work: Awaitable[Reply], request_id: str) -> Reply:
    """Return the reply that comes of the work, or the one that says why none does."""
    try:
        return await work
    except RequestRejected as rejection:
        return reply_rejection(rejection.http_status, rejection.details)
    except (QueueFull, RunnerUnavailable) as overload:
        return reply_overload(str(overload), overload.http_status)
    except Exception as error:  # noqa: BLE001 -- the edge: the client gets no traceback
        _log_failure(error, request_id)
        return reply_failure(request_id)


def _check_applicants(request: PredictionRequest) -> list[_Checked | InvalidApplicant]:
    checked: list[_Checked | InvalidApplicant] = []
    for position, row in enumerate(request.rows):
        try:
            checked.append(_check(row, request.locate(position)))
        except InvalidApplicant as fault:
            checked.append(fault)
    return checked


def _check(row: object, location: Location) -> _Checked:
    if not isinstance(row, dict) or HISTORY not in row:
        return _Checked(check_applicant(row, location), None)
    block = row.pop(HISTORY)
    cells = check_applicant(row, location)
    if block is None:
        return _Checked(cells, None)
    return _Checked(cells, check_history(block, cells["SK_ID_CURR"], (*location, HISTORY)))


def _put_in_place(
    answers: Sequence[Answer], checked: Sequence[_Checked | InvalidApplicant]
) -> list[Answer | RowRejection]:
    """Return one entry a row of the request: its answer, or why it has none."""
    remaining = iter(answers)
    return [
        RowRejection(detail=row.details) if isinstance(row, InvalidApplicant) else next(remaining)
        for row in checked
    ]


def _log_failure(error: Exception, request_id: str) -> None:
    """Log where it failed; the error's own text stays out, for it may quote an applicant."""
    frames = traceback.extract_tb(error.__traceback__)
    path = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    logger.error("Request %s failed: %s at %s", request_id, type(error).__name__, path)
