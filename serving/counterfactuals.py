"""Searches the terms on which a refused applicant would be approved, beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from credit.contract.encoding import encode_columns
from credit.counterfactual import Counterfactual, find_counterfactual
from credit.features.catalog import HISTORY_FEATURE_NAMES
from serving.case_features import APPLICATION
from serving.coalescer import QueueFull
from serving.row_model import Cell

Predict = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]

MOST_WAITING = 16
"""Requests that may wait; a search takes some hundredths of a second."""

LONGEST_PREDICTION_SECONDS = 15
"""More than the model's process is ever waited for: so long the search's thread may stand still."""


class Counterfactuals:
    """Searches in a thread of its own, one applicant at a time, in the order they came.

    Args:
        predict: The model's process: probabilities, shape (n,), of features, shape (n, features).
    """

    def __init__(self, predict: Predict) -> None:
        self._predict = predict
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counterfactuals")
        self._waiting = 0

    async def find(
        self, cells: Mapping[str, Cell], features: NDArray[np.float32], threshold: float
    ) -> Counterfactual | None:
        """Return the smallest change of the loan's terms that would be approved; None: no such.

        Args:
            cells: The refused application, every column.
            features: What the refusal is based on, shape (features,).
            threshold: At or above it an applicant is refused.

        Raises:
            QueueFull: If too many wait already.
            RunnerUnavailable: If the model does not answer.
        """
        if self._waiting >= MOST_WAITING:
            raise QueueFull(
                f"{self._waiting} searches are waiting; send the request again in a second, or "
                "without counterfactual=true."
            )
        application = encode_columns(APPLICATION, {name: [cell] for name, cell in cells.items()})
        history = features[None, -len(HISTORY_FEATURE_NAMES) :]
        loop = asyncio.get_running_loop()

        def predict(rows: NDArray[np.float32]) -> NDArray[np.float64]:
            asked = asyncio.run_coroutine_threadsafe(self._ask(rows), loop)
            return asked.result(LONGEST_PREDICTION_SECONDS)

        self._waiting += 1
        try:
            return await loop.run_in_executor(
                self._thread, find_counterfactual, application, history, predict, threshold
            )
        finally:
            self._waiting -= 1

    async def _ask(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return await self._predict(rows)
