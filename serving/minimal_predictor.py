"""Answers `POST /predict-minimal`: client, amount and duration in, the decision out."""

from __future__ import annotations

import time
from collections.abc import Iterable

from serving.answers import Reply
from serving.case import RequestFacts
from serving.minimal import Minimal
from serving.predictor import Predictor, reply_whatever_happens
from serving.request import PredictionRequest, parse_threshold

ROUTE = "/predict-minimal"


class MinimalPredictor:
    """Decides on a stored application on other terms.

    Args:
        predictor: Decides.
        minimal: Completes what is asked for.
    """

    def __init__(self, predictor: Predictor, minimal: Minimal) -> None:
        self._predictor = predictor
        self._minimal = minimal

    async def reply(self, body: bytes, query: Iterable[tuple[str, str]], request_id: str) -> Reply:
        """Return the reply to a request; whatever goes wrong, it is a reply."""
        facts = RequestFacts(request_id, ROUTE, time.perf_counter())
        return await reply_whatever_happens(self._reply(body, query, facts), request_id)

    async def _reply(
        self, body: bytes, query: Iterable[tuple[str, str]], facts: RequestFacts
    ) -> Reply:
        threshold = parse_threshold(query)
        request = PredictionRequest([self._minimal.merge(body)], several=False)
        decided = await self._predictor.decide(request, threshold, facts)
        return Reply(200, decided.answers[0])
