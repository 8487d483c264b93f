"""Answers `POST /explain`: one applicant in, the decision and how it came about out."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from credit.decision import Decision
from serving.answers import AnswerFields, Reply
from serving.case import RequestFacts
from serving.counterfactuals import Counterfactuals
from serving.explained_answer import OtherTerms, describe_other_terms, make_explained_answer
from serving.explainer import Explainer
from serving.predictor import Decided, Predictor, reply_whatever_happens
from serving.rejection import reject
from serving.request import PredictionRequest, parse_body, parse_flag, parse_threshold

ROUTE = "/explain"


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """What the query asks for.

    Attributes:
        threshold: Instead of the model's; None: the model's.
        all_contributions: Whether every feature is listed.
        counterfactual: Whether other terms are searched for a refused applicant.
    """

    threshold: float | None
    all_contributions: bool
    counterfactual: bool


def parse_options(query: Iterable[tuple[str, str]]) -> ExplainOptions:
    """Return what the query asks for.

    Raises:
        RequestRejected: If a parameter is unknown, malformed, or stands there twice.
    """
    flags: dict[str, bool] = {}
    others = []
    for name, text in query:
        if name not in {"all", "counterfactual"}:
            others.append((name, text))
        elif name in flags:
            raise reject(("query", name), "Input should be given once", "too_long")
        else:
            flags[name] = parse_flag(("query", name), text)
    return ExplainOptions(
        threshold=parse_threshold(others),
        all_contributions=flags.get("all", False),
        counterfactual=flags.get("counterfactual", False),
    )


class ExplainedPredictor:
    """Decides on one applicant at a time, and explains the decision.

    Args:
        predictor: Decides.
        explainer: Explains.
        counterfactuals: Searches other terms for the refused.
    """

    def __init__(
        self, predictor: Predictor, explainer: Explainer, counterfactuals: Counterfactuals
    ) -> None:
        self._predictor = predictor
        self._explainer = explainer
        self._counterfactuals = counterfactuals

    async def reply(self, body: bytes, query: Iterable[tuple[str, str]], request_id: str) -> Reply:
        """Return the reply to a request; whatever goes wrong, it is a reply."""
        facts = RequestFacts(request_id, ROUTE, time.perf_counter(), explained=True)
        return await reply_whatever_happens(self._reply(body, query, facts), request_id)

    async def _reply(
        self, body: bytes, query: Iterable[tuple[str, str]], facts: RequestFacts
    ) -> Reply:
        options = parse_options(query)
        request = _require_one_applicant(parse_body(body))
        decided = await self._predictor.decide(request, options.threshold, facts)
        (answer,) = decided.answers
        explanation = await self._explainer.explain(decided.verdicts[0].features)
        other_terms = None
        if options.counterfactual and answer["decision"] is Decision.REFUSED:
            other_terms = await self._search(decided, answer)
        explained = make_explained_answer(
            answer,
            explanation,
            all_contributions=options.all_contributions,
            other_terms=other_terms,
        )
        return Reply(200, explained)

    async def _search(self, decided: Decided, answer: AnswerFields) -> OtherTerms:
        case, verdict = decided.cases[0], decided.verdicts[0]
        found = await self._counterfactuals.find(case.cells, verdict.features, answer["threshold"])
        return describe_other_terms(found)


def _require_one_applicant(request: PredictionRequest) -> PredictionRequest:
    if request.several:
        raise reject(("body", "data"), "Input should be one applicant, not a list", "dict_type")
    return request
