"""From cases to verdicts: features, model, threshold, a whole batch at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.decision import refer, refuse
from credit.reasons import rank_reasons
from serving.assessment import Assessment, pack_question, unpack_answer
from serving.case import Case, Verdict
from serving.case_features import compute_features
from serving.coverage import describe_coverage
from serving.history_store import HistoryStore

Ask = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]


class Decider:
    """Decides on batches of cases.

    Args:
        store: The clients' histories.
        ask: The model's process: answers a packed question (`serving.assessment`).
        bundle: Whom a person is to decide on.
        explain: Whether refusals are explained, and not only those of requests that ask for it. One
            that rests on protected facts is referred to a person then, and so is one of which that
            cannot be told.
    """

    def __init__(
        self, store: HistoryStore, ask: Ask, bundle: Bundle, *, explain: bool = True
    ) -> None:
        self._store = store
        self._ask = ask
        self._bundle = bundle
        self._explain = explain

    async def decide(self, cases: Sequence[Case]) -> list[Verdict]:
        """Return the verdicts, in the order of the cases.

        Args:
            cases: At least one.

        Raises:
            RuntimeError: If the model did not answer with one finite probability a case.
        """
        features, sources = compute_features(cases, self._store)
        thresholds = np.array([case.threshold for case in cases])
        explain_from = thresholds if self._explain else _leave_out_unexplained(cases, thresholds)
        answer = await self._ask(pack_question(features, explain_from))
        assessed = unpack_answer(answer, len(cases))
        refused = refuse(assessed.pd, thresholds)
        verdicts = [
            Verdict(*parts)
            for parts in zip(
                assessed.pd.tolist(),
                refused.tolist(),
                refer(assessed.pd, self._bundle.refer_from, self._bundle.refer_to).tolist(),
                describe_coverage(features, sources),
                features,
                strict=True,
            )
        ]
        _give_reasons(verdicts, refused & ~np.isnan(explain_from), assessed)
        return verdicts


def _leave_out_unexplained(
    cases: Sequence[Case], thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return NaN for those whose request does not ask for an explanation."""
    return np.where([case.request.explained for case in cases], thresholds, np.nan)


def _give_reasons(verdicts: list[Verdict], asked: NDArray[np.bool_], assessed: Assessment) -> None:
    """Put the reasons of refusals into the verdicts; who rests on protected facts is referred."""
    found = np.isfinite(assessed.pushes[:, 0])
    for place in np.flatnonzero(asked & ~found).tolist():
        verdicts[place] = verdicts[place]._replace(referred=True)
    places = np.flatnonzero(asked & found).tolist()
    for place, reasons in zip(places, rank_reasons(assessed.pushes[places]), strict=True):
        verdict = verdicts[place]
        referred = verdict.referred or reasons.rests_on_protected
        verdicts[place] = verdict._replace(reasons=reasons, referred=referred)
