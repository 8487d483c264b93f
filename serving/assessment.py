"""One call of the model for both: probabilities of default, and what refusals rest on.

A runner of BentoML takes one array and returns one: from which probability on a row is to be
explained travels as a column after the features, and what its refusal rests on comes back after the
probability. A second call for the refused would cost every batch as much as the first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.errors import ExplanationWrong
from credit.reasons import REASONS

PUSHES = len(REASONS) + 1
"""Sums of contributions: a reason each, and the protected ones."""

logger = logging.getLogger("credit.serving")

Predict = Callable[[NDArray[np.float32]], NDArray[np.float64]]
SumByReason = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the model says about some rows.

    Attributes:
        pd: Probabilities of default, shape (n,).
        pushes: Contributions summed by reason (`sum_by_reason`), shape (n, reasons + 1); NaN where
            none was asked for.
    """

    pd: NDArray[np.float64]
    pushes: NDArray[np.float64]


def pack_question(
    features: NDArray[np.float32], explain_from: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return what the model's process is asked, shape (n, features + 1).

    Args:
        features: Shape (n, features).
        explain_from: From which probability on a row is explained, shape (n,); NaN: never.
    """
    # Rounded down, so that no refusal goes unexplained.
    rounded = np.nextafter(explain_from.astype(np.float32), np.float32(0))
    return np.hstack([features, rounded[:, None]])


def unpack_answer(answer: NDArray[np.float64], rows: int) -> Assessment:
    """Return what the model's process answered.

    Raises:
        RuntimeError: If that is not one finite probability a row.
    """
    if answer.shape != (rows, 1 + PUSHES) or not np.isfinite(answer[:, 0]).all():
        raise RuntimeError(f"{rows} rows got an answer of shape {answer.shape}.")
    return Assessment(answer[:, 0], answer[:, 1:])


@dataclass(frozen=True, slots=True)
class Assessor:
    """The model's process's part.

    Attributes:
        predict: Probabilities of default, shape (n,), of features, shape (n, features).
        sum_by_reason: Contributions summed by reason, shape (n, reasons + 1), of the same.
    """

    predict: Predict
    sum_by_reason: SumByReason

    def assess(self, question: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the answer to a packed question, float64 of shape (n, 1 + reasons + 1)."""
        features = np.ascontiguousarray(question[:, :-1])
        answer = np.full((len(question), 1 + PUSHES), np.nan)
        answer[:, 0] = self.predict(features)
        explained = answer[:, 0] >= question[:, -1]
        if explained.any():
            try:
                answer[explained, 1:] = self.sum_by_reason(features[explained])
            except ExplanationWrong as error:  # the decisions are sound, and can be replayed
                logger.error("Refusals are not explained: %s", error)  # noqa: TRY400
        return answer
