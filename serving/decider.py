"""From cases to verdicts: features, model, threshold, a whole batch at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.decision import refer, refuse
from serving.case import Case, Verdict
from serving.case_features import compute_features
from serving.coverage import describe_coverage
from serving.history_store import HistoryStore

Predict = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]


class Decider:
    """Decides on batches of cases.

    Args:
        store: The clients' histories.
        predict: Probabilities of default, shape (n,), of a feature matrix, shape (n, features).
        bundle: Whom a person is to decide on.
    """

    def __init__(self, store: HistoryStore, predict: Predict, bundle: Bundle) -> None:
        self._store = store
        self._predict = predict
        self._bundle = bundle

    async def decide(self, cases: Sequence[Case]) -> list[Verdict]:
        """Return the verdicts, in the order of the cases.

        Args:
            cases: At least one.

        Raises:
            RuntimeError: If the model did not answer with one finite probability a case.
        """
        features, sources = compute_features(cases, self._store)
        pd = await self._predict(features)
        if pd.shape != (len(cases),) or not np.isfinite(pd).all():
            raise RuntimeError(f"{len(cases)} cases got predictions of shape {pd.shape}.")
        thresholds = np.array([case.threshold for case in cases])
        return [
            Verdict(*parts)
            for parts in zip(
                pd.tolist(),
                refuse(pd, thresholds).tolist(),
                refer(pd, self._bundle.refer_from, self._bundle.refer_to).tolist(),
                describe_coverage(features, sources),
                features,
                strict=True,
            )
        ]
