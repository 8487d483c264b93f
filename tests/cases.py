"""Cases as the service makes them of what was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.applicant import check_applicant
from serving.assessment import PUSHES
from serving.case import Case, RequestFacts
from serving.data_quality import describe_quality


def make_case(
    row: dict[str, Any],
    *,
    history: NDArray[np.float32] | None = None,
    threshold: float = 0.5,
    request_id: str = "id-1",
) -> Case:
    cells = check_applicant(row, ())
    facts = RequestFacts(request_id, "/predict", 0.0)
    return Case(cells, history, describe_quality(row, cells), threshold, facts)


def answer_with(
    predict: Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]],
) -> Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]:
    """Return a model's process that predicts so, for no reason at all."""

    async def ask(question: NDArray[np.float32]) -> NDArray[np.float64]:
        pd = await predict(question[:, :-1])
        return np.hstack([pd[:, None], np.zeros((len(pd), PUSHES))])

    return ask
